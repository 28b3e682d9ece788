"""The published and the desired form of releases → warnings about the way between them, and lost requests."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from generator.domain.choices import by_commits, makes_routes, writes_weights
from generator.domain.layout import model_name, release_file
from generator.domain.problems import Problem
from generator.plan.forms import Form, Move, at


def migration_warnings(moves: Iterable[Move], rollbacks: Collection[str] = ()) -> Iterator[Problem]:
    """Warn about releases that change; one of `rollbacks` moves all requests at once on purpose.

    If a published file was edited by hand, it is not known what runs.
    """
    for move in moves:
        file, before, after = release_file(move.release), move.before, move.after
        if after is None or move.by_hand:
            continue
        yield from _strategy(file, model_name(move.release), before, after, back=move.release in rollbacks)
        if makes_routes(before.engine) and makes_routes(after.engine):
            yield from _scaling(file, before, after)
        yield from _object(file, before, after)
        if '' not in (before.place, after.place) and before.place != after.place:
            message = f'moves from {before.place} to {after.place}: its pods are removed there, and start anew here'
            yield Problem(file, '', message, 'apply it at low traffic, or add another environment first')


def lost_requests(moves: Iterable[Move]) -> Iterator[Problem]:
    """Report tracks that are removed while requests go to them."""
    for move in moves:
        if move.after is None or move.by_hand:
            continue
        for track, weight in move.before.serving(move.after):
            message = f'the pods of track {track} are removed at once, and they serve {weight} % of the requests'
            hint = (
                f"undo the change, and move the requests first with 'chartloom rollout'; "
                f'or lose them: --allow-removal {move.release}'
            )
            yield Problem(release_file(move.release), '', message, hint)


def _strategy(file: str, model: str, old: Form, new: Form, *, back: bool) -> Iterator[Problem]:
    gone, comes, rolls = old.workload(model), new.workload(model), old.rolls or new.rolls or back
    if gone != comes:
        message = f'changes from {old.shown} to {new.shown}: {comes} replaces {gone}, whose pods are deleted'
        yield Problem(file, '', message, 'apply it at low traffic: requests may fail until the new pods are ready')
    elif makes_routes(old.engine) != makes_routes(new.engine):
        message = (
            f'changes from {old.shown} to {new.shown}: its Service and its route are deleted and recreated, requests'
            f' fail for about {30 if makes_routes(old.engine) else 20} seconds and the start of a pod'
        )
        yield Problem(file, '', message, 'apply it at low traffic')
    elif by_commits(new.engine) and 'rolling' not in (old.kind, new.kind) and old.chart != new.chart and not rolls:
        message = f'the new version gets all requests at once, although the strategy is {new.kind}'
        yield Problem(file, '', message, "to use the strategy, revert the pin and run 'chartloom rollout start'")
    if old.engine == new.engine and writes_weights(new.engine) and old.routes != new.routes and new.kind == 'canary':
        message = 'the route changes: a canary in progress gets no requests until its next step'
        yield Problem(file, '', message, 'wait until no rollout is in progress')


def _scaling(file: str, old: Form, new: Form) -> Iterator[Problem]:
    """Warn of numbers of pods that Flagger passes on to its primary with the next version only."""
    before, after = ([at(form.values, key) for key in ('replicaCount', 'autoscaling')] for form in (old, new))
    kinds = [at(form.canary, 'autoscalerRef', 'kind') for form in (old, new)]
    if kinds[0] != kinds[1] == 'ScaledObject':
        message = 'KEDA starts pods of the target, too: they run without requests until the next version'
        yield Problem(file, '', message, 'make sure that there is room for twice the pods')
    elif before != after and old.chart == new.chart:
        message = 'Flagger passes the number of pods on to those that serve with the next version only'
        yield Problem(file, '', message, 'start a rollout, or scale the HorizontalPodAutoscaler of the primary by hand')


def _object(file: str, old: Form, new: Form) -> Iterator[Problem]:
    """The root Application does not delete the old Application, since its project permits the new namespace only."""
    before, after = (at(form.delivery, 'metadata', 'namespace') for form in (old, new))
    if old.is_application and new.is_application and before != after:
        message = f"its Application moves from namespace '{before}' to '{after}': both would deploy it"
        hint = (
            'before you apply the new bootstrap, remove metadata.finalizers of Application'
            f" '{at(old.delivery, 'metadata', 'name')}' in '{before}', then delete it"
        )
        yield Problem(file, '', message, hint)
