"""The virtual table in a real JupyterLab: what a person sees of it, and does with it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

MAKE = """
from datetime import datetime, timedelta, UTC
from twilio_widgets.panels.table import VirtualTable
from twilio_widgets.panels.table_cells import Column

START = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)
STATUSES = ("delivered", "sent", "undelivered 30006", "received", "queued")

def row(number, **fields):
    return {
        "sid": f"SM{number:032x}", "sent": START + timedelta(seconds=number),
        "direction": "in" if number % 5 == 3 else "out", "from": "+15005550006",
        "to": f"+1415555{number % 10000:04}", "status": STATUSES[number % 5],
        "segments": 1 + number % 12, "body": f"Your table {number} is ready. Reply STOP.", **fields,
    }

def make(live=True, **options):
    return VirtualTable(
        [Column("sent", "Sent", kind="time"), Column("direction", "Direction", width=9),
         Column("from", "From", kind="phone"), Column("to", "To", kind="phone"),
         Column("status", "Status", kind="status"),
         Column("segments", "Segments", kind="number"), Column("body", "Body")],
        label="Messages", key="sid", live=live, **options)

table = make()
"""


def wait_for_footer(page: Page, text: str) -> None:
    """Wait until the first table's footer says so."""
    page.wait_for_function(
        "(text) => document.querySelector('.tw-count')?.textContent === text", arg=text
    )


def downloaded(page: Page) -> list[dict[str, str]]:
    """Return every row of the view, in its order, by the table's own CSV."""
    with page.expect_download() as download:
        page.get_by_role("button", name="Download CSV").first.click()
    text = download.value.path().read_text("utf-8")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def painted(page: Page) -> list[str]:
    """Return the bodies of the rows drawn, from the top."""
    rows: list[list[Any]] = page.evaluate(
        """() => [...document.querySelectorAll(".tw-row:not([hidden])")].map((row) =>
             [Number(row.getAttribute("aria-rowindex")), row.lastChild.textContent])"""
    )
    return [body for _, body in sorted(rows)]


def marked(page: Page) -> str | None:
    """Return the text of the cell that the grid tells screen readers is the active one."""
    text: str | None = page.evaluate(
        """() => document.getElementById(document.querySelector(".tw-grid")
             .getAttribute("aria-activedescendant"))?.textContent"""
    )
    return text


def test_rows_reach_the_page_and_only_those_in_sight_are_elements(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(10_000)))\ntable"])
    notebook.run_all()
    wait_for_footer(notebook.page, "Showing 10,000 of 10,000 · newest first")

    assert notebook.page.locator(".tw-row").count() < 60
    assert painted(notebook.page)[:2] == [
        "Your table 9999 is ready. Reply STOP.",
        "Your table 9998 is ready. Reply STOP.",
    ]
    assert notebook.page.locator(".tw-grid").get_attribute("aria-rowcount") == "10001"
    assert [row["Body"] for row in downloaded(notebook.page)] == [
        f"Your table {number} is ready. Reply STOP." for number in reversed(range(10_000))
    ]
