"""A report → the terminal, or a file in the form that its name asks for."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from generator.cli.output import say, wants_json
from generator.documents.write import is_sealed
from generator.domain.layout import DOCUMENTS
from generator.domain.problems import problem
from generator.tools.write import refuse_links, write_whole

if TYPE_CHECKING:
    from generator.pipeline.approved import Approved
    from generator.pipeline.review import Reviewed
    from generator.review.records import Report

F = TypeVar('F', bound=Callable[..., Any])
Form = Callable[['Reviewed'], str]
TERMINAL = '-'


def as_json(found: Reviewed) -> str:
    from generator.review.data import report_data

    return f'{json.dumps(report_data(found.report), indent=2)}\n'


def as_markdown(found: Reviewed) -> str:
    from generator.review.markdown import markdown

    return markdown(found.report)


def as_page(found: Reviewed) -> str:
    from generator.review.page import page

    return page(found.report)


def as_sarif(found: Reviewed) -> str:
    from generator import __version__
    from generator.review.sarif import sarif

    return sarif(found.report, found.where, __version__)


def as_text(found: Reviewed) -> str:
    from generator.review.text import text_lines

    return ''.join(f'{line}\n' for line, _ in text_lines(found.report))


# The modules of forms are imported when they are used: the page's needs templates.
FORMS: Mapping[str, Form] = {
    '.md': as_markdown, '.html': as_page, '.json': as_json, '.sarif': as_sarif, '.txt': as_text,
}  # fmt: skip


class _ReportFile(click.ParamType[str]):
    """A file whose name ends in one of the forms and whose folder exists, or `-` for the terminal."""

    name = 'file'

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> str:
        place = Path(value)
        if value != TERMINAL and place.suffix not in FORMS:
            forms = f'{", ".join([*FORMS][:-1])} or {[*FORMS][-1]}'
            self.fail(f"expected '-' or a file that ends in {forms}, found '{value}'", parameter, context)
        if value != TERMINAL and not place.parent.is_dir():
            self.fail(f"the folder of '{value}' does not exist: create it first", parameter, context)
        return str(value)


def report_option(function: F) -> F:
    return click.option(
        '--report', 'report_file', type=_ReportFile(), default=None, metavar='FILE',
        help="Write what the change does to releases, as 'chartloom review' shows it, into a file that ends in "
        f"{', '.join(FORMS)}; '-' prints it.",
    )(function)  # fmt: skip


def tell_report(found: Reviewed | None, file: str | None) -> None:
    """Write a report to a file, or print it as `review` does."""
    if found is None or file is None:
        return
    if file == TERMINAL:
        print_report(found.report)
        return
    try:
        write_whole(Path(file), FORMS[Path(file).suffix](found).encode())
    except OSError as error:
        raise problem(file, '', f'the report cannot be written: {error.strerror}', 'name another file') from None


def check_report(file: str | None, models: Sequence[str] = ()) -> None:
    """Raise UsageError if a report and a result in JSON would both be printed, it would leave out other models, or it
    would replace a file of the repository; ProblemsFound if it would be written through a link."""
    if file and models:
        raise click.UsageError('--report excludes MODELS: it would leave out what the change does to others')
    if file and file != TERMINAL:
        refuse_links(Path(file))
    if file and Path(file).is_file() and (Path(file).name in DOCUMENTS or is_sealed(Path(file).read_bytes())):
        raise click.UsageError(f"--report would replace '{file}', a file of the repository: name another one")
    if file == TERMINAL and wants_json():
        raise click.UsageError("'--report -' prints text: name a file, or leave out --output json")


def print_report(report: Report) -> None:
    from generator.review.text import text_lines

    for line, style in text_lines(report):
        say((line, dict(style)))


def approved_by(file: Path) -> Approved:
    """Read what a report in JSON says of releases and files; raises ProblemsFound if it is none, or not complete."""
    from generator.pipeline.approved import Approved

    write = "write it with 'chartloom review --output json', or with --report and a name that ends in .json"
    try:
        data = json.loads(file.read_bytes())
        complete, releases = data['complete'], {each['release']: each['digest'] for each in data['releases']}
        files = {each['file']: each['blob'] for each in data['files']}
    except OSError as error:
        raise problem(str(file), '', f'cannot be read: {error.strerror}', 'check its permissions') from None
    except (ValueError, KeyError, TypeError):
        raise problem(str(file), '', 'expected a report of chartloom in JSON', write) from None
    if not complete:
        message = 'the report is not complete, so that it does not tell what was approved'
        raise problem(str(file), '', message, f'mend what its problems say, and {write}')
    return Approved(releases, files)
