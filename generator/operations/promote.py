"""Models and environments → their pins from the environment before: model and chart version, in one commit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from generator.charts.followed import Place, place_of
from generator.domain.environments import Environment
from generator.domain.layout import ENVIRONMENTS, release_file
from generator.domain.problems import Problem, ProblemsFound, problem
from generator.domain.records import Registry, Release
from generator.domain.words import quoted, some, suggest
from generator.operations.carried import carried
from generator.operations.earlier_pins import running
from generator.operations.operation import Operation, RegistryChange
from generator.operations.promote_files import made, moved
from generator.operations.promotion import ALL_OR_NONE, Found, How, Promotion, What, subject
from generator.operations.rollout_steps import Pin
from generator.operations.soak import soak_problems
from generator.pipeline.run import Run
from generator.plan.stops import ground_of, stops
from generator.plan.suspended import suspended_problem
from generator.plan.waves import together_problems


def promoting(what: What, to: Sequence[str], source: str = '', how: How = ALL_OR_NONE) -> Operation:
    """Move pins to those of the environment before, in all environments `to`; all of them, or none."""

    def change(run: Run) -> RegistryChange:
        environments = [_environment(run.registry, name, source) for name in to]
        _check_waves(environments)
        found = Found()
        for environment in environments:
            for model in what.models(run.registry):
                _choose(run, environment, model, source, found, how, what)
        _judge(run, found, how)
        _make(run, found, how)
        if found.blocked and not (how.skip_blocked and found.free):
            raise ProblemsFound(each for problems in found.blocked.values() for each in problems)
        moving = [each.release.name for each in found.free if each.moves]
        if problems := list(together_problems(run.registry, moving, together=how.together)):
            raise ProblemsFound(problems)
        files = {path: data for each in found.free for path, data in each.files.items()}
        return RegistryChange(
            files, subject(what, to, found.free), found.result, (*found.notes, *_confirmed(found, how))
        )

    from_ = ('--from', source) if source else ()
    where = (word for name in to for word in ('--to', name))
    arguments = (*what.arguments, *where, *from_, *how.arguments)
    models = (what.model,) if what.model else ()
    return Operation(
        'promote', arguments, models, change, history=True, environments=tuple(to), application=what.application
    )


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


def _confirmed(found: Found, how: How) -> Iterator[str]:
    if how.healthy and (names := sorted({each.source for each in found.free if each.moves})):
        yield f'Confirmed as healthy by whoever promotes: {", ".join(names)}'


def _check_waves(environments: Sequence[Environment]) -> None:
    """Raise ProblemsFound if one of the environments promotes from another one: that has not run the version yet."""
    names = [each.name for each in environments]
    for environment in environments:
        if before := next((name for name in environment.promotes_from if name in names), ''):
            message = f"'{environment.name}' promotes from '{before}', which would be promoted in the same commit"
            hint = f"promote to '{before}' and push that first"
            raise problem(environment.file, '$.spec.promotesFrom', message, hint)


def _choose(run: Run, environment: Environment, model: str, source: str, found: Found, how: How, what: What) -> None:
    """Find where a model comes from, and whether it has to move."""
    name, sources = f'{environment.name}/{model}', [source] if source else environment.promotes_from
    there = next((each for each in (f'{before}/{model}' for before in sources) if each in run.registry.releases), '')
    if not there:
        if what.model:
            message = f"no release of '{model}' in {some(map(quoted, sources))}"
            found.blocked[name] = [Problem(release_file(name), '', message, 'bring it there first', 'promotion')]
        return
    if not (what.model or what.application) and name not in run.registry.releases:
        found.stays[name] = (
            f"has no release here, and --all makes none: 'chartloom promote {model} --to {environment.name}' does"
        )
        return
    release = run.registry.releases.get(name) or Release(environment.name, model, release_file(name), {})
    promotion = Promotion(
        release, there, Pin(release.version, release.chart), running(run, run.registry.releases[there])
    )
    rollout = run.registry.rollouts.get(name)
    if rollout and rollout.spec['to'] != promotion.to.spec:
        message = f'a rollout to {rollout.spec["to"]["version"]} is in progress'
        hint = f"run 'chartloom rollout status {name}', then advance, finish or abort it"
        found.blocked[name] = [Problem(rollout.file, '', message, hint, 'promotion')]
        return
    why = _stays(run, promotion)
    if how.values and (not why or not promotion.moves):
        here = run.source.read(release.file) if name in run.registry.releases else b''
        values = carried(run.source.read(run.registry.releases[there].file), here, release.file)
        promotion = replace(promotion, carried=values)
    if why and not promotion.carried:
        found.stays[name] = why
    else:
        found.moves.append(promotion)


def _stays(run: Run, promotion: Promotion) -> str:
    """Why the pin of a release does not move; '' if it does."""
    release, before, to, there = promotion.release, promotion.before, promotion.to, promotion.source
    coming = run.registry.rollouts.get(there)
    if release.name in run.registry.rollouts:
        return f'its rollout to {to} is in progress'
    if before == to:
        wait = f'; the rollout of {coming.spec["to"]["version"]} there has not ended' if coming else ''
        return f'runs {to} already, as {there}{wait}'
    if before.chart and _place(run, release.model, to) < _place(run, release.model, before):
        return f'runs {before}, and {there} the older {to}'
    return ''


def _place(run: Run, model: str, pin: Pin) -> Place:
    return place_of(run.registry.models[model], run.charts[model].ledger, pin.version, pin.chart)


def _judge(run: Run, found: Found, how: How) -> None:
    """Find what stops the pins: in the registry, by what is published, and the health of the releases before."""
    moving = [each for each in found.moves if each.moves]
    if not moving:
        return
    releases = {each.release.name: moved(each, how.allow_frozen) for each in moving}
    registry = replace(run.registry, releases={**run.registry.releases, **releases})
    gate = run.judged.gate(registry, {})
    for each in moving:
        name, ground = each.release.name, ground_of(registry, each.release)
        problems = [
            *([suspended_problem(each.release)] if each.release.is_suspended else ()),
            *stops(name, str(each.to), ground, run.clock, allow_frozen=bool(how.allow_frozen)),
            *(gate.problems([name]) if run.base.revision else ()),
        ]
        if not problems and not how.healthy:
            problems += soak_problems(run, each)
        if problems:
            found.blocked[name] = list(dict.fromkeys(problems))


def _make(run: Run, found: Found, how: How) -> None:
    """Replace the promotions that nothing stops by those with their files."""
    for number, promotion in enumerate(found.moves):
        if promotion.release.name not in found.blocked:
            try:
                found.moves[number] = made(run, promotion, how.allow_frozen)
            except ProblemsFound as error:
                found.blocked[promotion.release.name] = error.problems
