"""Desired tree − current tree: changes, hand edits, what moves, the commit message."""
