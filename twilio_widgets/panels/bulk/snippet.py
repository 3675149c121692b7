"""Code that does the same as the bulk panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.bulk.draft import arguments_of
from twilio_widgets.panels.code.quoting import Expression, call, literal
from twilio_widgets.panels.code.snippets import Snippet

if TYPE_CHECKING:
    from twilio_widgets.panels.bulk.draft import BulkDraft
    from twilio_widgets.panels.bulk.table_file import OpenedFile
    from twilio_widgets.panels.bulk.table_sources import Source
    from twilio_widgets.panels.code.access import Access

_WARNING: Final = """\
# A plain loop. It does not check the rows before sending the first one, limit the rate, apply guard
# rails, record what was sent, or handle a lost response: run again after a crash, it sends to the
# same people twice."""


@dataclass(frozen=True, slots=True)
class BulkSnippet(Snippet):
    """Two tabs: curl makes one request, and a plan is not one request."""

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """The title and text of each tab."""
        return ("twilio_widgets", self.ours), ("twilio-python", self.official)


def bulk_snippet(access: Access, source: Source | None, draft: BulkDraft) -> Snippet:
    """Return code that plans and sends this table.

    Args:
        access: How the code authenticates.
        source: The chosen table, if any.
        draft: The contents of the fields.
    """
    try:
        arguments = arguments_of(draft)
    except ConfigurationError:  # an invalid rate; its field shows the problem
        arguments = {"to": draft.to, "body": draft.body}
    ours = [
        *_planning(source, arguments),
        "plan.rejected  # rows that cannot be sent, and why",
        "",
        f"job = plan.send(twilio, name={literal(draft.name or 'job')})",
        "job.wait(progress=True)",
        "job.outcomes",
    ]
    return BulkSnippet(access.ours("\n".join(ours)), access.official(_loop(source, arguments)), "")


def _planning(source: Source | None, arguments: dict[str, Any]) -> list[str]:
    """Return the lines that plan the table, which is read as the panel read it."""
    if source is None or source.file is None:
        return call("plan = tw.plan", [Expression(_named(source))], **arguments).split("\n")
    file = source.file
    if file.guessed:  # an open file is read like a path: the same delimiter, the same cells
        planned = call("plan = tw.plan", [Expression("file")], **arguments).split("\n")
        return [_opening(file), *(f"    {line}" for line in planned)]
    if file.is_workbook and file.sheet != file.sheets[0]:
        # As the panel reads cells: "NA" is a text, and a number keeps its type.
        read = call(
            "rows = pd.read_excel",
            [file.name],
            sheet_name=file.sheet,
            dtype=Expression("object"),
            keep_default_na=False,
            na_values=[""],
        )
        planned = call("plan = tw.plan", [Expression("rows")], **arguments).split("\n")
        return ["import pandas as pd", "", *read.split("\n"), *planned]
    return call("plan = tw.plan", [file.name], **arguments).split("\n")


def _opening(file: OpenedFile) -> str:
    encoding = file.codec if file.guessed else "utf-8-sig"
    return f'with open({literal(file.name)}, encoding="{encoding}", newline="") as file:'


def _reading(source: Source | None) -> list[str]:
    if source is None or source.file is None or not source.file.is_workbook:
        return []
    file = source.file
    chosen = {"sheet_name": file.sheet} if file.sheet != file.sheets[0] else {}
    read = call("rows = pd.read_excel", [file.name], **chosen, dtype=Expression("str"))
    return ["import pandas as pd", "", read]


def _named(source: Source | None) -> str:
    if source is None or source.kind == "given":
        return "rows"
    return source.name if source.kind == "frame" else "rows"


def _loop(source: Source | None, arguments: dict[str, Any]) -> str:
    created = call(
        "    client.messages.create",
        to=Expression(f"row[{literal(arguments['to'])}]"),
        **{
            name: arguments[name]
            for name in ("from_", "messaging_service_sid")
            if name in arguments
        },
        body=Expression(f"{literal(arguments.get('body') or '')}.format(**row)"),
    )
    indented = "\n".join(
        line if n == 0 else f"    {line}" for n, line in enumerate(created.split("\n"))
    )
    if source is not None and source.file is not None and source.kind == "csv":
        rows = ["import csv", "", _opening(source.file), "    rows = list(csv.DictReader(file))"]
        each = "for row in rows:"
    else:
        rows = _reading(source)
        given = source is None or source.kind == "given"
        each = "for row in rows:" if given else f'for row in {_named(source)}.to_dict("records"):'
    return "\n".join([_WARNING, *rows, each, indented])
