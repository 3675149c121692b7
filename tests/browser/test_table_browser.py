"""The virtual table in a real JupyterLab: what a person sees of it, and does with it."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from typing import TYPE_CHECKING, Any

import openpyxl
import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.harness import Notebook

pytestmark = pytest.mark.browser

MAKE = """
from datetime import datetime, timedelta, UTC
from twilio_widgets.panels.table.table import VirtualTable
from twilio_widgets.panels.table.cells import TableColumn

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
        [TableColumn("sent", "Sent", kind="time"), TableColumn("direction", "Direction", width=9),
         TableColumn("from", "From", kind="phone"), TableColumn("to", "To", kind="phone"),
         TableColumn("status", "Status", kind="status"),
         TableColumn("segments", "Segments", kind="number"), TableColumn("body", "Body")],
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
        page.get_by_label("Download these rows").first.select_option("csv")
    text = download.value.path().read_bytes().decode()
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


@pytest.mark.long
def test_sorting_by_a_header_is_shown_and_undone(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(30)))\ntable"])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 30 of 30 · newest first")
    head = page.get_by_role("columnheader", name="Segments")
    numbers = sorted(1 + number % 12 for number in range(30))

    head.click()
    wait_for_footer(page, "Showing 30 of 30 · by Segments, ascending")
    assert head.get_attribute("aria-sort") == "ascending"
    assert [int(row["Segments"]) for row in downloaded(page)] == numbers  # 2 before 10

    head.click()
    wait_for_footer(page, "Showing 30 of 30 · by Segments, descending")
    assert [int(row["Segments"]) for row in downloaded(page)] == numbers[::-1]

    notebook.execute("table.append([row(30, segments=5)])")
    wait_for_footer(page, "Showing 31 of 31 · by Segments, descending")
    assert [int(row["Segments"]) for row in downloaded(page)] == sorted([*numbers, 5])[::-1]

    head.click()
    wait_for_footer(page, "Showing 31 of 31 · newest first")
    assert head.get_attribute("aria-sort") == "none"


@pytest.mark.long
def test_search_and_filter_narrow_and_say_so(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.replace(map(row, reversed(range(200))), total=83_112)\ntable"])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 200 of 83,112 · newest first")

    page.get_by_label("Filter by Status").select_option("undelivered")
    wait_for_footer(page, "Showing 40 of 83,112 · filtered from 200 loaded · newest first")
    page.get_by_label("Search Messages").fill("TABLE 17")
    wait_for_footer(page, "Showing 3 of 83,112 · filtered from 200 loaded · newest first")
    assert [row["Body"] for row in downloaded(page)] == [
        "Your table 177 is ready. Reply STOP.",
        "Your table 172 is ready. Reply STOP.",
        "Your table 17 is ready. Reply STOP.",
    ]

    notebook.execute(f"table.update('SM{177:032x}', {{'status': 'delivered'}})")
    wait_for_footer(page, "Showing 2 of 83,112 · filtered from 200 loaded · newest first")
    page.get_by_label("Search Messages").fill("nowhere")
    wait_for_footer(page, "Showing 0 of 83,112 · filtered from 200 loaded · newest first")
    assert page.locator(".tw-empty").text_content() == "No rows match."


