"""A scope of releases → the operation that writes their pins, and what its commit says."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from generator.documents.nulls import spec_in
from generator.domain.layout import model_file, model_name, release_file
from generator.domain.problems import ProblemsFound
from generator.domain.records import Registry, Release
from generator.domain.tree import LINK, Files
from generator.domain.values import Values
from generator.operations.operation import Operation, RegistryChange
from generator.operations.pin_choice import NOTHING, NewPin, Scope, choose_pins
from generator.operations.rollout_steps import Pin, move_pin
from generator.pipeline.run import Run
from generator.plan.message import shortened
from generator.plan.stops import frozen, frozen_note, ground_of
from generator.plan.waves import together_problems

_INSTEAD = "run 'chartloom pin' without names, which commits all changes, or undo the change with 'git restore'"


def pinning(
    scope: Scope = NOTHING, *, newest: bool = False, allow_frozen: str = '', together: bool = False
) -> Operation:
    """Write missing pins; with a scope, move the pins of its releases, also in a frozen time for the reason
    `allow_frozen`; `together`: in several production environments."""

    def change(run: Run) -> RegistryChange:
        releases = scope.releases(run.registry)
        choice = choose_pins(run.registry, run.charts, scope, run.clock, newest=newest, allow_frozen=bool(allow_frozen))
        pins = [*choice.pins, *_edited(run, releases, {pin.release.name for pin in choice.pins})]
        rows = [_row(pin, _committed(run, pin.release)) for pin in pins]
        moving = [pin.release.name for pin in pins if _committed(run, pin.release)[1]]
        if problems := list(together_problems(run.registry, moving, together=together)):
            raise ProblemsFound(problems)
        named = {pin.release.name for pin in pins}
        skipped = [{'release': name, 'reason': why} for name, why in choice.skipped.items() if name not in named]
        along = [*map(release_file, releases), *(model_file(model_name(name)) for name in releases)]
        # Where a pin is missing, nothing can be generated, so `generate --commit` cannot commit the other changes.
        instead = (
            _INSTEAD if any(_lacks_pin(release, run.registry) for release in run.registry.releases.values()) else ''
        )
        told = {'pins': rows, 'skipped': skipped}
        frozen_now = [pin for pin in pins if frozen(ground_of(run.registry, pin.release), run.clock)]
        notes = [note for pin in frozen_now for note in frozen_note(pin.release.name, allow_frozen)]
        notes += _skipped_promotions(run, pins)
        files = _files(pins, run, allow_frozen)
        return RegistryChange(files, _subject(rows), told, tuple(notes), along=along, instead=instead)

    models = tuple(sorted({model_name(name) for name in scope.names}))
    # A release without a pin cannot be generated, so `generate --commit` cannot commit it first.
    along = () if scope.moves else None
    flags = (('--newest', newest), ('--allow-frozen', allow_frozen), ('--together', together))
    arguments = (*(flag for flag, given in flags if given), *scope.arguments)
    return Operation('pin', arguments, models, change, along, releases=scope.names)


def _lacks_pin(release: Release, registry: Registry) -> bool:
    follows = registry.environments[release.environment].follows_newest
    return not (follows or (release.version and release.chart))


def _files(pins: Collection[NewPin], run: Run, allow_frozen: str) -> Files:
    """The files of the releases with their pins, comments kept."""
    files: dict[str, bytes] = {}
    for pin in pins:
        reason = allow_frozen if frozen(ground_of(run.registry, pin.release), run.clock) else ''
        files |= move_pin(pin.release, Pin(pin.version, pin.chart), run.source.read, allow_frozen=reason)
    return files


def _edited(run: Run, names: Iterable[str], chosen: Collection[str]) -> Iterator[NewPin]:
    """Yield complete pins that somebody wrote into the registry and did not commit."""
    for name in names:
        release = run.registry.releases[name]
        if name not in chosen and release.chart and _committed(run, release) != (release.version, release.chart):
            yield NewPin(release, release.version, release.chart)


def _committed(run: Run, release: Release) -> tuple[str, str]:
    """Return the model version and chart version of a release in HEAD, '' if not set."""
    spec = _committed_spec(run, release)
    return str(spec.get('version', '')), str(spec.get('chart', ''))


def _committed_spec(run: Run, release: Release) -> Values:
    blob = run.source.tree.held.get(release.file, LINK)
    if blob == LINK:
        return {}
    if blob == run.source.tree.ids.get(release.file) and release.file not in run.source.laid:
        return release.spec
    return spec_in(run.repository.read([blob])[blob], release.file) or {}


def _skipped_promotions(run: Run, pins: Iterable[NewPin]) -> Iterator[str]:
    """Say why a version need not come by promotion, if that is new: a reason counts for one change of the pin."""
    for pin in pins:
        reason = pin.release.spec.get('skipPromotion', '')
        if reason and reason != _committed_spec(run, pin.release).get('skipPromotion'):
            yield f'{pin.release.name}: promotion is skipped: {reason}'


def _row(pin: NewPin, committed: tuple[str, str]) -> dict[str, str]:
    version, chart = committed
    before = f'{version or "no version"} (chart {chart or "none"})' if version or chart else 'no pin'
    return {'release': pin.release.name, 'version': pin.version, 'chart': pin.chart, 'before': before}


def _subject(rows: Sequence[Mapping[str, str]]) -> str:
    if len(rows) != 1:
        environments = {row['release'].partition('/')[0] for row in rows}
        return shortened(f'Pin {len(rows)} releases{f" of {min(environments)}" if len(environments) == 1 else ""}')
    (row,) = rows
    subject = f'Pin {row["release"]}: {row["before"]} → {row["version"]} (chart {row["chart"]})'
    old = row['before'].partition(' (')[0]
    # The charts are in the body, too.
    return subject if subject == shortened(subject) else shortened(f'Pin {row["release"]}: {old} → {row["version"]}')
