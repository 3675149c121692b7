"""Small elements for cards, and ipywidgets containers with our CSS classes.

External text (an SMS body, an error, a name) is shown by the elements here, which render it as
plain text. It is never passed to ipywidgets controls, which may render HTML or TeX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar

import anywidget
import ipywidgets
import traitlets

from twilio_widgets.core.printable import inert
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Iterable

Control = TypeVar("Control", bound=ipywidgets.DOMWidget)

Tone = Literal["hint", "problem", "warning", "good", "idle"]
"""The kind of a sentence; the style sheet has a colour for each."""

Progress = Literal["done", "now", "ahead", "failed"]
"""The progress of one step of a `Stepper`."""


class Element(anywidget.AnyWidget):
    """An element whose state only the kernel can change; the page displays it."""

    def set_state(self, sync_data: dict[str, object]) -> None:
        """Ignore state sent by a page."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"


class CardHeader(Element):
    """A panel's title row with its state in a pill; it also loads the style sheet."""

    _esm = asset(__file__, "card_header.js")
    _css = asset(__file__, "panels.css")
    title = traitlets.Unicode().tag(sync=True)
    pill = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Unicode("idle").tag(sync=True)
    saved = traitlets.Unicode().tag(sync=True)
    """What the notebook file will contain of the card."""

    def show(self, pill: str, tone: Tone = "idle") -> None:
        """Set the text and tone of the pill."""
        self.pill, self.tone = pill, tone


class Note(Element):
    """A sentence; hidden while its text is empty.

    Inside a `field` it describes the control to screen readers, and a problem marks it invalid.
    """

    _esm = asset(__file__, "note.js")
    text = traitlets.Unicode().tag(sync=True)
    tone = traitlets.Unicode("hint").tag(sync=True)

    def show(self, text: str, tone: Tone = "hint") -> None:
        """Set the sentence; an empty text hides it."""
        self.text, self.tone = text, tone


class Facts(Element):
    """Rows of a label and a text."""

    _esm = asset(__file__, "facts.js")
    rows = traitlets.List[list[str]]().tag(sync=True)

    def show(self, rows: Iterable[tuple[str, str]]) -> None:
        """Replace all rows."""
        self.rows = [list(row) for row in rows]


class Stepper(Element):
    """A row of steps with their progress: ``queued — sent — delivered``."""

    _esm = asset(__file__, "stepper.js")
    steps = traitlets.List[list[str]]().tag(sync=True)

    def show(self, steps: Iterable[tuple[str, Progress]]) -> None:
        """Replace all steps; hidden without steps."""
        self.steps = [list(step) for step in steps]


class Code(Element):
    """The same call in several languages: a tab and a copy button for each."""

    _esm = asset(__file__, "code.js")
    texts = traitlets.List[list[str]]().tag(sync=True)

    def show(self, texts: Iterable[tuple[str, str]]) -> None:
        """Replace all tabs: a title and its text each."""
        self.texts = [list(text) for text in texts]


def field(control: ipywidgets.Widget, *below: ipywidgets.Widget) -> ipywidgets.VBox:
    """Return a control with its notes below it, aligned with the input."""
    return styled(ipywidgets.VBox([control, *below]), "tw-field")


def body(*rows: ipywidgets.Widget) -> ipywidgets.VBox:
    """Return the main part of a card."""
    return styled(ipywidgets.VBox(list(rows)), "tw-body")


def foot(*left: ipywidgets.Widget, right: Iterable[ipywidgets.Widget] = ()) -> ipywidgets.HBox:
    """Return the row of a card's buttons: the primary one first, quiet ones at the right."""
    quiet = styled(ipywidgets.HBox(list(right)), "tw-foot-right")
    return styled(ipywidgets.HBox([*left, quiet]), "tw-foot")


def styled(widget: Control, *classes: str) -> Control:
    """Add CSS classes to a widget and return it."""
    for name in classes:
        widget.add_class(name)
    return widget


def visible(widget: ipywidgets.DOMWidget, seen: bool) -> None:
    """Show a widget or hide it."""
    display = None if seen else "none"
    if widget.layout.display != display:
        widget.layout.display = display


def close_tree(widget: ipywidgets.Widget) -> None:
    """Close a widget, everything in it, and the layouts and styles that came with them.

    ipywidgets keeps every widget alive until it is closed, and a box does not close its children.
    """
    for child in getattr(widget, "children", ()):
        close_tree(child)
    for name in ("layout", "style"):
        part = getattr(widget, name, None)
        if isinstance(part, ipywidgets.Widget):
            part.close()
    ipywidgets.Widget.close(widget)


def still_picture(title: str, rows: Iterable[tuple[str, str]]) -> str:
    """Return a panel's summary as static HTML, for a notebook without a kernel.

    No text in it is interpreted as HTML or as a formula.
    """
    shown = "".join(
        f"<tr><th>{inert(label)}</th><td>{inert(text)}</td></tr>" for label, text in rows
    )
    return (
        f'<table class="tex2jax_ignore mathjax_ignore"><caption>{inert(title)}</caption>'
        f"<tbody>{shown}</tbody></table>"
    )