def test_the_keyboard_reaches_every_cell_and_opens_rows(notebook: Notebook) -> None:
    code = """
table.append(map(row, range(1000)))
opened = []
table.on_select(lambda row: opened.append(row['sid'][-3:]))
table"""
    notebook.open([MAKE, code])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 1,000 of 1,000 · newest first")
    cells = page.locator(".jp-Cell").count()
    page.locator(".tw-grid").focus()
    seen = []
    for keys in (
        ("ArrowRight",),
        ("ArrowDown", "End"),
        ("ArrowDown",),
        ("PageDown", "PageUp"),
        ("Control+End",),
        ("ArrowUp", "Home"),
        ("Control+Home",),
        ("ArrowUp",),
    ):
        notebook.press(*keys)
        page.evaluate("() => new Promise((done) => requestAnimationFrame(() => done()))")
        seen.append(marked(page))

    assert seen == [
        "Direction",
        "Your table 999 is ready. Reply STOP.",
        "Your table 998 is ready. Reply STOP.",
        "Your table 998 is ready. Reply STOP.",
        "Your table 0 is ready. Reply STOP.",
        "2026-01-15 12:00:01",
        "2026-01-15 12:16:39",
        "Sent (UTC)",
    ]
    notebook.press("Enter")
    wait_for_footer(page, "Showing 1,000 of 1,000 · by Sent (UTC), ascending")
    notebook.press("ArrowDown", "Enter", "b", "d", "d", "a")
    page.wait_for_selector(".tw-row[aria-selected=true]")
    assert notebook.execute("import time\nwhile not opened: time.sleep(0.01)\nopened") == "['000']"
    assert page.locator(".jp-Cell").count() == cells


@pytest.mark.long
def test_a_click_opens_a_row_and_the_kernel_has_all_of_it(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append([row(1, secret_of_the_row={'raw': 7})])\ntable"])
    notebook.run_all()
    notebook.page.get_by_text("Your table 1 is ready").click()

    assert notebook.execute(
        "import time\nwhile table.selected is None: time.sleep(0.01)\n"
        "print(table.selected['secret_of_the_row'])"
    ) == "{'raw': 7}\n"  # fmt: skip
    assert notebook.page.evaluate("() => document.activeElement.className") == "tw-grid"


LOSE_ONE = """
def losing(send=table.send):
    lost = []
    def lossy(content, buffers=None):
        if content["rows"] and not lost:
            lost.append(content)
        else:
            send(content, buffers)
    return lossy, lost
table.send, lost = losing()
"""


@pytest.mark.long
def test_a_lost_message_is_noticed_and_asked_for(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(10)))\ntable"])
    notebook.run_all()
    wait_for_footer(notebook.page, "Showing 10 of 10 · newest first")
    notebook.execute(LOSE_ONE + "table.append(map(row, range(10, 20)))")

    # Nothing follows the lost message but the note with which the table comes to rest.
    wait_for_footer(notebook.page, "Showing 20 of 20 · newest first")
    assert notebook.execute("len(lost)") == "1"
    assert len(downloaded(notebook.page)) == 20


@pytest.mark.long
def test_missing_rows_arrive_while_a_cell_runs(notebook: Notebook) -> None:
    """The page asks over the comm it opened itself: the widget's own would wait for the cell."""
    busy = """
import threading, time
threading.Timer(0.3, lambda: table.append(map(row, range(10, 20)))).start()
time.sleep(6)
"""
    notebook.open([MAKE, "table.append(map(row, range(10)))\ntable", busy])
    notebook.run(0)
    notebook.run(1)
    wait_for_footer(notebook.page, "Showing 10 of 10 · newest first")
    notebook.execute(LOSE_ONE)
    notebook.start(2)
    wait_for_footer(notebook.page, "Showing 20 of 20 · newest first")

    running = "() => document.querySelectorAll('.jp-InputPrompt')[2].textContent"
    assert notebook.page.evaluate(running) == "[*]:"
    assert len(downloaded(notebook.page)) == 20
    notebook.wait_idle()
    assert notebook.execute("len(lost)") == "1"


@pytest.mark.long
def test_a_reload_shows_every_row_again(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(3000)))\ntable"])
    notebook.run_all()
    wait_for_footer(notebook.page, "Showing 3,000 of 3,000 · newest first")
    notebook.save()
    notebook.visit()
    wait_for_footer(notebook.page, "Showing 3,000 of 3,000 · newest first")

    notebook.execute("table.append([row(3000)])")
    wait_for_footer(notebook.page, "Showing 3,001 of 3,001 · newest first")
    assert painted(notebook.page)[0] == "Your table 3000 is ready. Reply STOP."


