"""Labelled changes that cannot be reviewed beside others: the whole repository could not be generated."""

from __future__ import annotations

from dataclasses import replace

from review_bases import LLM_ROOM
from review_cases_ways import WITHDRAWN
from review_corpus import Case, danger, to, values

ALONE: dict[str, Case] = {
    'llm: more pods than GPUs': danger(LLM_ROOM, values('replicaCount', value=5), 'capacity'),
    'llm: larger pods than there are GPUs for': danger(
        LLM_ROOM, values('resources', 'limits', 'nvidia.com/gpu', value='2'), 'capacity', 'other-devices', 'restart'
    ),
    'withdrawn, and back': replace(danger(WITHDRAWN, to('2', '1.1.0'), 'gate'), refused=True),
}  # fmt: skip
