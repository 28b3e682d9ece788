"""Measure chartloom on a generated registry, and print a Markdown table of ratios and seconds with their bounds.

`make bench`, or with options: `make bench ARGS='--models 200 --only one'`. The exit code is 1 if a bound is exceeded.
The two sides of a ratio are measured alternately in one run; seconds depend on the machine. The operations have a
repository of 10,000 models, whatever --models says: to generate it takes minutes, and 2 GB of memory.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
from pathlib import Path

import cases
import operations
import pages
from measure import Row, speed, table

CASES = {
    'help': cases.help_,
    'commit': cases.commit,
    'rerun': cases.rerun,
    'one': cases.one,
    'verify': cases.verify,
    'bumps': cases.bumps,
    'review': cases.review,
    'review-page': pages.review_page,
    'board-page': pages.board_page,
    'agent': cases.agent,
    'loop': cases.loop,
    'bump': operations.bump,
    'remote': operations.remote,
    'promotion': operations.promotion,
}
OWN_HELM = Path(__file__).resolve().parents[1] / '.tools/helm-4.3.1/helm'


def main() -> int:
    options = _options()
    folder = Path(tempfile.mkdtemp(prefix='chartloom-bench-'))
    # As for a user, Python caches bytecode: compiling all modules again would take half of the time of a short command.
    os.environ.pop('PYTHONDONTWRITEBYTECODE', None)
    helm = os.environ['HELM'] = os.environ.get('HELM') or shutil.which('helm') or str(OWN_HELM)
    lab = cases.Laboratory(folder, options.models, helm)
    rows: list[Row] = []
    try:
        for name in options.only or CASES:
            print(f'{name} …', file=sys.stderr, flush=True)
            rows += CASES[name](lab)
    finally:
        if options.keep:
            print(f'kept: {folder}', file=sys.stderr)
        else:
            shutil.rmtree(folder)
    print(f'{os.cpu_count()} cores, Python {platform.python_version()}, {options.models:,} models; {speed()}\n')
    print(table(rows))
    return 0 if all(row.passed for row in rows) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument('--models', type=int, default=1000, help='size of the registry (default: 1000)')
    parser.add_argument('--only', choices=CASES, action='append', help='measure only this case; may be repeated')
    parser.add_argument('--keep', action='store_true', help='keep the repositories')
    return parser.parse_args()


if __name__ == '__main__':
    sys.exit(main())
