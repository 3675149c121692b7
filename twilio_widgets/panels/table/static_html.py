"""A table as static HTML, for a saved notebook that has no kernel to ask."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.core.printable import inert, one_line
from twilio_widgets.panels.table.cells import TableColumn

if TYPE_CHECKING:
    from collections.abc import Sequence

STATIC_ROWS = 200
"""Rows in a saved notebook, about 60 kB."""

LONGEST_STATIC_CELL = 200
"""Characters of a cell in a saved notebook."""


def static_table(
    columns: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    *,
    label: str,
    held: int,
    total: int,
    note: str,
    order: str = "newest first",
) -> str:
    """Return the rows as an HTML table, escaped for browsers and TeX renderers.

    Args:
        columns: The columns.
        rows: The cells of the rows to show, in their order.
        label: The name of the table.
        held: The number of rows in the live table.
        total: The known total number of rows.
        note: A sentence below the table.
        order: The order of the rows, as text.
    """
    heads = "".join(f'<th scope="col">{inert(column.heading)}</th>' for column in columns)
    body = "".join(f"<tr>{''.join(map(_cell, cells))}</tr>" for cells in rows)
    note = " · ".join(filter(None, (_counted(len(rows), held, total, order), note)))
    return (
        '<div class="tw-static tex2jax_ignore mathjax_ignore">'
        f"<table><caption>{inert(label)}</caption><thead><tr>{heads}</tr></thead>"
        f"<tbody>{body}</tbody></table><p>{inert(note)}</p></div>"
    )


def _counted(shown: int, held: int, total: int, order: str) -> str:
    if total == 0:
        return "No rows yet."
    if shown == total:
        return f"Showing all {total:,}, {order}."
    kept = "" if held == shown else f" ({held:,} were loaded)"
    return f"Showing the last {shown:,} of {total:,}{kept}, {order}."


def _cell(text: str) -> str:
    if len(text) > LONGEST_STATIC_CELL:
        text = f"{text[:LONGEST_STATIC_CELL]}…"
    return f'<td style="text-align: left">{inert(one_line(text))}</td>'
