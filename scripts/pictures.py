#!/usr/bin/env python3
"""The scripted history of the example → docs/review.png and docs/board.png: the pages as Chromium shows them.

`make pictures` runs it. It needs Chromium and helm, and takes a minute. The content is that of a real repository: the
history up to the day when all that may move goes to prod. The change that is reviewed is one of it, and a file has been
edited by hand.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from history import STEPS, write_history
from history_edits import Edit, git, replaced

ROOT = Path(__file__).resolve().parents[1]
LAST = 'all that may move'
AT = '2025-12-25T12:00:00Z'  # half a day later, while the lock of the shop holds
REVIEWED = 'reviewed'  # a tag
_SUBJECT = 'Promote prod/product-recommender: '
WIDTH = 1280


@dataclass(frozen=True, slots=True)
class Picture:
    """A command whose page is shown, and how much of it; edits of files come before."""

    name: str
    command: tuple[str, ...]
    height: int
    edits: tuple[Edit, ...] = ()


PICTURES = (
    Picture('review', ('review', f'{REVIEWED}~1', REVIEWED, '--form', 'html'), 1100),
    Picture(
        'board', ('board', '--form', 'html', '--at', AT), 1110,
        (replaced('values/prod/speech-recognizer.yaml', 'maxReplicas: 12', 'maxReplicas: 16'),),
    ),
)  # fmt: skip


def main() -> int:
    chromium = next(filter(None, map(shutil.which, ('chromium', 'chromium-browser', 'google-chrome'))), None)
    if not chromium:
        print('pictures: Chromium not found: install chromium', file=sys.stderr)
        return 3
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary) / 'repository'
        titles = [step.title for step in STEPS]
        write_history(folder, steps=STEPS[: titles.index(LAST) + 1])
        git(folder, 'tag', REVIEWED, git(folder, 'rev-list', '-1', f'--grep=^{_SUBJECT}', 'HEAD').strip())
        pages = {}
        for picture in PICTURES:
            for edit in picture.edits:
                edit(folder)
            pages[picture] = Path(temporary) / f'{picture.name}.html'
            pages[picture].write_bytes(_printed(folder, picture.command))
        _take(chromium, pages)
    return 0


def _printed(folder: Path, command: tuple[str, ...]) -> bytes:
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    done = subprocess.run(
        [sys.executable, '-m', 'generator', *command], cwd=folder, env=environment, stdout=subprocess.PIPE, check=True
    )
    return done.stdout


def _take(chromium: str, pages: dict[Picture, Path]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=['--no-sandbox', '--disable-gpu'])
        for picture, page in pages.items():
            tab = browser.new_page(viewport={'width': WIDTH, 'height': picture.height}, color_scheme='light')
            tab.goto(page.as_uri())
            target = ROOT / 'docs' / f'{picture.name}.png'
            tab.screenshot(path=target)
            print(f'{target.relative_to(ROOT)}: {target.stat().st_size:,} bytes')
        browser.close()


if __name__ == '__main__':
    sys.exit(main())
