"""Files as a Python object: they come in pieces, and are no part of the widget's state."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import pytest

from twilio_widgets.panels.inputs import file_upload as files
from twilio_widgets.panels.inputs.file_upload import (
    LARGEST_FILE,
    LARGEST_PIECE,
    MOST_FILES,
    ChosenFile,
    FileUpload,
)
from twilio_widgets.panels.kit.elements import close_tree

if TYPE_CHECKING:
    from collections.abc import Iterator


class Page:
    """A page that sends a file as the kernel asks for it."""

    def __init__(self, table: FileUpload, monkeypatch: pytest.MonkeyPatch) -> None:
        self.table, self.answers = table, list[dict[str, Any]]()
        monkeypatch.setattr(table, "send", lambda message, *_: self.answers.append(message))

    def begin(self, content: bytes, name: str = "menu.png", upload: str = "1-1") -> None:
        self.say({"t": "begin", "u": upload, "name": name, "size": len(content), "n": "9-9:1"})

    def piece(self, content: object, start: int, upload: str = "1-1") -> list[object]:
        buffers = [content]
        self.say({"t": "piece", "u": upload, "from": start}, buffers)
        return buffers

    def upload(self, content: bytes, name: str = "menu.png", upload: str = "1-1") -> None:
        self.begin(content, name, upload)
        while self.answers[-1]["t"] == "go":
            start = self.answers[-1]["from"]
            self.piece(memoryview(content[start : start + LARGEST_PIECE]), start, upload)

    def say(self, message: object, buffers: list[object] | None = None) -> None:
        self.table._handle_custom_msg(message, buffers or [])


@pytest.fixture
def table() -> Iterator[FileUpload]:
    table = FileUpload()
    yield table
    close_tree(table)


@pytest.fixture
def page(table: FileUpload, monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(table, monkeypatch)


def test_a_file_in_several_chunks_is_complete_and_not_in_the_state(
    table: FileUpload, page: Page
) -> None:
    content = bytes(range(256)) * 10_000
    told: list[tuple[ChosenFile, ...]] = []
    table.on_change(told.append)
    page.upload(content)

    assert [answer["t"] for answer in page.answers] == ["go", "go", "go", "done"]
    assert [(one.name, one.file_name, one.size) for one in table.files] == [
        ("File", "menu.png", 2_560_000)
    ]
    assert table.files[0].content == content
    assert told == [table.files]
    assert table.rows == [[1, "File", "menu.png", "2.6 MB"]]
    assert len(str(table.get_state())) < 10_000
    assert "content" not in repr(table.files)


def test_an_empty_file_is_a_file(table: FileUpload, page: Page) -> None:
    page.upload(b"", "empty.txt")

    assert table.files[0].content == b""


def test_the_kernel_keeps_no_second_copy_of_a_piece(page: Page) -> None:
    page.begin(b"abc")

    assert page.piece(b"abc", 0) == []


@pytest.mark.parametrize(
    "message",
    [
        {"t": "piece", "u": "1-1", "from": 1},
        {"t": "piece", "u": "2-2", "from": 0},
        {"t": "piece", "u": "1-1", "from": "0"},
        {"t": "begin", "u": "1-1", "name": "again", "size": 3},
        {"t": "begin", "u": "<b>", "name": "x", "size": 3},
        {"t": "begin", "u": "3-3", "name": 5, "size": 3},
        {"t": "remove", "id": "1"},
        {"t": "typed", "id": 1, "name": None, "file": "x"},
        "piece",
        None,
    ],
)
def test_an_unknown_message_of_a_page_changes_nothing(
    table: FileUpload, page: Page, message: object
) -> None:
    page.begin(b"abc")
    page.say(message, [b"abc"])

    assert table.files == ()
    assert page.answers == [{"t": "go", "u": "1-1", "from": 0}]


@pytest.mark.parametrize("piece", [b"abcd", b"", "abc", None, b"x" * (LARGEST_PIECE + 1)])
def test_a_piece_that_does_not_fit_ends_or_changes_nothing(
    table: FileUpload, page: Page, piece: object
) -> None:
    page.begin(b"abc")
    page.piece(piece, 0)

    assert table.files == ()


def test_a_file_that_is_too_large_or_too_many_is_refused_with_a_sentence(
    table: FileUpload, page: Page
) -> None:
    page.say({"t": "begin", "u": "1-1", "name": "film.mp4", "size": LARGEST_FILE + 1})
    large = table.problem
    for number in range(MOST_FILES + 1):
        page.upload(b"x", f"{number}.txt", f"7-{number}")

    assert large == ("film.mp4 has 16.0 MB; the most is 16.0 MB. Send it from code instead.")
    assert len(table.files) == MOST_FILES
    assert table.problem == "20 files are the most. Remove one first."
    assert page.answers[-1] == {"t": "no", "u": "7-20"}


@pytest.mark.parametrize(
    ("message", "kept"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\me\\menu.png", "menu.png"),
        ("\u202egnp.exe\n", "gnp.exe"),
        ("", "file"),
        ("\ud83d.png", ".png"),
        ("n" * 500, "n" * 255),
    ],
)
def test_a_file_name_is_a_name_and_nothing_else(
    table: FileUpload, page: Page, message: str, kept: str
) -> None:
    page.upload(b"x", message)

    assert table.files[0].file_name == kept


def test_rows_are_renamed_and_removed(table: FileUpload, page: Page) -> None:
    page.upload(b"x", "a.txt", "1-1")
    page.upload(b"y", "b.txt", "1-2")
    page.say({"t": "typed", "id": 2, "name": "Picture", "file": "c.txt", "n": "9-9:5"})
    page.say({"t": "remove", "id": 1, "n": "9-9:6"})

    assert [(one.name, one.file_name, one.content) for one in table.files] == [
        ("Picture", "c.txt", b"y")
    ]
    assert table.has_heard("9-9", 6)


def test_a_press_waits_until_a_file_is_here(
    table: FileUpload, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request must not leave without the file that was chosen before Send was pressed."""
    page.upload(b"abc")
    here = table.has_heard("9-9", 1)
    page.begin(b"abc", upload="2-2")
    waits = table.has_heard("9-9", 1)
    abandoned = time.monotonic() + files._PATIENCE + 1
    monkeypatch.setattr(time, "monotonic", lambda: abandoned)

    assert (here, waits, table.has_heard("9-9", 1)) == (True, False, True)


def test_uploads_that_pages_left_behind_make_room(page: Page) -> None:
    for number in range(6):
        page.begin(b"abc", upload=f"1-{number}")

    assert [answer["u"] for answer in page.answers if answer["t"] == "no"] == ["1-0", "1-1"]
