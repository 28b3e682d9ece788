"""git: reading, committing, and changing the work tree in one transaction."""
