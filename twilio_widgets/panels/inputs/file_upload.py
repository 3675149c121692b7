"""Files of a request: chosen on the page and kept by the kernel, not in the widget's state.

`ipywidgets.FileUpload` keeps the bytes in a synced trait, so a saved notebook may contain them.
Here they are uploaded in chunks, each in the binary buffer of a message; the state contains names
and sizes only.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.ordered_input import OrderedInput, text_in
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.viewers.blob import size_words

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

MOST_FILES = 20
LARGEST_FILE = 16_000_000
"""Bytes of one file. A larger one is code's work."""
LARGEST_PIECE = 1_000_000
"""Bytes of one message: Jupyter's server hangs up on one of more than 10 MiB."""

_LONGEST_NAME = 255
_MOST_COMING = 4
_PATIENCE = 30.0
"""Seconds without a chunk after which an upload is given up."""


@dataclass(frozen=True, slots=True)
class ChosenFile:
    """One file of a multipart body."""

    number: int
    """Tells rows apart; never given twice in a table."""
    name: str
    """The name of its form field."""
    file_name: str
    """The file name that is sent with it."""
    size: int
    content: bytes | None = field(default=None, repr=False, compare=False)
    """None: it has to be chosen again."""


@dataclass(slots=True)
class _Coming:
    """A file that is on its way from a page."""

    name: str
    size: int
    begun: dict[str, object]
    """The message it began with."""
    content: bytearray = field(default_factory=bytearray)
    touched: float = field(default_factory=time.monotonic)


