"""Routes of models and applications → problems: duplicate targets, and routes that would be ignored silently."""

from __future__ import annotations

from collections.abc import Iterator

from generator.checks.written import at, covering
from generator.domain.places import Path, json_path
from generator.domain.problems import Problem
from generator.domain.records import Application, Model, Registry, Release
from generator.domain.words import quoted, suggest

_SAME = 'write the same auth into both'
_KINDS = {'path': 'HTTP', 'grpcService': 'gRPC'}


def route_problems(registry: Registry) -> Iterator[Problem]:
    """Yield the problems of routes in the registry; environment_problems reports collisions of host names."""
    routed: dict[tuple[str, str], Application] = {}
    for application in registry.applications.values():
        yield from _of_application(application)
        yield from _of_another(application, routed)
        yield from _weaker(application, registry)
    for model in registry.models.values():
        yield from _of_model(model, routed)
        yield from _auth(model, routed)
    yield from _of_releases(registry, routed)
    items: list[Model | Release] = [*registry.models.values(), *registry.releases.values()]
    for item in items:
        if 'values' in item.spec or item.removed:
            yield from _of_values(item, routed)


def _of_application(application: Application) -> Iterator[Problem]:
    """Report routes to a model that is not a member, and routes with the same target."""
    seen: dict[tuple[str, ...], str] = {}
    for name, route in application.spec.get('routes', {}).items():
        place = ('spec', 'routes', name)
        if route['model'] not in application.members:
            message = f'{quoted(route["model"])} is not a member of the application'
            hint = suggest(route['model'], application.members)
            yield Problem(application.file, json_path((*place, 'model')), message, hint)
        if 'path' in route:
            target, shown = ('', route['path'].rstrip('/')), f"path '{route['path']}'"
        else:
            target = (route['grpcService'], route.get('grpcMethod', ''))
            shown = f"gRPC service '{route['grpcService']}'" + (f" and method '{target[1]}'" if target[1] else '')
        first = seen.setdefault(target, name)
        if first != name:
            yield Problem(
                application.file, json_path(place), f"route '{first}' has the same {shown}", 'remove one of the two'
            )


def _of_another(application: Application, routed: dict[tuple[str, str], Application]) -> Iterator[Problem]:
    """Report routes of two applications to one model: its chart renders one HTTPRoute and one GRPCRoute."""
    for name, route in application.spec.get('routes', {}).items():
        kind = next(kind for key, kind in _KINDS.items() if key in route)
        first = routed.setdefault((route['model'], kind), application)
        if first is not application:
            message = f"application '{first.name}' already has {kind} routes to model '{route['model']}'"
            hint = f'keep the {kind} routes of a model in one application'
            yield Problem(application.file, json_path(('spec', 'routes', name)), message, hint)


def _weaker(application: Application, registry: Registry) -> Iterator[Problem]:
    """Report open routes to a model that another application keeps behind its auth, without a route of its own."""
    if _asked(application) != 'none':
        return
    routed: dict[str, frozenset[str]] = {}
    for name, route in application.spec.get('routes', {}).items():
        for other in registry.applications_of.get(route['model'], ()):
            if _asked(other) == 'none':
                continue
            if other.name not in routed:
                routed[other.name] = frozenset(each['model'] for each in other.spec.get('routes', {}).values())
            if route['model'] not in routed[other.name]:
                place = json_path(('spec', 'routes', name, 'model'))
                yield Problem(application.file, place, _differs(application, route['model'], other), _SAME)


def _asked(application: Application) -> str:
    return str(application.spec.get('auth', 'none'))


def _differs(application: Application, model: str, other: Application) -> str:
    return f"auth '{_asked(application)}' for model '{model}', application '{other.name}' says '{_asked(other)}'"


def _of_model(model: Model, routed: dict[tuple[str, str], Application]) -> Iterator[Problem]:
    """Report routes of a model that an application overrides, and one host name for both HTTP and gRPC."""
    route = model.spec.get('route')
    if route is None:
        return
    own: dict[str, Path] = {'HTTP': ('spec', 'route')} if 'hostname' in route or 'rules' in route or not route else {}
    if 'grpc' in route:
        own['gRPC'] = ('spec', 'route', 'grpc')
    for kind, place in own.items():
        if application := routed.get((model.name, kind)):
            message = (
                f"application '{application.name}' has {kind} routes to this model, which override the model's own"
            )
            yield Problem(model.file, json_path(place), message, f'remove this one, or those in {application.file}')
    if model.grpc_hostname == model.hostname:
        message = f"host name '{model.hostname}' is used by the HTTP route: a gateway accepts only one of the two"
        place = ('spec', 'route', 'grpc', 'hostname')
        yield Problem(model.file, json_path(place), message, 'give gRPC a host name of its own')


def _of_releases(registry: Registry, routed: dict[tuple[str, str], Application]) -> Iterator[Problem]:
    """Report host names of releases whose routes have that of an application."""
    for release in registry.releases.values():
        shared = routed.get((release.model, 'HTTP'))
        if shared and 'hostname' in release.spec:
            message = f"application '{shared.name}' routes to this model, by its own host name"
            yield Problem(release.file, '$.spec.hostname', message, f'remove it, or change {shared.file}')


def _of_values(item: Model | Release, routed: dict[tuple[str, str], Application]) -> Iterator[Problem]:
    """Report rules by which a member would take requests of the others: they have one host name.

    Null changes them, too: without `enabled: false` the chart's own rules would come back.
    """
    model = item.model if isinstance(item, Release) else item.name
    nulls = [path[2:] for path in item.removed if path[1] == 'values']
    for kind, path in (('HTTP', ('route', 'rules')), ('gRPC', ('grpcRoute', 'methods'))):
        application = routed.get((model, kind))
        found = application and (path if at(item.spec.get('values'), path) else covering(path, nulls))
        if application and found:
            message = f"the {kind} routes of this model are those of application '{application.name}'"
            place = json_path(('spec', 'values', *found))
            yield Problem(item.file, place, message, f'write them into {application.file}')


def _auth(model: Model, routed: dict[tuple[str, str], Application]) -> Iterator[Problem]:
    """Report a model whose routes have different auth: all its requests reach the same pods."""
    found = [routed[model.name, kind] for kind in _KINDS.values() if (model.name, kind) in routed]
    asked = {_asked(application) for application in found}
    if len(asked) > 1:
        one, two = found
        yield Problem(two.file, '$.spec', _differs(two, model.name, one), _SAME)
    own = model.spec.get('route', {}).get('auth')
    if found and own and own not in asked:
        message = f"auth '{own}', but application '{found[0].name}' says '{_asked(found[0])}'"
        hint = f'remove it: the application decides, or change it in {found[0].file}'
        yield Problem(model.file, '$.spec.route.auth', message, hint)
