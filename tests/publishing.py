"""A published repository that names an OCI registry, and `chartloom publish` in it; for tests with real registries."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import registries as r
from gitops import SMALL, Checkout, chartloom, published
from oci import Fake, Server

from generator.charts.archive import Package, package

CHART = 'charts/web/1.0.0'
# Not a chart of any ledger.
OTHER = package({'Chart.yaml': b'x'}, {'name': 'web', 'version': '1.0.0', 'apiVersion': 'v2'})


def with_registry(server: Server | Fake, folder: Path, files: dict[str, bytes] | None = None) -> Checkout:
    """A published repository that names a part of the registry of its own."""
    here = published(folder, files or SMALL)
    here.write(r.settings(charts={'registry': f'oci://{server.host}/{folder.parent.name.replace("_", "-")}'}))
    assert here.commit().commit
    return here


def address(here: Checkout) -> str:
    return str(json.loads(here.read('registry/settings.yaml'))['spec']['charts']['registry'])


def publish(here: Checkout, *options: str, code: int = 0) -> dict[str, Any]:
    done = chartloom(here.folder, 'publish', *options, '-o', 'json')
    assert (done.returncode, done.stderr) == (code, ''), done.stdout
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def names(told: dict[str, Any]) -> dict[str, list[str]]:
    return {kind: [f'{c["model"]} {c["version"]}' for c in told[kind]] for kind in ('pushed', 'tagged', 'skipped')}


def push(server: Server, here: Checkout, chart: Package, tag: str, model: str = 'web') -> None:
    registry = server.client()
    registry = type(registry)(address(here), registry.login, registry.session, registry.verify, registry.seconds)
    for data in (chart.config, chart.archive):
        registry.push_blob(model, data)
    registry.push_manifest(model, tag, chart.manifest)


def ask(helm: Path, *arguments: str | Path) -> bytes:
    return subprocess.run([helm, *arguments], check=True, capture_output=True).stdout
