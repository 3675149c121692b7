"""A viewer for bytes: shows an image, and saves any other file."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.inputs.ordered_button import Pressable
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twilio_widgets.panels.inputs.ordered_input import Pressed

LARGEST_PICTURE = 20_000_000
"""The largest image shown, in bytes; a larger one can be saved."""

_PICTURES = (
    (re.compile(rb"\x89PNG\r\n\x1a\n"), "image/png"),
    (re.compile(rb"\xff\xd8\xff"), "image/jpeg"),
    (re.compile(rb"GIF8[79]a"), "image/gif"),
    (re.compile(rb"RIFF....WEBP", re.DOTALL), "image/webp"),
)
"""Signatures of images that every browser shows. Without SVG, which can contain scripts."""

_ENDINGS: Mapping[str, str] = {
    "image/png": "png",
    "image/jpeg": "jpg",
    "image/gif": "gif",
    "image/webp": "webp",
    "application/json": "json",
    "application/pdf": "pdf",
    "application/xml": "xml",
    "text/plain": "txt",
    "text/csv": "csv",
    "text/vcard": "vcf",
    "audio/mpeg": "mp3",
    "audio/wav": "wav",
    "audio/x-wav": "wav",
    "video/mp4": "mp4",
}


class BytesView(Pressable):
    """An image, or the name and size of a file, with a button that saves it.

    The bytes are not widget state, so no notebook saves them; a page requests them.
    """

    _esm = asset(__file__, "blob.js")
    name = traitlets.Unicode().tag(sync=True)
    size = traitlets.Unicode().tag(sync=True)
    picture = traitlets.Unicode().tag(sync=True)
    epoch = traitlets.Int(0).tag(sync=True)

    def __init__(self) -> None:
        super().__init__()
        self._content = b""
        self.on_press(self._save)
        self.on_msg(self._receive)

    def show(self, content: bytes, *, stem: str, content_type: str | None) -> None:
        """Show these bytes.

        Args:
            content: The bytes.
            stem: The file name without its extension.
            content_type: The declared content type.
        """
        picture = picture_type(content)
        self._content = content
        with self.hold_sync():
            self.name = file_name(stem, picture or content_type)
            self.size = size_words(len(content))
            self.picture = (picture or "") if len(content) <= LARGEST_PICTURE else ""
            self.epoch += 1

    def _receive(self, _widget: object, content: object, _buffers: object) -> None:
        match content:
            case {"t": "want", "epoch": epoch} if epoch == self.epoch:
                self.send({"t": "bytes", "epoch": self.epoch}, [self._content])

    def _save(self, pressed: Pressed) -> None:
        """Send the bytes to the page of a press, which saves them."""
        self.send({"t": "bytes", "epoch": self.epoch, "page": pressed.page}, [self._content])
        pressed.answer("")


def picture_type(content: bytes) -> str | None:
    """Return the type of an image by its signature, ignoring the declared one; or None."""
    return next((kind for mark, kind in _PICTURES if mark.match(content)), None)


def file_name(stem: str, content_type: str | None) -> str:
    """Return a file name that is safe on every system."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip(".-")[:80] or "answer"
    kind = (content_type or "").partition(";")[0].strip().lower()
    ending = _ENDINGS.get(kind, "bin")
    return plain if plain.lower().endswith(f".{ending}") else f"{plain}.{ending}"


def size_words(size: int) -> str:
    """Return a size as text, in decimal units."""
    if size < 1_000:
        return f"{size} byte{'s'[: size != 1]}"
    number, unit = (size / 1_000, "kB") if size < 1_000_000 else (size / 1_000_000, "MB")
    return f"{number:,.1f} {unit}"
