"""Small registries as data → git repositories, for tests of the generated files."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from parts import ROOT, git

from generator.charts.ledger import dump_ledger, read_ledger
from generator.charts.versions import digest
from generator.charts.versions import tree as chart_tree
from generator.domain.layout import ledger_file
from generator.operations.apply import apply
from generator.operations.operation import Options, Outcome, generate
from generator.pipeline.run import Run, open_run
from generator.tools.git.opening import open_repository

EXAMPLE = ROOT / 'gitops_example'
Document = dict[str, Any]
Files = dict[str, bytes]

DIGEST = f'sha256:{"1" * 64}'
ARTIFACT = {'uri': 'https://models.example/m.tar.gz', 'sha256': '2' * 64, 'kind': 'saved-model'}
GATEWAY = {'router': 'gateway-api', 'gateway': {'name': 'public', 'namespace': 'gateways'}, 'domain': 'shop.example'}
# With a controller that enforces all that charts ask for.
ENVOY = {**GATEWAY, 'gateway': {'name': 'public', 'namespace': 'gateways', 'controller': 'envoy-gateway'}}


def as_yaml(value: Any) -> bytes:
    """Write YAML as JSON with YAML's escapes, without our own writer, which is under test."""
    text = json.dumps(value, ensure_ascii=False, indent=1)
    return re.sub('[^\n -~]', lambda found: f'\\U{ord(found[0]):08x}', text).encode()


def document(kind: str, name: str, spec: Mapping[str, Any]) -> bytes:
    return as_yaml({'apiVersion': 'chartloom/v1', 'kind': kind, 'metadata': {'name': name}, 'spec': spec})


def settings(**spec: Any) -> Files:
    repository = {'url': 'https://git.example/ml.git'} | spec.pop('repository', {})
    return {'registry/settings.yaml': document('Settings', 'ml', {'repository': repository, **spec})}


def version(name: str = '1', **more: Any) -> Document:
    return {'version': name, 'image': f'registry.example/server:{name.replace("+", "-")}@{DIGEST}', **more}


def model(name: str = 'web', runtime: str = 'custom', versions: Iterable[Document] = (), **spec: Any) -> Files:
    whole = {
        'team': 'shop',
        'description': 'Answers',
        'runtime': runtime,
        'versions': list(versions) or [version()],
        **spec,
    }
    return {f'registry/models/{name}.yaml': document('Model', name, whole)}


def environment(name: str = 'prod', **spec: Any) -> Files:
    cluster = {'name': name, 'server': 'https://kubernetes.default.svc'}
    whole = {'cluster': cluster, 'kubernetes': '1.36', 'namespace': f'ml-{name}', 'agent': 'argocd', **spec}
    return {f'registry/environments/{name}.yaml': document('Environment', name, whole)}


def following(name: str = 'prod', **spec: Any) -> Files:
    """An environment that follows the newest version, so that its releases require no pins."""
    return environment(name, follow='newest', **spec)


def release(environment_name: str = 'prod', model_name: str = 'web', **spec: Any) -> Files:
    return {f'registry/releases/{environment_name}/{model_name}.yaml': document('Release', model_name, spec)}


def application(name: str, members: Iterable[str], **spec: Any) -> Files:
    return {f'registry/applications/{name}.yaml': document('Application', name, {'members': list(members), **spec})}


def example() -> Files:
    """The registry of gitops_example."""
    files = tree(EXAMPLE / 'registry')
    return {f'registry/{path}': data for path, data in files.items() if not path.startswith('schemas/')}


def tree(folder: Path) -> Files:
    """All files below a folder, except .git."""
    files = (path for path in folder.rglob('*') if path.is_file() and '.git' not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


class Repository:
    """A git repository with a registry; `prefix` is the sub-folder of the registry."""

    def __init__(self, folder: Path, files: Mapping[str, bytes], prefix: str = '') -> None:
        self.folder = folder / prefix
        self.folder.mkdir(parents=True)
        git(folder, 'init', '--quiet', '--initial-branch=main')
        self.write(files)

    def write(self, files: Mapping[str, bytes]) -> None:
        for path, data in files.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)

    def run(self, models: Collection[str] = (), **options: Any) -> Run:
        return open_run(open_repository(self.folder), models, **options)

    def generate(self, models: tuple[str, ...] = (), **options: Any) -> Outcome:
        return apply(generate(models), open_repository(self.folder), Options(**options))

    def publish(self) -> Outcome:
        """Generate and commit: the files are then published, because chartloom's base is this branch."""
        return self.generate(commit=True)

    def tree(self) -> Files:
        return tree(self.folder)

    def read(self, path: str) -> Any:
        """Read a generated YAML file with our own reader."""
        from generator.documents.read import read_yaml

        return read_yaml((self.folder / path).read_bytes(), path)


def vouch(folder: Path, model: str, version: str) -> None:
    """Write the digest of a changed chart into the ledger, as if chartloom had published it with these files."""
    chart, ledger = folder / 'charts' / model / version, folder / ledger_file(model)
    files = {path.relative_to(chart).as_posix(): path.read_bytes() for path in chart.rglob('*') if path.is_file()}
    entries = read_ledger(ledger.read_bytes(), ledger_file(model))
    now = {'digest': digest(files), 'tree': chart_tree(files, 'sha1')}
    known = [replace(entry, **now) if entry.version == version else entry for entry in entries]
    ledger.write_bytes(dump_ledger(model, known))
