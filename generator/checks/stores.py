"""Secret stores of environments → problems: environments that could read each other's secrets."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations

from generator.checks.scope import Scope
from generator.domain.environments import Environment
from generator.domain.problems import Problem
from generator.domain.words import quoted


def shared_stores(scope: Scope) -> Iterator[Problem]:
    """Report two environments of one store, of which one reads below a path that contains that of the other."""
    users: dict[tuple[str, str], list[Environment]] = {}
    for environment in scope.registry.environments.values():
        if store := environment.spec.get('secretStore'):
            users.setdefault((store.get('kind', 'ClusterSecretStore'), store['name']), []).append(environment)
    for (_, store), environments in users.items():
        for pair in combinations(environments, 2):
            outer, inner = sorted(pair, key=lambda each: len(_path(each)))
            if f'{_path(inner)}/'.startswith(f'{_path(outer)}/' if _path(outer) else '') and not _are_equals(
                outer, inner
            ):
                shown = f'at {quoted(_path(outer))}' if _path(outer) else 'without a path'
                message = f"reads store '{store}' {shown}, where environment '{inner.name}' has its secrets too"
                hint = 'write a path for each environment, of which none contains another, or use another store'
                yield Problem(outer.file, '$.spec.secretStore', message, hint)


def _path(environment: Environment) -> str:
    """The path as a store may compare it, which need not distinguish upper and lower case."""
    return str(environment.spec['secretStore'].get('path', '')).lower()


def _are_equals(one: Environment, other: Environment) -> bool:
    """Whether both are of one stage, as regions are: what is promoted to one may be promoted to the other."""
    stages = [{*each.spec.get('promotesFrom', ())} for each in (one, other)]
    return bool(stages[0]) and stages[0] == stages[1] and _path(one) == _path(other) != ''
