"""A text → the kind of credential in it, by format alone, and the same text without credentials."""

from __future__ import annotations

import re
from functools import cache

HIDDEN = '…'

# The kind, the text that it starts with (which makes the search fast), and the pattern of the rest.
_FORMS = (
    ('a private key', '-----BEGIN ', r'[A-Z0-9 ]*PRIVATE KEY'),
    ('an AWS access key', 'AKIA', r'(?<!\wAKIA)[0-9A-Z]{16}\b'),
    ('an AWS access key', 'ASIA', r'(?<!\wASIA)[0-9A-Z]{16}\b'),
    ('a GitHub token', 'gh', r'[pousr]_[A-Za-z0-9]{36,}'),
    ('a GitHub token', 'github_pat_', r'[A-Za-z0-9_]{40,}'),
    ('a GitLab token', 'glpat-', r'[A-Za-z0-9_-]{20,}'),
    ('a Slack token', 'xox', r'[abeprs]-[A-Za-z0-9-]{10,}'),
    ('the address of a Slack hook', 'hooks.slack.com/services/', r'T[A-Z0-9]+/B[A-Z0-9]+/'),
    ('a Hugging Face token', 'hf_', r'(?<!\whf_)[A-Za-z0-9]{30,}'),
    ('an API key', 'sk-', r'(?<![\w.-]sk-)(?=[A-Za-z_-]*[0-9])(?=[a-z0-9_-]*[A-Z])[A-Za-z0-9_-]{32,}'),
    ('an API key', 'AIza', r'(?<!\wAIza)[0-9A-Za-z_-]{35}'),
    ('an API key', 'k_live_', r'(?<=[rs]k_live_)[A-Za-z0-9]{16,}'),
    ('an account key', 'AccountKey=', r'[A-Za-z0-9+/]{40,}'),
    ('a signed token', 'eyJ', r'(?<!\weyJ)[A-Za-z0-9_-]{8,1000}\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}'),
    ('a signed address', '-Signature=', r'[A-Za-z0-9%+/]{16,}'),
    ('a signed address', 'sig=', r'(?<=[?&]sig=)[A-Za-z0-9%+/]{16,}'),
    ('a password in an address', '://', r'[^/\s:@]*:(?![$<{%*])[^/\s@]+@'),
    ('a bearer token', 'earer ', r'(?=[A-Za-z._~+/-]*[0-9])[A-Za-z0-9._~+/-]{16,}=*'),
)
_KNOWN = tuple((what, begin, re.compile(re.escape(begin) + rest)) for what, begin, rest in _FORMS)
# The rest of a credential, if its pattern matches only its start.
_REST = r'[^\s"\'`]*'
_KEY = r'-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?s:.*?)(?:-----END[A-Z0-9 ]*(?:-----)?|\Z)'


def token(text: str) -> str:
    """Return the kind of credential in a text, or ''."""
    return next((what for what, begin, form in _KNOWN if begin in text and form.search(text)), '')


def veil(text: str) -> str:
    """Return a text with its credentials hidden: more people read the output of CI than the repository."""
    for _, begin, form in _KNOWN:
        if begin in text:
            text = _whole(form.pattern).sub(HIDDEN, text)
    return text


@cache
def _whole(pattern: str) -> re.Pattern[str]:
    return re.compile(_KEY if 'PRIVATE' in pattern else pattern + _REST)