class FileUpload(OrderedInput):
    """Rows of a field name and a file, with a button that adds one."""

    _esm = asset(__file__, "file_upload.js")
    rows = traitlets.List[list[object]]().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    piece = traitlets.Int(LARGEST_PIECE).tag(sync=True)
    disabled = traitlets.Bool(False).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._files: tuple[ChosenFile, ...] = ()
        self._last = 0
        self._coming: dict[str, _Coming] = {}
        self._on_change: Callable[[tuple[ChosenFile, ...]], object] | None = None
        self.on_msg(self._receive)

    @property
    def files(self) -> tuple[ChosenFile, ...]:
        """The files, in the order they stand."""
        return self._files

    def on_change(self, callback: Callable[[tuple[ChosenFile, ...]], object]) -> None:
        """Call back with the files when a person changed them. It must not raise."""
        self._on_change = callback

    def write(self, files: Iterable[ChosenFile]) -> None:
        """Put these files into the table."""
        self._files = tuple(files)
        self._last = max([self._last, *(file.number for file in self._files)])
        self.rows, self.problem = self._rows(), ""

    @property
    def shown(self) -> object:
        """The files by number and names, as a page that shows them sends them."""
        return [[file.number, file.name, file.file_name] for file in self._files]

    def has_heard(self, view: str, number: int) -> bool:
        """Return whether a view's messages up to a number arrived and no upload is in progress."""
        now = time.monotonic()
        comes = any(now - one.touched < _PATIENCE for one in self._coming.values())
        return not comes and super().has_heard(view, number)

    def _rows(self) -> list[list[object]]:
        return [
            [
                file.number,
                file.name,
                file.file_name,
                size_words(file.size) if file.content is not None else "choose it again",
            ]
            for file in self._files
        ]

    def _receive(self, _widget: object, content: object, buffers: object) -> None:
        """Take what the page may say, and nothing else: it is input like any other."""
        if not isinstance(content, dict):
            return
        with self._lock:
            self._hear(content, buffers)

    def _hear(self, content: dict[str, object], buffers: object) -> None:
        match content:
            case {"t": "begin", "u": str(upload)} if self.disabled:
                self.send({"t": "no", "u": upload})
                self._done(content)
            case {"t": "begin", "u": str(upload), "name": str(name), "size": int(size)}:
                self._begin_upload(content, upload, name, size)
            case {"t": "piece", "u": str(upload), "from": int(start)}:
                self._take_piece(upload, start, _piece_in(buffers))
            case {"t": "remove" | "typed"} if self.disabled:
                self._done(content)
            case {"t": "remove", "id": int(number)}:
                self._keep(content, tuple(one for one in self._files if one.number != number))
            case {"t": "typed", "id": int(number), "name": str(name), "file": str(file_name)}:
                self._rename(content, number, text_in(name, 1_000), text_in(file_name, 1_000))

    def _done(self, content: dict[str, object]) -> None:
        self._take(content, lambda _content: None)

    def _begin_upload(self, content: dict[str, object], upload: str, name: str, size: int) -> None:
        if not re.fullmatch(r"[0-9-]{1,40}", upload) or upload in self._coming:
            return
        problem = ""
        if size > LARGEST_FILE:
            problem = (
                f"{_plain(name)} has {size_words(size)}; "
                f"the most is {size_words(LARGEST_FILE)}. Send it from code instead."
            )
        elif size < 0 or len(self._files) + len(self._coming) >= MOST_FILES:
            problem = f"{MOST_FILES} files are the most. Remove one first."
        self.problem = problem
        if problem:
            self.send({"t": "no", "u": upload})
            self._done(content)
            return
        self._coming[upload] = _Coming(_plain(name), size, content)
        while len(self._coming) > _MOST_COMING:  # left behind by pages that were closed
            self._give_up(next(iter(self._coming)))
        self._go_on(upload)

    def _take_piece(self, upload: str, start: int, piece: bytes | None) -> None:
        coming = self._coming.get(upload)
        if coming is None or piece is None or start != len(coming.content):
            return
        if not piece or start + len(piece) > coming.size:
            self._give_up(upload)
            return
        coming.content += piece
        coming.touched = time.monotonic()
        self._go_on(upload)

    def _give_up(self, upload: str) -> None:
        begun = self._coming.pop(upload).begun
        self.send({"t": "no", "u": upload})
        self._done(begun)

    def _go_on(self, upload: str) -> None:
        """Ask for the next piece, or put the whole file into the table."""
        coming = self._coming[upload]
        if len(coming.content) < coming.size:
            self.send({"t": "go", "u": upload, "from": len(coming.content)})
            return
        del self._coming[upload]
        self._last += 1
        part = ChosenFile(self._last, "File", coming.name, coming.size, bytes(coming.content))
        self._keep(coming.begun, (*self._files, part))
        self.send({"t": "done", "u": upload})

    def _rename(
        self, content: dict[str, object], number: int, name: str | None, file_name: str | None
    ) -> None:
        if name is None or file_name is None:
            self._done(content)
            return
        renamed = tuple(
            replace(one, name=name, file_name=file_name) if one.number == number else one
            for one in self._files
        )
        self._keep(content, renamed)

    def _keep(self, content: dict[str, object], files: tuple[ChosenFile, ...]) -> None:
        self._take(content, lambda _content: self._put(files))

    def _put(self, files: tuple[ChosenFile, ...]) -> None:
        self._files = files
        self.rows = self._rows()
        if self._on_change is not None:
            self._on_change(files)


def _piece_in(buffers: object) -> bytes | None:
    """Return the bytes of the one buffer there may be, and empty the list.

    Emptied, because the kernel keeps the last message that it received until the next comes.
    """
    if not isinstance(buffers, list) or len(buffers) != 1:
        return None
    piece = buffers.pop()
    if not isinstance(piece, bytes | memoryview) or len(piece) > LARGEST_PIECE:
        return None
    return bytes(piece)


def _plain(name: str) -> str:
    """Return a file name with no folder before it and nothing in it that cannot be seen."""
    last = re.split(r"[/\\]", name)[-1]
    printable = "".join(char for char in last if char.isprintable())
    return printable[:_LONGEST_NAME] or "file"
