#!/usr/bin/env python3
"""Writers on one branch of a git server over HTTP → seconds of each, lost and repeated operations.

Run it with the project's Python: .venv/bin/python benchmarks/writers.py [WRITERS]
"""

from __future__ import annotations

import os
import resource
import statistics
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / 'tests')]


def main(writers: int) -> None:
    from parts import GitOverHttp, git
    from writers import check, operations, repository, run_together

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        _identity(folder)
        models = writers // 2
        here = repository(folder / 'first', models)
        origin = folder / 'served' / 'origin.git'
        git(folder, 'clone', '--quiet', '--bare', str(here.top), str(origin))
        for key in ('http.receivepack', 'uploadpack.allowFilter', 'uploadpack.allowAnySHA1InWant'):
            git(origin, 'config', key, 'true')
        with GitOverHttp(origin.parent, 'bot', 'word') as server:
            url = f'http://bot:word@127.0.0.1:{server.server_port}/origin.git'
            began, before = time.monotonic(), resource.getrusage(resource.RUSAGE_CHILDREN)
            done = run_together(folder, url, operations(models), '--wait', '600')
            took, after = time.monotonic() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
        for each in done:
            if each.code:
                print(each.code, ' '.join(each.arguments), each.said, file=sys.stderr)
        check(origin, folder / 'check', here.head(), operations(models))
    seconds = sorted(each.seconds for each in done)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    p95 = seconds[int(len(seconds) * 0.95) - 1]
    print(
        f'{len(done)} writers in {took:.1f} s: p50 {statistics.median(seconds):.1f} s, p95 {p95:.1f} s, cpu {cpu:.1f} s'
    )


def _identity(folder: Path) -> None:
    """Use an identity of git's own, and no settings of the user."""
    settings = folder / 'gitconfig'
    settings.write_text('[user]\n\tname = Bot\n\temail = bot@example.com\n[init]\n\tdefaultBranch = main\n')
    os.environ.update({'GIT_CONFIG_GLOBAL': str(settings), 'GIT_CONFIG_NOSYSTEM': '1', 'HOME': str(folder)})


if __name__ == '__main__':
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 50)
