"""What elements share in which a person types: the kernel's word does not undo a keystroke.

The page says what stands in a field, with a number of its own. The kernel checks it, keeps it as
state and says up to which number it has heard. A page draws what the kernel says unless it has said
something newer meanwhile; so two pages agree, and one that is loaded again finds everything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import traitlets

from twilio_widgets.panels.card import STATIC, Element

if TYPE_CHECKING:
    from pathlib import Path

LONGEST_TEXT = 100_000
"""Characters of one field. Twilio's longest parameters have some thousands."""

_LONGEST_NUMBER = 80


class Typed(Element):
    """An element in which a person types."""

    heard = traitlets.Unicode().tag(sync=True)

    def _heard(self, content: dict[str, object], **values: object) -> None:
        """Keep what the page said, and tell it how far it was heard."""
        number = content.get("n")
        known = isinstance(number, str) and len(number) <= _LONGEST_NUMBER and number.isascii()
        self._set(str(number) if known else "", values)

    def _write(self, **values: object) -> None:
        """Put something into the fields, over whatever is being typed."""
        self._set("", values)

    def _set(self, heard: str, values: dict[str, object]) -> None:
        with self.hold_sync():
            for name, value in values.items():
                setattr(self, name, value)
            self.heard = heard


def text_in(value: object, longest: int = LONGEST_TEXT) -> str | None:
    """Return a text that a page sent; None when it is none, or longer than any field takes.

    Half of a surrogate pair cannot be sent to a page again, so it is replaced.
    """
    if not isinstance(value, str) or len(value) > longest:
        return None
    return value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def module(*names: str) -> str:
    """Return these files as one ES module: one loaded from text cannot import its neighbours."""
    paths: list[Path] = [STATIC / name for name in names]
    return "\n".join(path.read_text("utf-8") for path in paths)
