"""A repository → seconds for its desired tree and for the commit of it, as JSON; a child process of bench.py.

It also writes the same files as an input stream for `git fast-import`, which bench.py measures separately.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from generator.pipeline.run import open_run
from generator.tools.git.build import build_commit
from generator.tools.git.opening import open_repository


def main(folder: Path, stream: Path) -> None:
    start = time.perf_counter()
    run = open_run(open_repository(folder), shards=True)  # as `generate` does
    files = run.files
    made = time.perf_counter()
    build_commit(run.repository, run.source.head, files, 'Benchmark', sign=False)
    committed = time.perf_counter()
    with stream.open('wb') as out:
        out.writelines(_plain_stream(run.source.head, files))
    taken = {'tree': made - start, 'commit': committed - made}
    print(json.dumps({**taken, 'files': len(files), 'bytes': sum(map(len, files.values()))}))


def _plain_stream(parent: str, files: Mapping[str, bytes]) -> Iterator[bytes]:
    """The files one after the other, in the format of `git fast-import`."""
    yield b'commit refs/heads/benchmark\ncommitter benchmark <> 0 +0000\ndata 0\nfrom %b\n' % parent.encode()
    for path, data in sorted(files.items()):
        yield b'M 100644 inline %b\ndata %d\n%b\n' % (path.encode(), len(data), data)
    yield b'done\n'


if __name__ == '__main__':
    main(Path(sys.argv[1]), Path(sys.argv[2]))
