"""Desired tree − current tree → plan: changes, hand edits, warnings and the commit message."""
