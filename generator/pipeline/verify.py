"""A repository → problems: drift, changed charts, releases and objects that helm or a strict schema refuses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from generator.charts.differing import ledger_differences, line_differences
from generator.charts.ledger import read_before
from generator.delivery.bootstrap import bootstrap_objects
from generator.delivery.objects import delivery_objects, values_indent
from generator.documents.rendered import parse_documents
from generator.domain.generated import ResolvedRelease
from generator.domain.layout import (
    BOOTSTRAP,
    CHART_YAML,
    DELIVERY,
    SCHEMAS,
    TEMPLATES,
    VALUES,
    bootstrap_file,
    chart_file,
    delivery_file,
    is_ledger,
    model_of,
    values_file,
)
from generator.domain.problems import Problem, ProblemsFound
from generator.domain.progress import Tick
from generator.domain.tree import LINK
from generator.pipeline.kept import kept
from generator.pipeline.obeyed import obeyed_problems
from generator.pipeline.places import ChartPlaces, files_digest
from generator.pipeline.revisions import refuse_guess, refuse_submodule
from generator.pipeline.run import Run
from generator.plan.hand_edits import is_published
from generator.plan.summary import folder_of, new_folders
from generator.tools.helm.binary import Helm, HelmRelease, Rendered, lint, template
from generator.tools.helm.schemas import ObjectSchemas, check_objects

_GENERATE = "run 'chartloom generate'"


def drift(run: Run, environ: Mapping[str, str] = MappingProxyType({})) -> list[Problem]:
    """Report what `generate` would change, hand edits, and generated files that contradict each other.

    `environ` tells whether this is CI, where a base that is not named is a problem.
    """
    try:
        refuse_submodule(run.repository, environ, run.base_name)
        branch = run.settings.branch
        if not run.base_name:
            refuse_guess(run.source, branch, environ)
        plan = run.plan()
    except ProblemsFound as error:
        return [*_obeyed(run), *error.problems]
    words = {'add': 'missing', 'update': 'does not match the registry', 'remove': 'not required by the registry'}
    folders = new_folders(plan)
    told = {change.path: words[change.kind] for change in plan.changes if folder_of(change.path) not in folders}
    told |= dict.fromkeys(folders, words['add'])
    problems = [Problem(path, '', _how(run, path) or word, _GENERATE) for path, word in sorted(told.items())]
    return [*_obeyed(run), *(problems or [*_strays(run), *_unequal_values(run)])]


def _how(run: Run, path: str) -> str:
    """How a published chart or its ledger differs from the base; '' for other files."""
    blob, here = run.base.ids.get(path, LINK), run.source.tree.ids.get(path, LINK)
    if LINK in (blob, here):
        return ''
    if is_ledger(path):
        before, now = run.base.ledgers.get(model_of(path), ()), read_before(run.source.read(path), path)
        known = {entry.version for entry in before}
        told = ledger_differences(before, [entry for entry in now if entry.version in known]) if now else ''
        return f'not as published: {told}' if told else ''
    if is_published(path, run.immutable):
        return f'not as published: {line_differences(run.repository.read([blob])[blob], run.source.read(path))}'
    return ''


def _obeyed(run: Run) -> list[Problem]:
    """Report files that other programs obey, unless the registry is invalid, which is reported then."""
    try:
        return list(obeyed_problems(run)) if run.whole else []
    except ProblemsFound:
        return []


def _strays(run: Run) -> Iterator[Problem]:
    """Report files in generated folders that chartloom did not generate: agents would apply them, or people believe."""
    folders = tuple(f'{folder}/' for folder in (DELIVERY, VALUES, BOOTSTRAP, SCHEMAS))
    for path in run.source.generated if run.whole else ():
        if path.startswith(folders) and path not in run.desired_ids:
            folder = next(folder for folder in folders if path.startswith(folder))
            who = 'the agent would apply this file, ' if folder == folders[0] else ''
            yield Problem(path, '', f'{who}chartloom did not generate it', f'move it out of {folder}')


def _unequal_values(run: Run) -> Iterator[Problem]:
    """Report values files that differ from the delivery object: people read the first, the agent deploys the second."""
    for release in run.releases:
        file = values_file(release.release.name)
        body = run.source.read(file).split(b'\n', 2)[2]
        indent = b' ' * values_indent(release.environment.agent)
        block = b''.join(indent + line if line.strip() else line for line in body.splitlines(keepends=True))
        held = run.source.read(delivery_file(release.release.name))
        if block not in held and body != b'{}\n':
            yield Problem(file, '', 'differs from the values in the delivery object', _GENERATE)


def changed_charts(run: Run, *, every: bool) -> list[str]:
    """Chart folders in scope that are new since the base, or newer; with `every`, all of them."""
    found = ((path, chart_file(path)) for path in run.source.generated if path.endswith(f'/{CHART_YAML}'))
    return sorted(
        folder_of(path)
        for path, chart in found
        if chart and chart[2] == CHART_YAML and (every or run.source.generated[path] != run.base.ids.get(path))
    )


def lint_charts(run: Run, helm: Helm, folders: Sequence[str], jobs: int, step: Tick) -> list[Problem]:
    return lint(helm, {folder: run.repository.root / folder for folder in folders}, jobs=jobs, progress=step)


def helm_releases(run: Run) -> list[HelmRelease]:
    """The releases for helm to render, with exactly the values of their delivery objects.

    Charts that the work tree does not have are written to a folder of their own.
    """
    places = ChartPlaces(run.source.generated, run.repository.object_format)
    charts: dict[tuple[str, str], tuple[Path, str]] = {}
    found = []
    for release in run.releases:
        chart = release.chart
        if (key := (chart.model, chart.version)) not in charts:
            charts[key] = _helm_chart(run, places, *key)
        folder, starter = charts[key]
        found.append(
            HelmRelease(
                name=release.release.model,
                namespace=release.environment.namespace,
                kube_version=release.environment.kubernetes,
                chart=folder,
                values=release.values,
                starter=starter,
                file=values_file(release.release.name),
            )
        )
    return found


def _helm_chart(run: Run, places: ChartPlaces, model: str, version: str) -> tuple[Path, str]:
    """The folder of a chart, and the digest of its templates: charts with equal templates are rendered together."""
    entry = run.entry(model, version)
    if folder := places.folder(model, entry):
        return run.repository.root / folder, files_digest(places.blobs(folder), TEMPLATES)
    files = run.chart_files(model, entry)
    blobs = {path: run.repository.blob_id(data) for path, data in files.items()}
    return kept(run.repository, entry.digest, files), files_digest(blobs, TEMPLATES)


def render_objects(
    run: Run, helm: Helm, schemas: ObjectSchemas | None, jobs: int, step: Tick
) -> tuple[list[Problem], int]:
    """Render every release; return the problems of helm and of the schemas, and the number of rendered objects."""
    problems: list[Problem] = []
    objects = 0
    for rendered in template(helm, helm_releases(run), jobs=jobs, progress=step):
        objects += len(rendered.documents)
        if rendered.problem:
            problems.append(rendered.problem)
        elif schemas:
            problems += check_rendered(rendered, schemas)
    return problems, objects


def check_rendered(rendered: Rendered, schemas: ObjectSchemas) -> list[Problem]:
    """Check the objects of a release by strict schemas."""
    file = rendered.release.file
    try:
        objects = parse_documents(rendered.text, file)
    except ProblemsFound as error:
        return list(error.problems)
    return check_objects(((file, item) for item in objects), schemas, rendered.release.kube_version)


def check_delivery(run: Run, schemas: ObjectSchemas) -> list[Problem]:
    """Check delivery and bootstrap objects by strict schemas: an invalid one stops the updates of its environment."""
    settings = run.registry.settings
    prefix = settings.prefix(run.repository.prefix)
    problems = []
    for environment in run.registry.environments.values():
        objects = [(bootstrap_file(environment.name), o) for o in bootstrap_objects(environment, settings, prefix)]
        mine = [r for r in run.releases if r.environment.name == environment.name]
        objects += [(_delivery(r), each) for r in mine for each in delivery_objects(r, settings, prefix)]
        problems += check_objects(objects, schemas, environment.kubernetes)
    return problems


def _delivery(release: ResolvedRelease) -> str:
    return delivery_file(release.release.name)


def schemas_for(locations: Sequence[str], cache: Path) -> ObjectSchemas | None:
    return ObjectSchemas(locations, cache) if locations else None
