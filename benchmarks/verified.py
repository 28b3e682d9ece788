"""A repository → seconds of verify's render phase, or peak memory of `verify`, as JSON; a child process of bench.py."""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from pathlib import Path

from generator.cli import main
from generator.pipeline import verify
from generator.pipeline.run import open_run
from generator.tools.git.opening import open_repository
from generator.tools.helm.binary import find_helm


def render(folder: Path) -> None:
    run = open_run(open_repository(folder))
    helm, releases = find_helm(os.environ), len(run.releases)
    start = time.perf_counter()
    problems, objects = verify.render_objects(run, helm, None, os.cpu_count() or 2, lambda step: None)
    taken = time.perf_counter() - start
    assert not problems, problems[:3]
    print(json.dumps({'seconds': taken, 'objects': objects, 'releases': releases}))


def memory(folder: Path) -> None:
    """Measure this process only, without the memory of helm."""
    sys.argv = ['chartloom', 'verify', '--path', str(folder), '--output', 'json']
    sys.stdout = open(os.devnull, 'w')  # noqa: SIM115
    try:
        main()
    except SystemExit as done:
        if done.code:
            raise
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({'mib': peak}), file=sys.__stdout__)


if __name__ == '__main__':
    {'render': render, 'memory': memory}[sys.argv[1]](Path(sys.argv[2]))