@pytest.mark.long
def test_two_views_of_one_table_are_independent(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(10)))\ntable", "table"])
    notebook.run_all()
    page = notebook.page
    page.wait_for_function("document.querySelectorAll('.tw-count').length === 2")
    page.get_by_label("Search Messages").nth(1).fill("table 7")
    notebook.execute("table.append([row(70)])")
    page.wait_for_function(
        """() => JSON.stringify([...document.querySelectorAll(".tw-count")].map((e) =>
             e.textContent)) === JSON.stringify(["Showing 11 of 11 · newest first",
             "Showing 2 of 11 · filtered from 11 loaded · newest first"])"""
    )


@pytest.mark.long
def test_a_paused_table_holds_still_and_then_catches_up(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(100)))\ntable"])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 100 of 100 · newest first")
    page.get_by_role("button", name="Pause").click()
    before = painted(page)
    notebook.execute("table.append(map(row, range(100, 135)))")
    page.get_by_role("button", name="Resume (35 new)").wait_for()

    assert painted(page) == before
    wait_for_footer(page, "Showing 100 of 135 · paused, 35 new · newest first")
    page.get_by_role("button", name="Resume (35 new)").click()
    wait_for_footer(page, "Showing 135 of 135 · newest first")
    assert painted(page)[0] == "Your table 134 is ready. Reply STOP."


@pytest.mark.long
def test_visible_rows_stay_in_place_while_newer_ones_arrive(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(500)))\ntable"])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 500 of 500 · newest first")
    page.locator(".tw-grid").evaluate("(grid) => { grid.scrollTop = 2600; }")
    watched = page.get_by_text("Your table 395 is ready")
    watched.wait_for()
    before = watched.bounding_box()
    notebook.execute("table.append(map(row, range(500, 535)))")
    page.get_by_role("button", name="↑ 35 new").wait_for()

    assert watched.bounding_box() == before
    page.get_by_role("button", name="↑ 35 new").click()
    page.get_by_text("Your table 534 is ready").wait_for()
    page.get_by_role("button", name="↑ 35 new").wait_for(state="hidden")


@pytest.mark.long
def test_a_full_table_drops_the_oldest_rows_and_says_so(notebook: Notebook) -> None:
    notebook.open([MAKE, "table = make(max_rows=50)\ntable.append(map(row, range(40)))\ntable"])
    notebook.run_all()
    wait_for_footer(notebook.page, "Showing 40 of 40 · newest first")
    notebook.execute("table.append(map(row, range(40, 70)))")
    wait_for_footer(notebook.page, "Showing 50 of 70 · the oldest 20 were dropped · newest first")
    assert [row["Body"] for row in downloaded(notebook.page)] == [
        f"Your table {number} is ready. Reply STOP." for number in range(69, 19, -1)
    ]
    notebook.execute("table.clear()")
    wait_for_footer(notebook.page, "Showing 0 of 0 · newest first")
    assert notebook.page.locator(".tw-empty").text_content() == "No rows yet."


HOSTILE = (
    "<img src=x onerror=alert(1)>",
    "<img src=http://evil.example/x.png>",
    "<script>alert(1)</script>",
    "</div></section><script>alert(1)</script>",
    "<svg onload=alert(1)>",
    "<iframe src=javascript:alert(1)>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'>",
    "<a href=javascript:alert(1)>click</a>",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=http://evil.example/x.css>",
    "<meta http-equiv=refresh content='0;url=http://evil.example'>",
    "<base href=http://evil.example/>",
    "<body onload=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)>",
    "<object data=http://evil.example>",
    "<math><mi xlink:href=javascript:alert(1)>",
    "<template><script>alert(1)</script></template>",
    "--><script>alert(1)</script><!--",
    "]]><script>alert(1)</script>",
    "javascript:alert(1)",
    "${alert(1)} {{constructor.constructor('alert(1)')()}}",
    "$\\href{javascript:alert(1)}{x}$ $$\\unicode{x}$$",
    "&lt;script&gt;alert(1)&lt;/script&gt; &#60;img&#62;",
    "__proto__ constructor toString",
    "\"'><img src=x onerror=alert(1)>",
    "Z" + "\u0301" * 400 + "algo",
    "W" * 5_000,
)


