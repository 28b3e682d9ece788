"""People's files → Registry."""
