"""Where and how long the pods of a release run → problems: nodes, ranks and times that only an environment may give."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from generator.checks.devices import DEVICES, MAKERS, granted, is_some
from generator.checks.granted import Finding, not_granted
from generator.checks.scope import Scope
from generator.checks.written import at
from generator.domain.environments import Environment
from generator.domain.generated import ResolvedRelease
from generator.domain.places import Path
from generator.domain.problems import Problem
from generator.domain.values import Values
from generator.domain.words import quoted
from generator.values.blame import written_at
from generator.values.merge import containers, enabled

LONGEST = 3600  # seconds that a node that is drained may wait for one pod
_TIMES = ('terminationGracePeriodSeconds', 'preStopSeconds')
_CLASSES = {'priorityClassName': 'priorityClasses', 'runtimeClassName': 'runtimeClasses'}
# Labels of single nodes, which tools write under names of their own, such as topology.topolvm.io/node.
_NODE = re.compile(r'[^/]+/(node|host|machine|instance)([-_.]?(name|id))?', re.IGNORECASE)
# Labels of nodes that run the cluster, or that Karpenter makes for somebody.
_NODES = frozenset(['kubernetes.io/role', 'kubernetes.azure.com/mode', 'karpenter.sh/nodepool'])
_ROLES = 'node-role.kubernetes.io/'
# Every pod tolerates these for a time.
_TOLERATED = frozenset(['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'])
_REQUIRED = 'requiredDuringSchedulingIgnoredDuringExecution'
_PREFERRED = 'preferredDuringSchedulingIgnoredDuringExecution'
_OWN_NAMES = ('app.kubernetes.io/name', 'app.kubernetes.io/instance')


def placement_problems(scope: Scope) -> Iterator[Problem]:
    """Report places and times that a model or a release takes."""
    for release in scope.releases:
        applications = scope.registry.applications_of.get(release.release.model, ())
        near = [member for application in applications for member in application.members]
        if found := list(_findings(release, near)):
            yield from not_granted(release, found)


def _findings(release: ResolvedRelease, near: Collection[str]) -> Iterator[Finding]:
    values, environment = release.merged, release.environment
    yield from _times(values)
    yield from _classes(values, environment)
    yield from _required(values, environment)
    if values['tolerations']:
        yield from _tolerations(release)
    hint = f'remove it: only values of {environment.file} may choose such nodes'
    for key in values['nodeSelector']:
        if _is_reserved(key):
            yield ('nodeSelector', key), f'{quoted(key)} chooses a node, or nodes that run the cluster', hint
    if values['affinity']:
        yield from _nodes(values, hint)
        yield from _pods(values, release, near)


def _times(values: Values) -> Iterator[Finding]:
    hint = f'write at most {LONGEST}'
    places: list[tuple[Path, Values]] = [((), values)]
    places += [(('containers', name), each) for name, each in enabled(values['containers']).items()]
    for home, holder in places:
        for key in _TIMES:
            if (seconds := holder.get(key) or 0) > LONGEST:
                yield (*home, key), f'expected at most {LONGEST} seconds, found {seconds}: nodes wait for it', hint


def _classes(values: Values, environment: Environment) -> Iterator[Finding]:
    own = environment.spec.get('values', {})
    for key, grant in _CLASSES.items():
        found, decided = values.get(key) or '', own.get(key) or ''
        if found != decided and found not in granted(environment, grant):
            message = f'{quoted(found)} is no class that environment {quoted(environment.name)} permits'
            hint = f'remove it, or add it to spec.scheduling.{grant} of {environment.file}'
            if not found:
                message, hint = f'it removes {quoted(decided)}, which the environment requires', 'remove it'
            yield (key,), message, hint


def _required(values: Values, environment: Environment) -> Iterator[Finding]:
    """Report what differs from the nodes, and from the distance to other pods, that the environment requires."""
    own = environment.spec.get('values', {})
    paths: list[Path] = [('nodeSelector', key) for key in own.get('nodeSelector', {})]
    paths += [('affinity', kind, _REQUIRED) for kind in ('nodeAffinity', 'podAffinity', 'podAntiAffinity')]
    for path in paths:
        wanted = at(own, path)
        if wanted is not None and at(values, path) != wanted:
            yield path, f'it changes {quoted(str(path[-1]))}, which the environment requires', 'remove it'


def _tolerations(release: ResolvedRelease) -> Iterator[Finding]:
    """Pods may run where accelerators are, and where the environment lets them."""
    values, environment = release.merged, release.environment
    limits = [each.get('resources', {}).get('limits', {}) for _, each in containers(values)]
    devices = {name for each in limits for name, count in each.items() if is_some(count)}
    permitted = _TOLERATED.union(devices, granted(environment, 'taints'))
    # Nodes with parts of an accelerator have the taint of the whole; what else a domain has is somebody's own.
    makers = MAKERS.union(name.partition('/')[0] for name in devices).intersection(DEVICES)
    for name, toleration in enabled(values['tolerations']).items():
        key = toleration.get('key') or ''
        if key in permitted or ('/' in key and key.partition('/')[0] in makers):
            continue
        own = environment.spec.get('values', {}).get('tolerations', {}).get(name, {})
        if key:
            hint = f'remove it, or add the taint to spec.scheduling.taints of {environment.file}'
            # What the environment wrote is of one value: who changes this tolerates another taint.
            changed = [part for part in ('operator', 'value') if toleration.get(part) != own.get(part)]
            for part in ('key', *(changed if own.get('key') == key else ())):
                yield ('tolerations', name, part), f'pods would run on nodes with taint {quoted(key)}', hint
        else:
            layers = (*release.chart.layers, *release.layers)
            # Who removes a key is to blame, else who writes a toleration without one.
            part = 'key' if written_at(('tolerations', name, 'key'), layers) else 'operator'
            yield ('tolerations', name, part), 'pods would tolerate every taint', 'write the key of a taint'


def _is_reserved(key: str) -> bool:
    return key in _NODES or key.startswith(_ROLES) or _is_node(key)


def _is_node(key: str) -> bool:
    return key == 'metadata.name' or _NODE.fullmatch(key) is not None


def _nodes(values: Values, hint: str) -> Iterator[Finding]:
    """Report affinity to a node; staying away from all others leads to one, too."""
    affinity = values['affinity'].get('nodeAffinity', {})
    terms = [(_REQUIRED, term) for term in affinity.get(_REQUIRED, {}).get('nodeSelectorTerms', ())]
    terms += [(_PREFERRED, each['preference']) for each in affinity.get(_PREFERRED, ())]
    for kind, term in terms:
        rules = (*term.get('matchExpressions', ()), *term.get('matchFields', ()))
        for rule in rules:
            key = rule['key']
            near = rule['operator'] not in ('NotIn', 'DoesNotExist')
            if (near and _is_reserved(key)) or (_is_node(key) and rule['operator'] != 'DoesNotExist'):
                message = f'{quoted(key)} chooses a node, or nodes that run the cluster'
                yield ('affinity', 'nodeAffinity', kind), message, hint


def _pods(values: Values, release: ResolvedRelease, near: Collection[str]) -> Iterator[Finding]:
    """Report what is required about pods of others: these could not start beside them, or get them as neighbours.

    `near` are the members of the model's applications, which it may run beside.
    """
    model, kinds = release.release.model, {'podAntiAffinity': (), 'podAffinity': near}
    for kind, others in kinds.items():
        for term in values['affinity'].get(kind, {}).get(_REQUIRED, ()):
            spread = term.get('namespaces') or 'namespaceSelector' in term
            if spread or not any(_is_own(term.get('labelSelector'), name) for name in (model, *others)):
                message = 'it keeps pods of others away from the nodes of these pods'
                if kind == 'podAffinity':
                    message = 'it chooses nodes by the pods of others'
                hint = (
                    f'select {_OWN_NAMES[0]}: {model} without namespaces, or use {_PREFERRED};'
                    f' only values of {release.environment.file} may require more'
                )
                yield ('affinity', kind, _REQUIRED), message, hint


def _is_own(selector: Values | None, model: str) -> bool:
    """Whether a selector only selects pods of the model; none selects no pod at all."""
    if selector is None:
        return True
    labels = selector.get('matchLabels', {})
    own = {rule['key'] for rule in selector.get('matchExpressions', ()) if _is_only(rule, model)}
    return any(labels.get(name) == model or name in own for name in _OWN_NAMES)


def _is_only(rule: Values, model: str) -> bool:
    return bool(rule['operator'] == 'In' and rule.get('values') == [model])
