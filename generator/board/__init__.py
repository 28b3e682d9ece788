"""Every release → what it runs, how far it is behind, what stops it and where it differs: the board."""
