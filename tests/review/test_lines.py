"""The line of a registry file that a risk is shown at."""

from __future__ import annotations

import pytest

from generator.documents.read import yaml_marks
from generator.review.lines import changed_lines, likely_line, nearest_line

TEXT = b"""\
spec:
  version: "1"
  values:
    resources:
      requests: {cpu: 1, memory: 2Gi}
      limits:
        memory: 2Gi
    autoscaling:
      minReplicas: 2
"""
MARKS = yaml_marks(TEXT, 'web.yaml')


@pytest.mark.parametrize(
    ('old', 'new', 'lines'),
    [
        ('a\nb\nc', 'a\nx\nc', [2]), ('a\nb', 'x\na\nb\ny', [1, 4]), ('a\nb\nc', 'a\nb', [2]), ('a', '', [1]),
        ('', 'a', [1]), ('a\nb', 'b\na', [1]),
    ],
)  # fmt: skip
def test_the_lines_that_differ(old: str, new: str, lines: list[int]) -> None:
    assert changed_lines(old.encode(), new.encode()) == lines


@pytest.mark.parametrize(
    ('field', 'changed', 'line'),
    [
        ('spec.template.spec.containers[server].resources.limits.memory', [2, 5, 7, 9], 7),
        ('spec.template.spec.containers[server].resources.limits.memory', [2, 5, 9], 5),
        ('spec.minReplicas', [2, 5, 7, 9], 9),
        ('at their fewest', [5, 7], 5),
        ('', [7], 7),
    ],
)
def test_the_line_of_a_field_of_an_object(field: str, changed: list[int], line: int) -> None:
    assert likely_line(field, MARKS, changed) == line


@pytest.mark.parametrize(
    ('place', 'line'),
    [('$.spec.version', 2), ('$.spec.values.resources.limits.cpu', 7), ('$.spec.route[0]', 2), ('', 1), ('x', 1)],
)
def test_the_line_of_a_place_in_the_file(place: str, line: int) -> None:
    assert nearest_line(place, MARKS) == line
