"""A plan that removes environments → those in the registry that have the same cluster and namespace: renamed ones."""

from __future__ import annotations

from collections.abc import Mapping

from generator.checks.clusters import cluster_key
from generator.documents.nulls import read_with_nulls
from generator.domain.generated import Plan
from generator.domain.layout import environment_file
from generator.domain.problems import ProblemsFound
from generator.domain.records import Environment
from generator.domain.tree import LINK
from generator.pipeline.run import Run
from generator.plan.summary import summarize


def heirs(run: Run, plan: Plan) -> dict[str, Environment]:
    """Return the environment that takes over the cluster and namespace of a removed one, by the removed one's name."""
    found = {}
    for name in summarize(plan).environments:
        before = _published(run, name)
        same = (new for new in run.registry.environments.values() if before and _place(new) == _place(before))
        if new := next(same, None):
            found[name] = new
    return found


def _place(environment: Environment) -> tuple[object, ...]:
    return (environment.agent, environment.namespace, *cluster_key(environment))


def _published(run: Run, name: str) -> Environment | None:
    """An environment as the published branch, or else HEAD, has it."""
    file, repository = environment_file(name), run.repository
    for revision in dict.fromkeys((run.base.revision, run.source.head)):
        blob = repository.ids(revision, [file]).get(file, LINK)
        if blob == LINK:
            continue
        try:
            document = read_with_nulls(repository.read([blob])[blob], file)[0]
        except ProblemsFound:
            return None
        spec = document.get('spec') if isinstance(document, dict) else None
        if isinstance(spec, Mapping) and {'agent', 'namespace', 'cluster'} <= spec.keys():
            return Environment(name, file, spec)
    return None
