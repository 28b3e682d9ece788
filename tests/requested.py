"""A small published registry and requests to it, for tests of what judges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import registries as r
from gitops import Checkout, new

from generator.pipeline.early import early_stages
from generator.pipeline.run import open_run

VERSIONS = [r.version('1'), r.version('2'), r.version('3')]
CANARY = {'canary': {'steps': [{'weight': 20, 'hold': '10h'}, {'weight': 50, 'approval': True}]}}
WITHDRAWN = [{'version': '2', 'date': '2026-11-03', 'reason': 'leaks data'}]
LOCK = {'reason': 'an audit', 'by': 'Ada'}
WEB = 'registry/releases/prod/web.yaml'


def pins(version: str, chart: str, environment: str = 'prod', model: str = 'web', **more: Any) -> r.Files:
    return r.release(environment, model, version=version, chart=chart, **more)


def place(name: str, domain: str, at: str = '', **more: Any) -> r.Files:
    """An environment with a domain, by default in a cluster of its name."""
    where = {'cluster': {'name': at or name, 'server': f'https://{at or name}.example:6443'}, 'namespace': 'ml'}
    return r.environment(name, **{**r.GATEWAY, 'domain': domain, **where, **more})


def registry(**prod: Any) -> r.Files:
    """Production with version 1, and an environment that nothing gates with version 2."""
    return {
        **r.settings(),
        **r.model(versions=VERSIONS, route={}),
        **place('dev', 'dev.example'),
        **place('prod', 'prod.example', **prod),
        **pins('1', '1.0.0'),
        **pins('2', '1.1.0', 'dev'),
    }


def made(top: Path, *changes: r.Files) -> Checkout:
    """A request to a repository that published these files, one commit each."""
    found = new(top, {})
    for files in changes:
        found.write(files)
        assert found.commit().commit
    found.git('switch', '--quiet', '--create', 'request')
    return found


def problems(checkout: Checkout) -> list[str]:
    found = open_run(checkout.repository(), base='main').judged.problems(frozenset())
    return [f'{each.file}::{each.path}: {each.message}' for each in found]


def warnings(checkout: Checkout, about: str = '') -> list[str]:
    """What `verify` warns of."""
    run = open_run(checkout.repository(), base='main')
    found = sorted([*run.warnings, *early_stages(run)])
    return [f'{each.file}::{each.path}: {each.message}' for each in found if about in each.message]
