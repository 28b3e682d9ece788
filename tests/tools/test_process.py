"""process.py with real commands."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from generator.domain.problems import CommandFailed
from generator.tools.process import Completed, in_batches, in_parallel, mask, run

PYTHON = sys.executable


def test_output_comes_as_bytes_and_words() -> None:
    code = r"import sys; sys.stdout.buffer.write(b'\x00\xff'); sys.stderr.write('caf\u00e9'); sys.exit(3)"
    assert run([PYTHON, '-X', 'utf8', '-c', code], ok={3}) == Completed(b'\x00\xff', 'café', 3)


def test_input_folder_and_environment_are_what_was_given(tmp_path: Path) -> None:
    code = 'import os, sys; print(sys.stdin.read(), os.getcwd(), os.environ["A"], "HOME" in os.environ)'
    done = run([PYTHON, '-c', code], cwd=tmp_path, env={'A': 'b'}, input=b'in')
    assert done.stdout.decode().split() == ['in', str(tmp_path.resolve()), 'b', 'False']


def test_without_input_there_is_nothing_to_wait_for() -> None:
    assert run(['cat']).stdout == b''


def test_a_failure_carries_everything() -> None:
    with pytest.raises(CommandFailed) as failed:
        run(['sh', '-c', 'echo out; echo err >&2; exit 4'])
    assert failed.value.command == ('sh', '-c', 'echo out; echo err >&2; exit 4')
    assert (failed.value.code, failed.value.stdout, failed.value.stderr) == (4, 'out\n', 'err\n')


def test_a_signal_is_a_negative_code() -> None:
    assert run(['sh', '-c', 'kill -9 $$'], ok={-9}).code == -9


def test_commands_that_cannot_start_say_why(tmp_path: Path) -> None:
    script = tmp_path / 'script'
    script.write_text('not a program')
    assert failure(['no-such-program']) == (
        127,
        "'no-such-program' not found on PATH: install it, or add its folder to PATH",
    )
    assert failure([str(script)]) == (126, f"'{script}' cannot be run: Permission denied")
    gone = tmp_path / 'gone'
    assert failure(['true'], gone) == (127, f"'true' cannot be run: folder '{gone}' not found")


def failure(command: Sequence[str], cwd: Path | None = None) -> tuple[int, str]:
    with pytest.raises(CommandFailed) as failed:
        run(command, cwd=cwd)
    return failed.value.code, failed.value.stderr


def test_credentials_in_urls_are_masked_wherever_they_stand() -> None:
    url = 'https://bot:t0ken@example.com/a.git'
    with pytest.raises(CommandFailed) as failed:
        run(['sh', '-c', f'echo {url}; echo {url} >&2; exit 1', url])
    assert 't0ken' not in str(failed.value)
    assert 'bot' not in str(failed.value)
    assert failed.value.stderr == 'https://***@example.com/a.git\n'


@pytest.mark.parametrize(
    ('text', 'masked'),
    [
        ('GET https://h/x?private_token=abc&ref=main', 'GET https://h/x?private_token=***&ref=main'),
        ("'http://h:9/?X-Amz-Signature=abc'", "'http://h:9/?X-Amz-Signature=***'"),
        ('https://t0ken@example.com/a', 'https://***@example.com/a'),
        ('oci://a:b@c@example.com/a', 'oci://***@example.com/a'),
        ('ssh://git@example.com/a and https://a:b@c', 'ssh://git@example.com/a and https://***@c'),
        ('https://example.com/a@b', 'https://example.com/a@b'),
    ],
)
def test_mask(text: str, masked: str) -> None:
    assert mask(text) == masked


@pytest.mark.parametrize(
    ('count', 'most', 'jobs', 'sizes'),
    [
        (0, 200, 2, []),
        (1, 200, 2, [1]),
        (30, 200, 2, [15, 15]),
        (200, 200, 2, [100, 100]),
        (1000, 200, 2, [200] * 5),
        (401, 200, 2, [134, 134, 133]),
    ],
)
def test_batches_are_even_and_keep_all_jobs_busy(count: int, most: int, jobs: int, sizes: list[int]) -> None:
    batches = in_batches(range(count), most=most, jobs=jobs)
    assert [len(batch) for batch in batches] == sizes
    assert [item for batch in batches for item in batch] == list(range(count))


def test_results_keep_their_order_and_only_bad_items_are_done_alone() -> None:
    alone: list[int] = []

    def together(batch: Sequence[int]) -> list[int] | None:
        return None if 37 in batch else [-item for item in batch]

    def single(item: int) -> int:
        alone.append(item)
        return -item

    done: list[int] = []
    results = in_parallel(in_batches(range(100), most=25, jobs=2), together, single, jobs=2, progress=done.append)
    assert list(results) == [-item for item in range(100)]
    assert done == [25, 25, 25, 25]
    assert 37 in alone
    assert len(alone) <= 4


def test_work_runs_only_a_little_ahead_of_its_reader() -> None:
    started: list[int] = []

    def together(batch: Sequence[int]) -> Sequence[int]:
        started.append(batch[0])
        return batch

    results = in_parallel(in_batches(range(100), most=2, jobs=2), together, int, jobs=2)
    assert [next(results), next(results)] == [0, 1]
    assert len(started) <= 3
    results.close()  # type: ignore[attr-defined]
    assert len(started) <= 3


def test_an_error_in_a_batch_reaches_the_reader() -> None:
    def together(batch: Sequence[int]) -> list[int]:
        raise CommandFailed(('helm',), 127, '', 'gone')

    with pytest.raises(CommandFailed):
        list(in_parallel(in_batches(range(100), most=10, jobs=2), together, int, jobs=2))
