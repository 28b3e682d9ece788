"""The names of what may stop a release on its way to another version; programs read them as the rule of a problem."""

from __future__ import annotations

from typing import Literal, get_args

Rule = Literal['locked', 'frozen', 'withdrawn', 'promotion', 'soak', 'metrics', 'together']
RULES: tuple[Rule, ...] = get_args(Rule)
