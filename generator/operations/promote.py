"""Models and an environment → their pins from the environment before: model and chart version, in one commit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.documents.write import dump_yaml
from generator.domain.choices import by_commits
from generator.domain.layout import APPLICATIONS, ENVIRONMENTS, MODELS, release_file
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Environment, Registry, Release
from generator.domain.strategy import Rolling
from generator.domain.tree import Files
from generator.domain.words import quoted, some, suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout import check_room, first_note, start_of
from generator.operations.rollout_state import resolve_alone
from generator.operations.rollout_steps import Pin, move_pin
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.stops import frozen, frozen_note, ground_of, stops
from generator.plan.suspended import suspended_problem
from generator.releases.pins import choose_entry

_HEAD = '# yaml-language-server: $schema=../../schemas/release.json\n'


@dataclass(frozen=True, slots=True)
class What:
    """What is promoted: a model, the members of an application, or (both '') all models of the environments before."""

    model: str = ''
    application: str = ''

    @property
    def arguments(self) -> tuple[str, ...]:
        if self.model:
            return (self.model,)
        return ('--application', self.application) if self.application else ('--all',)

    def models(self, registry: Registry) -> Sequence[str]:
        """The names of the models, sorted; raises ProblemsFound for an unknown name."""
        if self.model and self.model not in registry.models:
            hint = suggest(self.model, registry.models)
            raise problem(MODELS, '', f"model '{self.model}' not found", hint)
        if self.application and self.application not in registry.applications:
            hint = suggest(self.application, registry.applications)
            raise problem(APPLICATIONS, '', f"application '{self.application}' not found", hint)
        if self.application:
            return sorted(registry.applications[self.application].members)
        return [self.model] if self.model else sorted(registry.models)

    def __str__(self) -> str:
        return f'application {self.application}' if self.application else 'all models'


@dataclass(frozen=True, slots=True)
class Promotion:
    """A release that moves, from where, and its pins before ('' for none) and after; `stage`: its rollout starts."""

    release: Release
    source: str
    before: Pin
    to: Pin
    files: Files = field(default_factory=dict)
    stage: str = ''
    reason: str = ''

    def __str__(self) -> str:
        before = str(self.before) if self.before.chart else 'no release'
        return f'{self.release.name}: {before} → {self.to}, from {self.source}'

    @property
    def notes(self) -> tuple[str, ...]:
        return (
            str(self),
            *first_note(self.release.name, self.to, self.stage),
            *frozen_note(self.release.name, self.reason),
        )

    @property
    def row(self) -> dict[str, str]:
        return {
            'release': self.release.name, 'from': self.source, 'before': self.before.version,
            'beforeChart': self.before.chart, **self.to.spec, 'stage': self.stage,
        }  # fmt: skip


@dataclass(slots=True)
class _Found:
    """What becomes of each model: it moves, stays and why, or something stops it."""

    moves: list[Promotion] = field(default_factory=list)
    stays: dict[str, str] = field(default_factory=dict)
    blocked: dict[str, Sequence[Problem]] = field(default_factory=dict)


def promoting(
    what: What, to: str, source: str = '', *, skip_blocked: bool = False, allow_frozen: str = ''
) -> Operation:
    """Move pins to those of the environment before; all of them, or with `skip_blocked` those that nothing stops."""

    def change(run: Run) -> RegistryChange:
        environment = _environment(run.registry, to, source)
        found = _Found()
        for model in what.models(run.registry):
            _choose(run, environment, model, source, found, named=bool(what.model))
        _judge(run, found, allow_frozen)
        for promotion in [each for each in found.moves if each.release.name not in found.blocked]:
            try:
                made = _made(run, promotion, allow_frozen)
                found.moves[found.moves.index(promotion)] = made
            except ProblemsFound as error:
                found.blocked[promotion.release.name] = error.problems
        moves = [each for each in found.moves if each.release.name not in found.blocked]
        if found.blocked and not (skip_blocked and moves):
            raise ProblemsFound(each for problems in found.blocked.values() for each in problems)
        return _change(what, to, moves, found)

    flags = (('--skip-blocked', skip_blocked), ('--allow-frozen', allow_frozen))
    from_ = ('--from', source) if source else ()
    arguments = (*what.arguments, '--to', to, *from_, *(flag for flag, given in flags if given))
    return Operation(
        'promote', arguments, (what.model,) if what.model else (), change, history=True, environments=(to,)
    )


def _change(what: What, to: str, moves: Sequence[Promotion], found: _Found) -> RegistryChange:
    blocked = {name: problems[0].message for name, problems in found.blocked.items()}
    result = {
        'promoted': [each.row for each in moves],
        'stays': [{'release': name, 'reason': reason} for name, reason in found.stays.items()],
        'blocked': [
            {'release': name, 'problems': [{'rule': each.rule, 'message': each.message, 'hint': each.hint}
                                           for each in problems]}
            for name, problems in found.blocked.items()
        ],
    }  # fmt: skip
    files: dict[str, bytes | None] = {}
    for each in moves:
        files |= each.files
    notes = [note for each in moves for note in each.notes]
    notes += [f'Not promoted: {name}: {message}' for name, message in blocked.items()]
    return RegistryChange(files, _subject(what, to, moves), result, tuple(notes))


def _subject(what: What, to: str, moves: Sequence[Promotion]) -> str:
    if len(moves) != 1:
        return shortened(f'Promote {what} to {to}: {len(moves)} releases')
    (only,) = moves
    before = only.before.version or 'new'
    subject = f'Promote {only.release.name}: {before} → {only.to}'
    return subject if subject == shortened(subject) else shortened(f'Promote {only.release.name} to {only.to.version}')


def _environment(registry: Registry, to: str, source: str) -> Environment:
    """The environment to promote to; raises ProblemsFound if nothing is promoted there, or not from the source."""
    for name in (to, *([source] if source else [])):
        if name not in registry.environments:
            raise problem(ENVIRONMENTS, '', f"environment '{name}' not found", suggest(name, registry.environments))
    environment = registry.environments[to]
    if environment.follows_newest:
        hint = "add the version to the model: it takes that by itself ('chartloom bump')"
        raise problem(environment.file, '$.spec.follow', f"'{to}' follows the newest version", hint)
    if not source and not environment.promotes_from:
        raise problem(environment.file, '$.spec', f"'{to}' promotes from no environment", 'name one with --from')
    if source and environment.promotes_from and source not in environment.promotes_from:
        message = f"'{to}' promotes from {some(map(quoted, environment.promotes_from))}, not from '{source}'"
        raise problem(environment.file, '$.spec.promotesFrom', message, 'use one of these with --from')
    return environment


def _choose(run: Run, environment: Environment, model: str, source: str, found: _Found, *, named: bool) -> None:
    """Find where a model comes from, and whether it has to move."""
    registry, name = run.registry, f'{environment.name}/{model}'
    sources = [source] if source else list(environment.promotes_from)
    there = next((f'{each}/{model}' for each in sources if f'{each}/{model}' in registry.releases), '')
    if not there:
        if named:
            message = f"no release of '{model}' in {some(map(quoted, sources))}"
            found.blocked[name] = [Problem(release_file(name), '', message, 'bring it there first', 'promotion')]
        return
    to = _running(run, registry.releases[there])
    release = registry.releases.get(name) or Release(environment.name, model, release_file(name), {})
    before = Pin(release.version, release.chart)
    rollout, coming = registry.rollouts.get(name), registry.rollouts.get(there)
    numbers = [entry.version for entry in run.charts[model].ledger]
    if rollout and rollout.spec['to'] == to.spec:
        found.stays[name] = f'its rollout to {to} is in progress'
    elif rollout:
        message = f'a rollout to {rollout.spec["to"]["version"]} is in progress'
        hint = f"run 'chartloom rollout status {name}', then advance, finish or abort it"
        found.blocked[name] = [Problem(rollout.file, '', message, hint, 'promotion')]
    elif before == to:
        wait = f'; the rollout of {coming.spec["to"]["version"]} there has not ended' if coming else ''
        found.stays[name] = f'runs {to} already, as {there}{wait}'
    elif before.chart in numbers and numbers.index(to.chart) < numbers.index(before.chart):
        found.stays[name] = f'runs {before}, and {there} the older {to}'
    else:
        found.moves.append(Promotion(release, there, before, to))


def _running(run: Run, release: Release) -> Pin:
    """The version and chart that a release runs, at the end of its last rollout."""
    environment, model = run.registry.environments[release.environment], run.registry.models[release.model]
    entry = choose_entry(release, environment, model, run.charts[release.model])
    return Pin(entry.model_version, entry.version)


def _judge(run: Run, found: _Found, allow_frozen: str) -> None:
    """Find what stops the releases: in the registry, and by what is published."""
    if not found.moves:
        return
    releases = {each.release.name: _moved(each, allow_frozen) for each in found.moves}
    registry = replace(run.registry, releases={**run.registry.releases, **releases})
    gate = run.judged.gate(registry, {})
    for each in found.moves:
        name, ground = each.release.name, ground_of(registry, each.release)
        problems = [
            *([suspended_problem(each.release)] if each.release.is_suspended else ()),
            *stops(name, str(each.to), ground, run.clock, allow_frozen=bool(allow_frozen)),
            *(gate.problems([name]) if run.base.revision else ()),
        ]
        if problems:
            found.blocked[name] = list(dict.fromkeys(problems))


def _moved(promotion: Promotion, allow_frozen: str) -> Release:
    """The release with its new pin."""
    kept = {key: value for key, value in promotion.release.spec.items() if key != 'rollback'}
    reason = {'allowFrozen': allow_frozen} if allow_frozen else {}
    return replace(promotion.release, spec={**kept, **promotion.to.spec, **reason})


def _made(run: Run, promotion: Promotion, allow_frozen: str) -> Promotion:
    """The promotion with its files; where commits move the traffic it starts the rollout."""
    release, to = promotion.release, promotion.to
    reason = allow_frozen if frozen(ground_of(run.registry, release), run.clock) else ''
    if not promotion.before.chart:
        return replace(promotion, files=_first(run, release, to, reason), reason=reason)
    environment = run.registry.environments[release.environment]
    found = resolve_alone(run, _moved(promotion, ''))
    if isinstance(found.strategy, Rolling) or not by_commits(release.engine(environment)):
        files: Mapping[str, bytes | None] = move_pin(release, to, run.source.read, allow_frozen=reason)
        return replace(promotion, files=files, reason=reason)
    began = start_of(run, release.name, to.version, to.chart, reason)
    check_room(run, release.name, began)
    return replace(promotion, files=began.files, stage=began.stage, reason=reason)


def _first(run: Run, release: Release, to: Pin, reason: str) -> Files:
    """The file of a release that does not exist yet, or that has no pin."""
    if release.name in run.registry.releases:
        return move_pin(release, to, run.source.read, allow_frozen=reason)
    spec = {**to.spec, **({'allowFrozen': reason} if reason else {})}
    document = {'apiVersion': 'chartloom/v1', 'kind': 'Release', 'metadata': {'name': release.model}, 'spec': spec}
    return {release.file: (_HEAD + dump_yaml(document)).encode()}
