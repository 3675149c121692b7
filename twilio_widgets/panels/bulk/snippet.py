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
    rows = literal(source.name) if source and source.kind == "excel" else Expression(_named(source))
    ours = [
        call("plan = tw.plan", [rows], **arguments),
        "plan.rejected  # rows that cannot be sent, and why",
        "",
        f"job = plan.send(twilio, name={literal(draft.name or 'job')})",
        "job.wait(progress=True)",
        "job.outcomes",
    ]
    return BulkSnippet(access.ours("\n".join(ours)), access.official(_loop(source, arguments)), "")


def _reading(source: Source | None) -> list[str]:
    if source is None or source.kind != "excel":
        return []
    read = f"rows = pd.read_excel({literal(source.name)}, dtype=str)"
    return ["import pandas as pd", "", read]


def _named(source: Source | None) -> str:
    if source is None or source.kind == "given":
        return "rows"
    if source.kind == "csv":
        return str(literal(source.name))
    return "rows" if source.kind == "excel" else source.name


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
    if source is not None and source.kind == "csv":
        opened = f'with open({literal(source.name)}, encoding="utf-8-sig", newline="") as file:'
        rows = ["import csv", "", opened, "    rows = list(csv.DictReader(file))"]
        each = "for row in rows:"
    else:
        rows = _reading(source)
        given = source is None or source.kind == "given"
        each = "for row in rows:" if given else f'for row in {_named(source)}.to_dict("records"):'
    return "\n".join([_WARNING, *rows, each, indented])
