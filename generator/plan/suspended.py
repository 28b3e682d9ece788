"""A release whose agent keeps its hands off → what that refuses, and what becomes of its objects."""

from __future__ import annotations

import re

from generator.domain.layout import release_document
from generator.domain.problems import Problem
from generator.domain.records import Release

# Keys of a HelmRelease that is suspended, and of an Application whose removal removes its objects.
_SUSPENDED = re.compile(rb'^  suspend: true$', re.MULTILINE)
_FINALIZER = re.compile(rb'^    - "?resources-finalizer\.argocd\.argoproj\.io"?$', re.MULTILINE)
_HELM_RELEASE = re.compile(rb'^kind: HelmRelease$', re.MULTILINE)


def objects_stay(delivery: bytes) -> bool:
    """Whether the objects of a release stay when this delivery object is removed; does not parse YAML."""
    document = release_document(delivery)
    head = document.partition(b'\nspec:\n')[0]
    if _HELM_RELEASE.search(head):
        return _SUSPENDED.search(document) is not None
    return not _FINALIZER.search(head)


def suspended_problem(release: Release) -> Problem:
    """Why a suspended release is not moved."""
    hint = f"run 'chartloom resume {release.name}' first"
    return Problem(release.file, '$.spec.suspended', f'{_told(release)}: its agent would not apply a move', hint)


def suspended_warning(release: Release) -> Problem:
    """What is said of a change that is made although the release is suspended."""
    hint = f"run 'chartloom resume {release.name}' to let the agent apply it"
    return Problem(release.file, '$.spec.suspended', f'{_told(release)}: its agent applies nothing', hint)


def suspended_for(release: Release) -> str:
    """Who suspended a release, and why."""
    spec = release.spec['suspended']
    by = f' by {spec["by"]}' if 'by' in spec else ''
    return f'suspended{by} ({spec["reason"]})'


def _told(release: Release) -> str:
    return f"'{release.name}' is {suspended_for(release)}"
