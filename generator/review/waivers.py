"""Waivers as published and as a change has them → what they accept of a release, and what the change accepts anew.

Only a waiver that is published counts: a change that could accept its own risks would need nobody to agree.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from generator.domain.environments import Environment
from generator.domain.places import json_path
from generator.domain.problems import Problem
from generator.domain.records import Registry, Release
from generator.domain.waivers import Waiver, waivers
from generator.domain.words import quoted, suggest
from generator.review.records import Evidence, Risk, Rule

WAIVER = Rule('waiver', 'high', 'a risk is accepted in the registry', 'ask whether the reason is good')

ByRule = Mapping[str, Waiver]


@dataclass(frozen=True, slots=True)
class Accepted:
    """The waivers that count, by release, and the risks of those that the change makes or makes longer."""

    published: Mapping[str, ByRule] = field(default_factory=dict)
    anew: tuple[Risk, ...] = ()

    def of(self, release: str, rule: Rule) -> Waiver | None:
        return self.published.get(release, {}).get(rule.id)

    def together(self, risk: Risk) -> Risk:
        """A risk of several releases at once is accepted if it is in each of them, for as long as it is in all."""
        found = [self.of(name, risk.rule) for name in risk.releases]
        mine = [each for each in found if each]
        if not mine or len(mine) < len(found):
            return risk
        return replace(risk, waiver=min(mine, key=lambda each: each.until))


def accepted(
    old: Sequence[Registry], new: Registry, names: Mapping[str, str], date: str, fixed: Collection[str]
) -> Accepted:
    """Return what waivers accept on a day. `old` are the published registry, which alone counts, and those that the
    change knew. `names` are releases by now and before, which differ if their environment has another name; rules of
    `fixed` cannot be waived."""
    places = {now.partition('/')[0]: before.partition('/')[0] for now, before in names.items()}
    published = {}
    for now, before in names.items():
        found = _published(old[0], before, date) if _is_there(old[0], new, now, before) else {}
        published[now] = {rule: each for rule, each in found.items() if rule not in fixed}
    pairs: list[tuple[Release | Environment, list[Release | Environment | None]]] = [
        (each, [its.environments.get(places.get(name, name)) for its in old])
        for name, each in sorted(new.environments.items())
    ]
    pairs += [
        (each, [its.releases.get(names.get(name, name)) for its in old]) for name, each in sorted(new.releases.items())
    ]
    return Accepted(published, tuple(risk for now, before in pairs for risk in _anew(now, before, date)))


def _is_there(old: Registry, new: Registry, now: str, before: str) -> bool:
    """Whether a release stays where its waivers were published for: an environment may move to another cluster."""
    mine, was = new.environments.get(now.partition('/')[0]), old.environments.get(before.partition('/')[0])
    return not (mine and was) or (mine.spec['cluster'], mine.namespace) == (was.spec['cluster'], was.namespace)


def _published(old: Registry, name: str, date: str) -> dict[str, Waiver]:
    """Of the waivers of a release and of its environment, the one that ends last."""
    found: dict[str, Waiver] = {}
    for item in (old.environments.get(name.partition('/')[0]), old.releases.get(name)):
        for rule, waiver in waivers(item, date).items() if item else ():
            found[rule] = max(found.get(rule, waiver), waiver, key=lambda each: each.until)
    return found


def _anew(now: Release | Environment, before: Iterable[Release | Environment | None], date: str) -> Iterator[Risk]:
    known = [waivers(item, date) for item in before if item]
    for rule, waiver in waivers(now, date).items():
        until = max((each[rule].until for each in known if rule in each), default='')
        if waiver.until > until and not waiver.ended:
            place = json_path(('spec', 'waivers', rule))
            evidence = Evidence(now.file, place, until or 'none', f'until {waiver.until}: {waiver.reason}')
            yield Risk(WAIVER, evidence, (now.name,) if isinstance(now, Release) else ())


def waiver_warnings(registry: Registry, known: Collection[str], fixed: Collection[str], date: str) -> Iterator[Problem]:
    """Yield waivers that accept nothing: of rules that nobody knows or that cannot be waived, and those that ended."""
    items: list[Release | Environment] = [*registry.environments.values(), *registry.releases.values()]
    for item in items:
        for rule, waiver in waivers(item, date).items():
            place = json_path(('spec', 'waivers', rule))
            if rule in fixed:
                hint = 'remove it, and let somebody agree to each risk'
                yield Problem(item.file, place, f'rule {quoted(rule)} cannot be waived', hint)
            elif rule not in known:
                yield Problem(item.file, place, f'rule {quoted(rule)} not found', suggest(rule, known))
            elif waiver.ended:
                yield Problem(item.file, f'{place}.until', f'the waiver ended after {waiver.until}', 'remove it')