@pytest.mark.long
def test_hostile_bodies_are_text(notebook: Notebook) -> None:
    """Twenty-nine bodies that want to be more than text, as body, status, number and note."""
    code = (
        f"BODIES = {HOSTILE!r}\n"
        + """
table.replace([row(n, body=b, status=b, to=b) for n, b in enumerate(BODIES)], note=BODIES[0])
table.on_select(lambda row: None)
table"""
    )
    notebook.open([MAKE.replace("= make()", "= make(height=900)"), code])
    before = len(notebook.watch.requests)
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, f"Showing {len(HOSTILE)} of {len(HOSTILE)} · newest first")
    page.locator(".tw-row").nth(1).hover()
    page.locator(".tw-row").nth(1).click()
    page.get_by_label("Filter by Status").select_option(HOSTILE[2])

    wait_for_footer(page, "Showing 1 of 29 · filtered from 29 loaded · newest first")
    page.get_by_label("Filter by Status").select_option("")
    wait_for_footer(page, f"Showing {len(HOSTILE)} of {len(HOSTILE)} · newest first")
    shown = [body[:4_000] + "… (5,000 characters)" * (len(body) > 4_000) for body in HOSTILE]
    assert painted(page) == shown
    assert page.locator(".tw-note").text_content() == HOSTILE[0]
    assert page.evaluate(
        """() => [...document.querySelectorAll(".tw-rows *")].map((e) => e.tagName)
             .filter((tag) => tag !== "DIV" && tag !== "SPAN")"""
    ) == []  # fmt: skip
    assert page.evaluate(
        """() => [...document.querySelectorAll(".tw-row")].every((row) =>
             row.getBoundingClientRect().height === 26)"""
    )
    asked = [url for url in notebook.watch.requests[before:] if "evil" in url or url.endswith("/x")]
    assert asked == []


@pytest.mark.long
def test_invisible_and_reordering_characters_are_made_visible(notebook: Notebook) -> None:
    bodies = {
        "pay \u202egnp.exe": "pay ⟨U+202E⟩gnp.exe",
        "two\nlines\r\nor\tthree": "two⏎lines⏎or⇥three",
        "zero\u200bwidth\ufeff": "zero⟨U+200B⟩width⟨U+FEFF⟩",
        "\x00\x1b[31mred\x7f": "␀␛[31mred␡",
        "\u2066isolated\u2069": "⟨U+2066⟩isolated⟨U+2069⟩",
        "family 👨\u200d👩\u200d👧": "family 👨\u200d👩\u200d👧",
    }
    notebook.open([MAKE, f"table.replace([row(n, body=b) for n, b in enumerate({list(bodies)!r})])",
                   "table"])  # fmt: skip
    notebook.run_all()
    wait_for_footer(notebook.page, "Showing 6 of 6 · newest first")

    assert painted(notebook.page) == list(bodies.values())
    assert [row["Body"] for row in downloaded(notebook.page)] == list(bodies)


@pytest.mark.long
def test_a_spreadsheet_takes_no_cell_of_the_csv_for_a_formula(notebook: Notebook) -> None:
    bodies = {
        "=HYPERLINK(1)": "'=HYPERLINK(1)",
        "+1+1": "'+1+1",
        "-2+3": "'-2+3",
        "@SUM(A1)": "'@SUM(A1)",
        "\tx": "'\tx",
        "\rx": "'\rx",
        "+14155550123": "+14155550123",
        'say "hi", then': 'say "hi", then',
    }
    notebook.open([MAKE, "table.replace([row(n, body=b, segments=-1) for n, b in "
                   f"enumerate({list(bodies)!r})])\ntable"])  # fmt: skip
    notebook.run_all()
    wait_for_footer(notebook.page, "Showing 8 of 8 · newest first")
    rows = downloaded(notebook.page)

    assert [row["Body"] for row in rows] == list(bodies.values())
    assert {row["Segments"] for row in rows} == {"-1"}
    assert {row["From"] for row in rows} == {"+15005550006"}


