"""A run and its plan → why each release changes: it moves to another chart, its chart gets other files, or its values
differ."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from generator.documents.nulls import read_with_nulls
from generator.domain.generated import Plan
from generator.domain.layout import DELIVERY, release_of, rollout_file, values_file
from generator.domain.tree import LINK
from generator.domain.values import Values
from generator.pipeline.run import Run
from generator.plan.chart_moves import chart_moves
from generator.plan.readers import chart_reasons
from generator.plan.value_moves import value_moves

# A change of an environment reaches all its releases; the request shows the others.
_MOST = 50


def release_reasons(run: Run, plan: Plan, *, head: bool = False) -> dict[str, str]:
    """Explain the releases of a plan that was made for the work tree, or for HEAD; releases without reason get another
    delivery object only."""
    if not plan.changes:
        return {}
    delivered = _texts(run, [path for path in plan.files if path.startswith(f'{DELIVERY}/')], head)
    moves = chart_moves(plan.files, delivered, run.ledger_of)
    rollouts = dict(_rollouts(run, sorted({release_of(change.path) for change in plan.changes} - {''})))
    moves = {name: text for name, text in moves.items() if name not in rollouts}
    reasons = {**rollouts, **chart_reasons(plan, run.registry, run.ledger_of), **moves}
    others = sorted({release_of(change.path) for change in plan.changes} - {'', *reasons})[:_MOST]
    return {**value_moves(plan.files, _texts(run, map(values_file, others), head), others), **reasons}


def _texts(run: Run, paths: Iterable[str], head: bool) -> dict[str, bytes]:
    """What the work tree or HEAD has at these paths; links are left out."""
    ids = run.source.tree.held if head else run.source.tree.ids
    found = {path: ids[path] for path in paths if ids.get(path, LINK) != LINK}
    blobs = run.repository.read(found.values()) if head else {}
    return {path: blobs[blob] if head else run.source.read(path) for path, blob in found.items()}


def _rollouts(run: Run, releases: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Describe the rollouts of changed releases: they move to another chart, but the pin moves at the end only."""
    ids, held = run.source.tree.ids, run.source.tree.held
    for name in releases:
        file, release = rollout_file(name), run.registry.releases.get(name)
        if file in ids and name in run.registry.rollouts:
            spec, aborted = run.registry.rollouts[name].spec, run.registry.rollouts[name].aborted
            what = 'aborted rollout' if aborted else 'rollout'
            yield name, f'{what} of {_pin(spec["to"])}, the pin stays {_pin(spec["from"])}'
        elif file in held and file not in ids and release:
            spec = read_with_nulls(run.repository.read([held[file]])[held[file]], file)[0]['spec']
            stays = release.chart == spec['from']['chart']
            pin = f'stays {_pin(spec["from"])}' if stays else f'moves from {_pin(spec["from"])}'
            yield name, f'the rollout of {_pin(spec["to"])} ends, the pin {pin}'


def _pin(spec: Values) -> str:
    return f'{spec["version"]} (chart {spec["chart"]})'
