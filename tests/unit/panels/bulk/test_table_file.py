"""The sheet and the encoding of a file on the bulk card."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import openpyxl
import pytest

import twilio_widgets as tw
from tests.panel_driver import PanelDriver
from twilio_widgets.client import Twilio
from twilio_widgets.panels.bulk.panel import BulkPanel
from twilio_widgets.panels.bulk.table_file import opened

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from twilio_widgets.sandbox import Sandbox

TEXT = "phone;name\n+14155550101;Zoë\n+14155550102;Café Müller\n+14155550103;Ann\n"


@pytest.fixture
def panel(sandbox: Sandbox) -> Iterator[BulkPanel]:
    panel = BulkPanel(Twilio(sandbox.connection), body="Hi {name}", from_=sandbox.numbers[0])
    yield panel
    panel.close()


def upload(panel: BulkPanel, name: str, content: bytes) -> PanelDriver:
    page = PanelDriver(panel)
    page.upload(panel._form.upload, name, content)
    assert panel.join(20)
    return page


def choose(page: PanelDriver, label: str, text: str) -> None:
    page.choose(label, text)
    assert page.panel.join(20)


def workbook() -> bytes:
    book = openpyxl.Workbook()
    for title, name in (("Monday", "Ada"), ("Tuesday", "Bob")):
        sheet = book.create_sheet(title)
        sheet.append(["phone", "name", "table"])
        sheet.append(["+14155550101", name, 7])
        sheet.append([14155550102, "NA", None])
    book.create_sheet("Prices").sheet_state = "hidden"
    del book["Sheet"]
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def labels(page: PanelDriver) -> set[str]:
    return {str(getattr(one, "label", "")) for one in page.shown()}


@pytest.mark.parametrize(
    ("content", "guess"),
    [
        (TEXT.encode(), ""),
        (TEXT.encode("utf-8-sig"), ""),
        (TEXT.encode("cp1252"), "cp1252"),
        ("name\ndon’t – wait…\n".encode("cp1252"), "cp1252"),
        (TEXT.encode("mac_roman"), "mac_roman"),
        (TEXT.encode("utf-16"), "utf-16"),
        (TEXT.encode("utf-16-le"), "utf-16"),
        (TEXT.encode("utf-16-be"), "utf-16"),
    ],
)
def test_an_encoding_is_guessed_for_a_file_that_is_not_utf_8(content: bytes, guess: str) -> None:
    file = opened("guests.csv", content)

    assert file.guessed == guess
    assert "�" not in str(file.table().columns)


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_is_read_with_the_guessed_encoding(panel: BulkPanel, encoding: str) -> None:
    page = upload(panel, "guests.csv", TEXT.encode(encoding))

    assert "Encoding" in labels(page)
    assert panel._table is not None
    assert panel._table.columns["name"] == ["Zoë", "Café Müller", "Ann"]
    assert panel._form.file._preview._content == {
        "names": ["phone", "name"],
        "rows": [["0", "+14155550101", "Zoë"], ["1", "+14155550102", "Café Müller"]],
    }


def test_another_encoding_reads_the_file_again_and_discards_the_plan(panel: BulkPanel) -> None:
    page = upload(panel, "guests.csv", TEXT.encode("cp1252"))
    page.press("Check")
    assert panel.join(20)
    assert panel._state.ask is not None

    choose(page, "Encoding", "Mac Roman")

    assert (panel._state.phase, panel._state.checked, panel._state.ask) == ("writing", None, None)
    assert panel._table is not None
    assert panel._table.columns["name"][0] == "ZoÎ"
    assert "Your choice. The guess was Windows-1252." in page.sentences()


def test_an_encoding_that_does_not_fit_leaves_no_table_and_can_be_changed(panel: BulkPanel) -> None:
    page = upload(panel, "guests.csv", TEXT.encode("cp1252"))

    choose(page, "Encoding", "UTF-8")
    assert (panel._state.source, panel._table) == (None, None)
    assert "guests.csv is not UTF-8 (byte 26). Choose another encoding." in page.sentences()
    assert page.press("Check") == "disabled"

    choose(page, "Encoding", "Latin-1")
    assert panel._table is not None
    assert panel._table.columns["name"][0] == "Zoë"


def test_a_sheet_can_be_chosen(panel: BulkPanel) -> None:
    page = upload(panel, "week.xlsx", workbook())
    assert [text for _, text in page.control("Sheet").options] == ["Monday", "Tuesday", "Prices"]
    assert panel._table is not None
    assert panel._table.columns["name"] == ["Ada", "NA"]
    page.press("Check")
    assert panel.join(20)

    choose(page, "Sheet", "Tuesday")
    assert (panel._state.checked, panel._table.columns["name"]) == (None, ["Bob", "NA"])

    choose(page, "Sheet", "Prices")
    assert (panel._state.source, panel._table) == (None, None)
    assert "Sheet" in labels(page)


def test_the_choosers_are_hidden_for_a_table_that_can_be_read_in_one_way(panel: BulkPanel) -> None:
    page = upload(panel, "guests.csv", TEXT.encode("cp1252"))
    assert "Encoding" in labels(page)

    upload(panel, "guests.csv", TEXT.encode())

    assert not {"Sheet", "Encoding"} & labels(page)


@pytest.mark.parametrize(
    ("file", "choice"),
    [
        (("guests.csv", TEXT.encode("cp1252")), None),
        (("guests.csv", TEXT.encode("utf-16-be")), None),
        (("guests.csv", TEXT.encode("cp1252")), ("Encoding", "Mac Roman")),
        (("week.xlsx", workbook()), None),
        (("week.xlsx", workbook()), ("Sheet", "Tuesday")),
    ],
    ids=["guess", "UTF-16", "encoding", "first sheet", "sheet"],
)
def test_the_code_shown_makes_the_same_plan(
    panel: BulkPanel,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    file: tuple[str, bytes],
    choice: tuple[str, str] | None,
) -> None:
    name, content = file
    page = upload(panel, name, content)
    if choice is not None:
        choose(page, *choice)
    page.press("Check")
    assert panel.join(20)
    (tmp_path / name).write_bytes(content)
    monkeypatch.chdir(tmp_path)

    code = panel._snippet(panel._state).ours
    reading = code[: code.index("plan.rejected")].split("\n\n", 1)[-1]
    made: dict[str, object] = {"tw": tw}
    exec(reading, made)

    plan = made["plan"]
    assert panel.plan is not None
    assert isinstance(plan, tw.Plan)
    assert plan.ready.to_dict() == panel.plan.ready.to_dict()
    assert plan.rejected.to_dict() == panel.plan.rejected.to_dict()


@pytest.mark.parametrize("text", ["name\né\0", "name\n\x80\0", "name\nplain\0"])
def test_utf_8_stays_utf_8_with_a_null_character_in_it(text: str) -> None:
    """Windows-1252 can read every UTF-8 file too, and would send é as Ã©."""
    file = opened("guests.csv", text.encode())
    assert (file.encoding, file.guessed) == ("utf-8", "")
