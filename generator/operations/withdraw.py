"""A release and a version that it gives up → its file with the entry that withdraws it, or without."""

from __future__ import annotations

from dataclasses import replace

from generator.documents.edit_lists import append_entry, remove_entry
from generator.domain.layout import model_name
from generator.domain.problems import problem
from generator.domain.records import Release
from generator.domain.tree import Files
from generator.domain.words import suggest
from generator.operations.operation import Operation, RegistryChange
from generator.operations.rollout_start import known_release
from generator.operations.rollout_steps import Pin
from generator.pipeline.run import Run
from generator.plan.message import shortened

WITHDRAWN = ('spec', 'withdrawn')
_LONGEST = 300


def withdrawing(run: Run, change: RegistryChange, release: Release, gone: Pin, stays: Pin, why: str) -> RegistryChange:
    """Add to a change that a release gives up a version for another; if both have the same version, its chart only."""
    if release.gave_up(gone.version, gone.chart):
        return change
    chart = {'chart': gone.chart} if gone.version == stays.version else {}
    reason = ' '.join(why.split())[:_LONGEST].strip()
    entry = {'version': gone.version, **chart, 'reason': reason, 'date': run.clock.date}
    data = _content(run, change.files, release)
    files = {**change.files, release.file: append_entry(data, release.file, WITHDRAWN, entry, 'chart')}
    what = str(gone) if chart else gone.version
    told = f"{release.name}: {what} is withdrawn here until 'chartloom reinstate': {reason}"
    return replace(change, files=files, notes=(*change.notes, told), result={**change.result, 'withdrawn': entry})


def taken_back(run: Run, files: Files, release: Release, version: str) -> Files:
    """The same files, and the release's without the entries of a version."""
    data = _content(run, files, release)
    entries = release.spec.get('withdrawn', ())
    for place in reversed([number for number, entry in enumerate(entries) if entry['version'] == version]):
        data = remove_entry(data, release.file, WITHDRAWN, place)
    return {**files, release.file: data}


def _content(run: Run, files: Files, release: Release) -> bytes:
    return files.get(release.file) or run.source.read(release.file)


def reinstating(name: str, version: str) -> Operation:
    """Take back that a release (`env/model`) gave up a version: it may be pinned, followed and promoted again."""

    def change(run: Run) -> RegistryChange:
        release = known_release(run.registry, name)
        entries = [dict(entry) for entry in release.spec.get('withdrawn', ()) if entry['version'] == version]
        result = {'result': 'reinstated', 'release': name, 'version': version, 'withdrawn': entries}
        if not entries:
            _check_version(run, release, version)
            return RegistryChange(result=result)
        notes = tuple(f'It was withdrawn on {entry["date"]}: {entry["reason"]}' for entry in entries)
        files = taken_back(run, {}, release, version)
        return RegistryChange(files, shortened(f'Reinstate {version} in {name}'), result, notes)

    return Operation('reinstate', (name, version), (model_name(name),), change, releases=(name,))


def _check_version(run: Run, release: Release, version: str) -> None:
    """Raise ProblemsFound for a version that the model does not have."""
    model = run.registry.models[release.model]
    known = [each.version for each in model.versions]
    if version not in known:
        message = f"version '{version}' of model '{model.name}' not found"
        raise problem(model.file, '$.spec.versions', message, suggest(version, known))
