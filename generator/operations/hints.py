"""Hints that several operations give."""

from __future__ import annotations

from typing import Final

# For other changes in the work tree, of a command that may not wait until they are committed.
SET_ASIDE: Final = "set it aside with 'git stash -u', or use --repo URL"
