"""The repository's own documents: README, CODEOWNERS, .gitattributes with marked blocks, and the editor's schemas."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache

from generator.delivery.bootstrap import bootstrap_command
from generator.documents.jinja import render_document
from generator.domain.records import Registry, Templates, Tree

DOCUMENTS = ('README.md', 'CODEOWNERS', '.gitattributes')
SCHEMAS = 'registry/schemas'
# The first mark seals the block: its second part may hold a digest.
_MARKS = {'README.md': (('<!-- chartloom: begin', ' -->'), '<!-- chartloom: end -->')}
_HASH_MARKS = (('# chartloom: begin', ''), '# chartloom: end')
_ATTRIBUTES = """\
# Bytes are compared and hashed: git must not change their line ends.
charts/** -text linguist-generated
values/** -text
delivery/** -text
bootstrap/** -text
registry/schemas/** -text linguist-generated
"""


def render(registry: Registry, templates: Templates, current: Tree, prefix: str = '') -> dict[str, bytes]:
    """The documents with their blocks renewed; the team's own text around a block stays as it is in `current`.

    `prefix` is the folder of the repository that all of it stands in, '' or ending in '/'.
    """
    environments = [registry.environments[name] for name in sorted(registry.environments)]
    readme = render_document(
        templates.documents['README.md.j2'],
        settings=registry.settings,
        environments=environments,
        commands={environment.name: bootstrap_command(environment) for environment in environments},
    )
    blocks = {'README.md': readme, 'CODEOWNERS': _owners(registry, prefix), '.gitattributes': _ATTRIBUTES}
    # A block that has nothing to say any more is emptied, but no file is begun for one.
    wanted = {name: block for name, block in blocks.items() if block or name in current}
    begun = {'README.md': f'# {_name(registry.settings.url)}\n'.encode(), **current}
    files = {name: _with_block(name, begun.get(name, b''), block) for name, block in wanted.items()}
    return files | {f'{SCHEMAS}/{name}': sealed_json(data) for name, data in templates.schemas.items()}


def _name(url: str) -> str:
    """What people call a repository: the last part of its address."""
    return re.split('[/:]', url.rstrip('/').removesuffix('.git'))[-1]


def _owners(registry: Registry, prefix: str) -> str:
    owners = registry.settings.spec.get('owners', {})
    lines = ''.join(f'{_pattern(path, prefix)} {" ".join(names)}\n' for path, names in owners.items())
    elsewhere = '# Read only at the top of the repository: copy these lines into the file there.\n'
    return f'{elsewhere}{lines}' if lines and prefix else lines


def _pattern(path: str, prefix: str) -> str:
    """From the root, and with spaces escaped, as CODEOWNERS wants it; one that stands anywhere stays in our folder."""
    rooted = f'/{prefix}{path.lstrip("/")}' if prefix or not path.startswith('*') else path
    return rooted.replace(' ', '\\ ')


def _with_block(name: str, current: bytes, block: str) -> bytes:
    (begin, rest), end = _MARKS.get(name, _HASH_MARKS)
    text = current.decode('utf-8', 'surrogateescape')
    marked = f'{begin} sha256:{_digest(block)}{rest}\n{block}{end}\n' if block else ''
    if found := _pair(name).search(text):
        text = text[: found.start()] + marked + text[found.end() :]
    elif block:
        text = f'{text.rstrip()}\n\n{marked}' if text else marked
    return text.encode('utf-8', 'surrogateescape')


def is_edited(name: str, current: bytes) -> bool:
    """Whether a person has changed something within the marked block of a document."""
    found = _pair(name).search(current.decode('utf-8', 'surrogateescape'))
    return found is not None and found['seal'] is not None and found['seal'] != _digest(found['block'])


def _digest(block: str) -> str:
    return hashlib.sha256(block.replace('\r\n', '\n').encode('utf-8', 'surrogateescape')).hexdigest()


@lru_cache(maxsize=4)
def _pair(name: str) -> re.Pattern[str]:
    """From a mark that has its line for itself to the next one that closes it.

    A mark that has lost its partner, or is only spoken of, must not swallow the team's own text.
    """
    (begin, rest), end = _MARKS.get(name, _HASH_MARKS)
    line_end = r'[ \t]*(?:\r?\n|\Z)'
    first, again = (
        rf'^{re.escape(begin)}(?: sha256:{digest})?{re.escape(rest)}{line_end}'
        for digest in ('(?P<seal>[0-9a-f]{64})', '[0-9a-f]{64}')
    )
    return re.compile(
        rf'{first}(?P<block>(?:(?!{again}).)*?)^{re.escape(end)}{line_end}', re.DOTALL | re.MULTILINE
    )  # fmt: skip


def sealed_json(data: bytes) -> bytes:
    """A schema with the seal as its `$comment`, for JSON has no other; one that stands on one line is written out."""
    if not data.startswith(b'{\n'):
        data = json.dumps(json.loads(data), indent=2, ensure_ascii=False).encode() + b'\n'
    body = data.removeprefix(b'{\n')
    digest = hashlib.sha256(body).hexdigest()
    return f'{{\n  "$comment": "Generated by chartloom. Do not edit. chartloom sha256:{digest}",\n'.encode() + body
