"""git: read, written, and a work tree changed as one transaction."""
