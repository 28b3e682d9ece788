"""Registry files → Registry."""