@pytest.mark.long
def test_a_saved_notebook_says_it_with_no_kernel_and_holds_no_state(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append(map(row, range(300)))\ntable"])
    notebook.run_all()
    wait_for_footer(notebook.page, "Showing 300 of 300 · newest first")
    saved = notebook.save()
    data = saved["cells"][1]["outputs"][1]["data"]

    assert "widgets" not in saved["metadata"]
    assert data["text/plain"] == ["VirtualTable(label='Messages', rows=300)"]
    html = "".join(data["text/html"])
    assert "Showing the last 200 of 300 (300 were loaded), newest first." in html
    assert html.count("<tr>") == 201


@pytest.mark.long
def test_copying_takes_the_marked_cell_or_its_row(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append([row(1)])\ntable"])
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook.run_all()
    page = notebook.page
    page.get_by_text("Your table 1 is ready").click()
    notebook.press("Control+c")
    page.get_by_text("Cell copied.").wait_for(state="attached")
    read = "() => navigator.clipboard.readText()"
    assert page.evaluate(read) == "Your table 1 is ready. Reply STOP."

    page.get_by_role("button", name="Copy row").click()
    page.get_by_text("7 cells copied, with headings.").wait_for(state="attached")
    heads = ["Sent (UTC)", "Direction", "From", "To", "Status", "Segments", "Body"]
    assert page.evaluate(read).split("\r\n") == [
        "\t".join(heads),
        "\t".join(
            ["2026-01-15 12:00:01", "out", "+15005550006", "+14155550001", "sent", "2",
             "Your table 1 is ready. Reply STOP."]),
    ]  # fmt: skip


def test_a_range_is_selected_copied_and_known_to_the_kernel(notebook: Notebook) -> None:
    evil = '=HYPERLINK("http://evil")'
    code = f"table.append([row(1), row(2, body={evil!r}), row(3)])\ntable"
    notebook.open([MAKE, code])
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 3 of 3 · newest first")
    page.get_by_role("gridcell", name="Your table 3 is ready").hover()
    page.mouse.down()
    page.get_by_role("gridcell", name=evil).hover()
    page.mouse.up()
    notebook.press("Shift+ArrowLeft", "Control+c")
    page.get_by_text("4 cells copied, with headings.").wait_for(state="attached")

    lines = page.evaluate("() => navigator.clipboard.readText()").split("\r\n")
    assert lines == [
        "Segments\tBody",
        "4\tYour table 3 is ready. Reply STOP.",
        '3\t"\'=HYPERLINK(""http://evil"")"',
    ]
    html = page.evaluate(CLIPBOARD_HTML)
    assert "<th>Segments</th>" in html
    assert "'=HYPERLINK" in html
    assert notebook.execute("[one['sid'][-1] for one in table.chosen]") == "['3', '2']"

    notebook.press("Control+a")
    page.wait_for_function("() => document.querySelectorAll('.tw-chosen').length === 21")
    assert page.evaluate("() => getSelection().isCollapsed")


@pytest.mark.long
def test_shift_click_selects_control_arrows_jump_and_letters_lead_to_a_row(
    notebook: Notebook,
) -> None:
    notebook.open([MAKE, "table.append(map(row, range(20)))\ntable"])
    notebook.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 20 of 20 · newest first")
    page.get_by_role("gridcell", name="Your table 19 is ready").click()
    page.get_by_role("gridcell", name="Your table 17 is ready").click(modifiers=["Shift"])
    notebook.press("Control+c")
    page.get_by_text("3 cells copied, with headings.").wait_for(state="attached")
    assert page.evaluate("() => navigator.clipboard.readText()").split("\r\n") == [
        "Body",
        *(f"Your table {number} is ready. Reply STOP." for number in (19, 18, 17)),
    ]

    places = []
    for keys in ("Control+ArrowDown", "Control+ArrowLeft", "Control+ArrowRight"):
        notebook.press(keys)
        places.append(marked(page))
    assert places == [
        "Your table 0 is ready. Reply STOP.",
        "2026-01-15 12:00:00",
        "Your table 0 is ready. Reply STOP.",
    ]

    notebook.press("ArrowLeft", "ArrowLeft", "Control+ArrowUp")
    assert marked(page) == "queued"  # row 19
    for letters, status in (("und", "undelivered 30006"), ("se", "sent")):
        page.wait_for_timeout(1_500)  # a pause begins a new word
        page.keyboard.type(letters)
        assert marked(page) == status


CLIPBOARD_HTML = """async () => {
  const [item] = await navigator.clipboard.read();
  return (await item.getType("text/html")).text();
}"""


@pytest.mark.long
def test_columns_are_chosen_exported_and_found_again(notebook: Notebook) -> None:
    notebook.open([MAKE, "table.append([row(1), row(2)])\ntable"])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 2 of 2 · newest first")
    page.get_by_role("button", name="Columns").click()
    page.get_by_role("checkbox", name="Direction").uncheck()
    page.get_by_role("button", name="Move To forward").click()
    notebook.press("Escape")
    assert page.locator(".tw-head .tw-cell:visible").count() == 6
    assert list(downloaded(page)[0])[:3] == ["Sent (UTC)", "To", "From"]
    with page.expect_download() as download:
        page.get_by_label("Download these rows").select_option("xlsx")
    sheet = openpyxl.load_workbook(io.BytesIO(download.value.path().read_bytes()))["rows"]
    heads, first = list(sheet.values)[:2]
    assert heads == ("Sent (UTC)", "To", "From", "Status", "Segments", "Body")
    assert first[0] == datetime(2026, 1, 15, 12, 0, 2)  # noqa: DTZ001  # Excel has no zones

    notebook.run_all()  # makes another table of the same kind
    wait_for_footer(page, "Showing 2 of 2 · newest first")
    expect(page.locator(".tw-head .tw-cell:visible")).to_have_count(6)


@pytest.mark.long
def test_the_table_is_drawn_light_and_dark(notebook: Notebook) -> None:
    """The pictures are for people; here only that a pill's text can be read on its ground."""
    code = """
table.append(map(row, range(200)))
table.append([row(200, status='failed 30003', body='<img src=x onerror=alert(1)>')])
table.annotate(total=83_112, note='30003: the handset was off or out of reach')
table"""
    notebook.open([MAKE, code])
    notebook.run_all()
    page = notebook.page
    wait_for_footer(page, "Showing 201 of 83,112 · newest first")
    page.locator(".tw-row").nth(2).click()
    for theme in ("light", "dark"):
        notebook.screenshot("table", theme, of=".tw-table")
        assert min(page.evaluate(CONTRAST)) >= 4.5, theme


CONTRAST = """() => {
  const context = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const over = (colours) => {
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return light(context.getImageData(0, 0, 1, 1).data);
  };
  const paper = getComputedStyle(document.querySelector(".tw-table")).backgroundColor;
  return [...document.querySelectorAll(".tw-row:not([hidden]) .tw-pill, .tw-count, .tw-title")]
    .map((element) => {
      const { color, backgroundColor } = getComputedStyle(element);
      const ground = [paper, backgroundColor];
      const [a, b] = [over(ground), over([...ground, color])].sort((x, y) => y - x);
      return (a + 0.05) / (b + 0.05);
    });
}"""
