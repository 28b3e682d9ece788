"""A file is written in place of whatever has its name, and through no link that a request may have put there."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from generator.domain.problems import ProblemsFound
from generator.tools.write import write_new, write_whole


def test_the_temporary_file_is_no_link(tmp_path: Path) -> None:
    victim, target = tmp_path / 'victim', tmp_path / 'body.md'
    victim.write_text('mine')
    (tmp_path / f'.body.md.{os.getpid()}').symlink_to(victim)
    write_whole(target, b'report')
    assert (victim.read_text(), target.read_bytes(), target.is_symlink()) == ('mine', b'report', False)
    assert sorted(each.name for each in tmp_path.iterdir()) == ['body.md', 'victim']


def test_a_new_file_replaces_a_link(tmp_path: Path) -> None:
    victim, place = tmp_path / 'victim', tmp_path / 'place'
    victim.write_text('mine')
    place.symlink_to(victim)
    write_new(place, b'new')
    assert (victim.read_text(), place.read_bytes(), place.is_symlink()) == ('mine', b'new', False)


def test_a_link_of_a_work_tree_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'tree/.git').mkdir(parents=True)
    (tmp_path / 'tree/out').symlink_to(tmp_path)
    with pytest.raises(ProblemsFound, match='expected no link'):
        write_whole(tmp_path / 'tree/out/file', b'')
