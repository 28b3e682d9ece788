"""--fail-on of commands with a report → severities and names of rules, checked and completed."""

from __future__ import annotations

from typing import Any

import click
from click.shell_completion import CompletionItem

from generator.domain.words import nearest, quoted
from generator.review.failing import NAMES
from generator.review.records import SEVERITIES
from generator.review.report import ALL_RULES


class _Name(click.ParamType[str]):
    name = 'severity or rule'

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        if value in NAMES:
            return str(value)
        close = nearest(str(value), NAMES)
        more = f". Did you mean '{close}'?" if close else f': write {", ".join(SEVERITIES)}, or the name of a rule'
        raise click.UsageError(f'--fail-on: no severity or rule {quoted(str(value))}{more}', context)

    def shell_complete(
        self, context: click.Context, parameter: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        taken = context.params.get(parameter.name or '') or ()
        named = (name for name in NAMES if name.startswith(incomplete) and name not in taken)
        return [CompletionItem(name, help=ALL_RULES[name].title if name in ALL_RULES else None) for name in named]


fail_on_option = click.option(
    '--fail-on', multiple=True, type=_Name(), metavar='SEVERITY|RULE',
    help='Exit with 1 if a risk is at least so severe (critical, high or medium), or found by this rule; repeatable. '
    'Waived risks do not count.',
)  # fmt: skip
