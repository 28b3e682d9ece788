"""Options for an OCI registry → a client of the one that the settings name."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, TypeVar

import click

from generator.domain.settings import Settings
from generator.pipeline.publish import registry_address
from generator.tools.oci import OciRegistry, open_registry

F = TypeVar('F', bound=Callable[..., Any])


def registry_options(function: F) -> F:
    """Add --plain-http and --ca-file, as helm has them."""
    authorities = click.option(
        '--ca-file', type=click.Path(exists=True, dir_okay=False), default=None, metavar='FILE',
        help='Certificate authorities of the OCI registry, as PEM, instead of the usual ones.',
    )  # fmt: skip
    plain = click.option(
        '--plain-http', is_flag=True, help='Use http instead of https for the OCI registry, also for a login.'
    )
    return plain(authorities(function))


def connect(settings: Settings, plain_http: bool, ca_file: str | None, *, may_log_in: bool = True) -> OciRegistry:
    return open_registry(
        registry_address(settings), os.environ, plain_http=plain_http or settings.plain_http, ca_file=ca_file or '',
        in_clear=plain_http, may_log_in=may_log_in,
    )  # fmt: skip
