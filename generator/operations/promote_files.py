"""A promotion → its files: a pin that moves, a rollout that starts, or a release that is new; and its values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from generator.documents.write import dump_yaml
from generator.domain.choices import by_commits, engine_title
from generator.domain.generated import ResolvedRelease
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.records import Release
from generator.domain.strategy import Rolling
from generator.domain.tree import Files
from generator.operations.carried import with_values
from generator.operations.promotion import Promotion
from generator.operations.rollout_starting import check_room, start_of
from generator.operations.rollout_state import resolve_alone
from generator.operations.rollout_steps import Pin, move_pin
from generator.pipeline.run import Run
from generator.plan.stops import frozen, ground_of
from generator.strategies.controller_picture import course_lines

_HEAD = '# yaml-language-server: $schema=../../schemas/release.json\n'


def moved(promotion: Promotion, allow_frozen: str) -> Release:
    """The release with its new pin."""
    kept = {key: value for key, value in promotion.release.spec.items() if key != 'rollback'}
    reason = {'allowFrozen': allow_frozen} if allow_frozen else {}
    return replace(promotion.release, spec={**kept, **promotion.to.spec, **reason})


def made(run: Run, promotion: Promotion, allow_frozen: str) -> Promotion:
    """The promotion with its files; where commits move the traffic it starts the rollout."""
    release, to = promotion.release, promotion.to
    if not promotion.moves:
        return _with_values(promotion, {release.file: run.source.read(release.file)})
    reason = allow_frozen if frozen(ground_of(run.registry, release), run.clock) else ''
    promotion = replace(promotion, reason=reason)
    if not promotion.before.chart:
        return _with_values(promotion, _first(run, release, to, reason))
    environment = run.registry.environments[release.environment]
    found = resolve_alone(run, moved(promotion, ''))
    promotion = replace(promotion, way=tuple(_way(run, found, promotion)))
    if isinstance(found.strategy, Rolling) or not by_commits(release.engine(environment)):
        return _with_values(promotion, move_pin(release, to, run.source.read, allow_frozen=reason))
    if promotion.carried:
        raise ProblemsFound([_values_in_rollout(promotion)])
    began = start_of(run, release.name, to.version, to.chart, reason)
    check_room(run, release.name, began)
    return replace(promotion, files=began.files, stage=began.stage)


def _way(run: Run, found: ResolvedRelease, promotion: Promotion) -> Iterator[str]:
    """What the move does to pods and requests; the course of a rollout in git is in its file."""
    if not isinstance(found.strategy, Rolling):
        if steps := list(course_lines(found)):
            yield f'{engine_title(found.release.engine(found.environment))} moves the traffic:'
            yield from steps
        return
    ledger = run.charts[found.release.model].ledger
    charts = [entry.version for entry in ledger]
    if {promotion.before.chart, promotion.to.chart} <= {*charts}:
        start, end = sorted((charts.index(promotion.before.chart), charts.index(promotion.to.chart)))
        happens = {entry.pods for entry in ledger[start + 1 : end + 1]}
        yield next((words for pods, words in _PODS.items() if pods in happens), 'its pods are replaced')


_PODS = {
    'recreate': 'all its pods end before new ones start',
    'restart': 'its pods are replaced one after the other',
    'none': 'none of its pods restarts',
}


def _values_in_rollout(promotion: Promotion) -> Problem:
    release = promotion.release
    keys = ', '.join(each.key for each in promotion.carried[:5])
    message = f'its rollout starts, and new values would reach the old version at once: {keys}'
    again = f"'chartloom promote {release.model} --to {release.environment} --values'"
    hint = f'run it without --values, and when the rollout has ended, {again}'
    return Problem(release.file, '$.spec.values', message, hint, 'promotion')


def _with_values(promotion: Promotion, files: Mapping[str, bytes | None]) -> Promotion:
    file = promotion.release.file
    data = with_values(files[file] or b'', file, promotion.carried)
    return replace(promotion, files={**files, file: data})


def _first(run: Run, release: Release, to: Pin, reason: str) -> Files:
    """The file of a release that does not exist yet, or that has no pin."""
    if release.name in run.registry.releases:
        return move_pin(release, to, run.source.read, allow_frozen=reason)
    spec = {**to.spec, **({'allowFrozen': reason} if reason else {})}
    document = {'apiVersion': 'chartloom/v1', 'kind': 'Release', 'metadata': {'name': release.model}, 'spec': spec}
    return {release.file: (_HEAD + dump_yaml(document)).encode()}
