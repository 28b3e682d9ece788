"""Two charts of a model and their rendered objects → the class of the newer version, its reasons, and what pods do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from generator.compare.bump_rules import RULES, Evidence, Facts
from generator.compare.difference import Difference
from generator.compare.effects import new_templates, pods
from generator.compare.told import changed
from generator.domain.generated import BUMP_CLASSES, Bump, BumpClass
from generator.domain.values import Values

MOST = 50  # reasons in a ledger, which has a limit of size and keeps all versions


@dataclass(frozen=True, slots=True)
class Reason:
    rule: str
    bump: BumpClass
    text: str


def reasons_of(about: Evidence) -> list[Reason]:
    """Return what all rules find, the highest class first; what is only said differently, where nothing else is."""
    found: list[Reason] = []
    for rule in RULES:
        if not (found and rule.id == 'documentation'):
            found += [Reason(rule.id, rule.bump, text) for text in rule.check(about)]
    return found


def template_reasons(objects: Iterable[Difference]) -> list[Reason]:
    """Return what templates change in fields of objects, by the kind of the object: a patch, if no rule says more."""
    texts = dict.fromkeys(f'{each.id.kind}: {changed(field)}' for each in objects for field in each.fields)
    return [Reason('template', 'patch', text) for text in texts]


def bump_of(about: Evidence, own: Sequence[Difference], further: Iterable[Reason] = ()) -> Bump:
    """Return the bump: the highest class of all reasons, and each reason once.

    `own` are the differences with the chart's own values; `further` are reasons that other charts have in common with
    this one: those of their starter.
    """
    found = sorted([*reasons_of(about), *further], key=lambda reason: BUMP_CLASSES.index(reason.bump))
    told = [reason for reason in found if reason.rule != 'documentation'] or found
    texts = tuple(dict.fromkeys(reason.text for reason in told)) or ('only Chart.yaml differs',)
    if len(texts) > MOST:
        texts = (*texts[:MOST], f'and {len(texts) - MOST} more')
    return Bump(told[0].bump if told else 'patch', texts, pods(own), len(new_templates(own)))


def raised(bump: Bump, least: str) -> Bump:
    """Return a bump of at least this class, '' for any: a model may ask for more, never for less."""
    asked = next((each for each in BUMP_CLASSES if each == least), bump.bump)
    if BUMP_CLASSES.index(asked) >= BUMP_CLASSES.index(bump.bump):
        return bump
    return Bump(asked, (f'the model asks for a {asked} version', *bump.reasons), bump.pods, bump.templates)


# Values that reach nothing but the containers of a pod, and those of its test: with equal templates, no object comes,
# goes, or gets another name, port or selector.
_OF_CONTAINERS = frozenset(['image', 'resources', 'startupProbe', 'readinessProbe', 'livenessProbe'])
_OF_ARTIFACT = frozenset(['uri', 'sha256', 'files', 'sizeLimit', 'subPath', 'reference', 'image', 'resources'])
_OF_TESTS = frozenset(['test'])


def without_rendering(old: Facts, new: Facts) -> Bump | None:
    """Return the bump of a chart with the same templates if its values differ only in what reaches containers.

    None if the objects must be compared to know.
    """
    if not _only_containers(old.values, new.values):
        return None
    found = bump_of(Evidence(old, new), ())
    restarts = any(old.values[key] != new.values[key] for key in (*_OF_CONTAINERS, 'artifact'))
    return Bump(found.bump, found.reasons, 'restart' if restarts else 'none', int(restarts))


def _only_containers(old: Values, new: Values) -> bool:
    if old.keys() != new.keys():
        return False
    changed = {key for key in old if old[key] is not new[key] and old[key] != new[key]}
    if changed - _OF_CONTAINERS - _OF_TESTS - {'artifact'}:
        return False
    return _kept(old['artifact']) == _kept(new['artifact'])


def _kept(artifact: Values) -> Mapping[str, object]:
    return {key: value for key, value in artifact.items() if key not in _OF_ARTIFACT}
