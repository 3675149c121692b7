"""Code that does the same as the bulk panel."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.core.numbers.account_prices import PriceTable
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.bulk.draft import arguments_of
from twilio_widgets.panels.code.quoting import Expression, call, literal
from twilio_widgets.panels.code.snippets import Snippet

if TYPE_CHECKING:
    from collections.abc import Mapping

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


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """The arguments of the plan that no field has."""

    prices: Mapping[str, object] | PriceTable | None = None
    lookup_cost: Decimal | None = None
    """What looking up the recipients cost; None if they were not looked up."""
    lookup_prices: Mapping[str, object] | None = None


def bulk_snippet(
    access: Access, source: Source | None, draft: BulkDraft, inputs: PlanInputs | None = None
) -> Snippet:
    """Return code that plans and sends this table.

    Args:
        access: How the code authenticates.
        source: The chosen table, if any.
        draft: The contents of the fields.
        inputs: Further arguments of the plan.
    """
    try:
        arguments = arguments_of(draft)
    except ConfigurationError:  # an invalid rate; its field shows the problem
        arguments = {"to": draft.to, "body": draft.body}
    ours = [
        *_planning_with(source, arguments, inputs or PlanInputs()),
        "plan.rejected  # rows that cannot be sent, and why",
        "",
        f"job = plan.send(twilio, name={literal(draft.name or 'job')})",
        "job.wait(progress=True)",
        "job.outcomes",
    ]
    official = access.official(
        _loop(source, arguments, draft.variables if draft.template else None),
        more_imports=("import json",) if draft.template else (),
    )
    return BulkSnippet(access.ours("\n".join(ours)), official, "")


def _planning_with(
    source: Source | None, arguments: dict[str, Any], inputs: PlanInputs
) -> list[str]:
    """Return the lines that plan the table with these prices, after looking up its recipients."""
    read, given = [], dict(arguments)
    if isinstance(inputs.prices, PriceTable):
        read, given["prices"] = ["prices = tw.prices(twilio)"], Expression("prices")
    elif inputs.prices is not None:
        given["prices"] = inputs.prices
    if inputs.lookup_cost is None:
        return [*read, *_planning(source, given)]
    limit = str(inputs.lookup_cost.quantize(Decimal("0.01"), ROUND_UP))
    own = {"prices": inputs.lookup_prices} if inputs.lookup_prices else {}
    looked = call("found = twilio.lookup", [Expression('plan.ready["to"]')], max_cost=limit, **own)
    again = _planning(source, given | {"lookup": Expression("found")})
    return [*read, *_planning(source, given), *looked.split("\n"), *again]


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


def _content(arguments: dict[str, Any], variables: Mapping[str, str] | None) -> dict[str, object]:
    if variables is None:
        return {"body": Expression(f"{literal(arguments.get('body') or '')}.format(**row)")}
    cells = {
        name: Expression(f"str(row[{literal(column)}])")
        for name, column in variables.items()
        if column
    }
    filled = {"content_variables": Expression(f"json.dumps({literal(cells)})")} if cells else {}
    return {"content_sid": arguments.get("content_sid", ""), **filled}


def _loop(
    source: Source | None, arguments: dict[str, Any], variables: Mapping[str, str] | None
) -> str:
    """Return the loop; `variables` are the columns of a template's variables."""
    created = call(
        "    client.messages.create",
        to=Expression(f"row[{literal(arguments['to'])}]"),
        **{
            name: arguments[name]
            for name in ("from_", "messaging_service_sid")
            if name in arguments
        },
        **_content(arguments, variables),
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
