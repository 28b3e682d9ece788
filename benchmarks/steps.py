"""A repository → its desired tree and one commit of it, each timed inside one process; run as a child of bench.py.

Prints the seconds as JSON and leaves the very stream that git got, for `git fast-import` to be timed alone.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

from generator.commit import _stream, build_commit
from generator.pipeline import Run
from generator.repository import open_repository


def main(folder: Path, stream: Path) -> None:
    start = time.perf_counter()
    repository = open_repository(folder)
    run = Run(repository)
    files = run.files
    made = time.perf_counter()
    build_commit(repository, run.source.head, files, 'Benchmark', sign=False)
    committed = time.perf_counter()
    with stream.open('wb') as out:
        out.writelines(_stream(repository, 'refs/heads/benchmark', run.source.head, files))
    taken = {'tree': made - start, 'commit': committed - made}
    print(json.dumps({**taken, 'files': len(files), 'bytes': sum(map(len, files.values()))}))


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2]))
