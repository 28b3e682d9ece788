"""A plan that removes environments → those in the registry that have the same cluster and namespace: renamed ones."""

from __future__ import annotations

from generator.checks.clusters import cluster_key
from generator.documents.schema import RegistrySchemas
from generator.domain.environments import Environment
from generator.domain.generated import Plan
from generator.pipeline.earlier import Earlier
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
    schemas = RegistrySchemas(run.templates.schemas)
    for revision in dict.fromkeys((run.base.revision, run.source.head)):
        if revision and (found := Earlier(run.source, revision, schemas).environments().get(name)):
            return found
    return None
