"""Drives a panel as a page does: by the labels that a person reads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

from twilio_widgets.panels.inputs.direct_press import DirectPressable
from twilio_widgets.panels.inputs.field_set import FieldSet
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton, Pressable
from twilio_widgets.panels.inputs.ordered_input import OrderedInput

_NUMBERS = itertools.count(1)


class PanelDriver:
    """One page that shows a panel.

    Args:
        panel: The panel, or another box of widgets.
    """

    def __init__(self, panel: Any) -> None:
        self.panel = panel
        self._view = f"7-{next(_NUMBERS)}"
        self._answers: dict[str, str] = {}

    # Reading

    def shown(self) -> Iterator[Any]:
        """Every widget that can be seen."""
        return shown(self.panel)

    def labels(self) -> list[str]:
        """The texts on the buttons that can be pressed, in their order."""
        return [text_on(one) for one in self._buttons() if not one.disabled]

    def control(self, label: str) -> Any:
        """The field with this label."""
        for one in self.shown():
            if label in _labels_of(one) and not isinstance(one, OrderedButton):
                return one
        raise AssertionError(f"nobody sees a field {label!r}")

    def read(self, label: str) -> Any:
        """What the field with this label shows."""
        control = self.control(label)
        return control.values[_name_of(control, label)] if _is_set(control) else control.value

    def sentences(self) -> list[str]:
        """Every sentence on the card; no text of a button."""
        found = (one for one in self.shown() if not isinstance(one, OrderedButton))
        return [one.text for one in found if getattr(one, "text", "")]

    # Doing

    def text(self) -> str:
        """Return the visible sentences, joined by spaces."""
        return " ".join(self.sentences())

    def type(self, label: str, text: str) -> None:
        """Put a text into the field with this label, as typing does."""
        self.say(self.control(label), {"t": "typed", "text": text})

    def choose(self, label: str, text: str) -> None:
        """Choose the option with this text."""
        control = self.control(label)
        if not _is_set(control):
            self.type(label, next(value for value, name in control.options if name == text))
            return
        field = next(one for one in control.fields if one["label"] == label)
        value = next(value for value, name in field["options"] if name == text)
        self.say(control, {"t": "set", "name": field["name"], "value": value})

    def upload(self, control: Any, name: str, content: bytes) -> None:
        """Choose a file, which travels in one piece."""
        upload = str(next(_NUMBERS))
        self.say(control, {"t": "begin", "u": upload, "name": name, "size": len(content)})
        control._handle_custom_msg({"t": "piece", "u": upload, "from": 0}, [content])

    def press(self, text: str) -> str:
        """Press the button whose text begins so; one that is disabled is not pressed.

        Returns:
            The sentence beside the button; empty if the press was acted on.
        """
        button = self.button(text)
        return "disabled" if button.disabled else self.press_on(button)

    def button(self, text: str) -> Any:
        """The first button whose text begins so."""
        for one in self._buttons():
            if text_on(one).startswith(text):
                return one
        raise AssertionError(f"nobody sees a button {text!r}, only {self.labels()}")

    def enter(self, label: str) -> str:
        """Press Enter in the field with this label, or the button beside it."""
        return self.press_on(self.control(label))

    def type_and_enter(self, control: LineInput, text: str) -> str:
        """Type a text into a field and press Enter in it."""
        self.say(control, {"t": "typed", "text": text})
        return self.press_on(control)

    def press_on(
        self,
        button: Any,
        fields: list[list[object]] | None = None,
        what: object = None,
        turn: int | None = None,
    ) -> str:
        """Press a button, with the fields as they are or as another page shows them.

        Args:
            button: The button, or an element with several.
            fields: What the page shows; None for what the kernel has.
            what: Which of the element's buttons.
            turn: The turn that the page shows; None for the button's.
        """
        number = f"9-{next(_NUMBERS)}"
        self._listen_to(button)
        button._handle_custom_msg({"t": "press", "id": number}, [])
        shown = self.fields() if fields is None else fields
        turn = button.turn if turn is None else turn
        context = {"turn": turn, "page": self._view, "fields": shown, "what": what}
        button._handle_custom_msg({"t": "act", "id": number, **context}, [])
        return self._answers.get(number, "no answer")

    def press_before_its_text(
        self,
        button: Any,
        field: LineInput,
        text: str,
        meanwhile: Callable[[], object] = lambda: None,
    ) -> str:
        """Press a button whose press reaches the kernel before the text that was typed first.

        Args:
            button: The button.
            field: The field in which the text was typed.
            text: The text.
            meanwhile: Is called while the press waits.

        Returns:
            The sentence that is beside the button in the end.
        """
        number = f"{self._view}:{next(_NUMBERS)}"
        shown = [
            [key, number, text] if key == field.key else [key, seen, value]
            for key, seen, value in self.fields()
        ]
        assert self.press_on(button, shown) == "no answer"
        meanwhile()
        field._handle_custom_msg({"t": "typed", "text": text, "n": number}, [])
        return list(self._answers.values())[-1]

    def fields(self) -> list[list[object]]:
        """What an up-to-date page shows, as a press says it; fields that are hidden, too."""
        typed = [one for one in everything(self.panel) if isinstance(one, OrderedInput)]
        return [[one.key, f"{self._view}:0", one.shown] for one in typed]

    def say(self, control: OrderedInput, content: dict[str, object]) -> None:
        """Send a change of a field, with the next number of this page."""
        control._handle_custom_msg({**content, "n": f"{self._view}:{next(_NUMBERS)}"}, [])

    def _buttons(self) -> list[Any]:
        return [one for one in self.shown() if isinstance(one, OrderedButton)]

    def _listen_to(self, button: Pressable) -> None:
        """Keep what the kernel answers; a press of another thread may be answered meanwhile."""
        send = button.send

        def listen(content: dict[str, str], buffers: Any = None) -> None:
            if content.get("t") == "answer":
                self._answers[content["id"]] = content["text"]
            send(content, buffers)

        vars(button)["send"] = listen


def stop(element: DirectPressable, what: object = None, turn: int | None = None) -> None:
    """Press a button that stops something: over both channels, and without asking first."""
    turn = element.turn if turn is None else turn
    message = {"t": "act", "id": f"8-{next(_NUMBERS)}", "turn": turn, "what": what}
    element.on_control(message)
    element._handle_custom_msg(message, [])


def shown(widget: Any) -> Iterator[Any]:
    """Yield a widget and everything in it that can be seen."""
    if widget.layout.display == "none":
        return
    yield widget
    for child in getattr(widget, "children", ()):
        yield from shown(child)


def everything(widget: Any) -> Iterator[Any]:
    """Yield a widget and everything in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from everything(child)


def text_on(button: Any) -> str:
    """What is written on a button."""
    return str(button.text)


def _labels_of(widget: Any) -> list[str]:
    if _is_set(widget):
        return [one["label"] for one in widget.fields]
    return [getattr(widget, name, "") for name in ("label", "description")]


def _name_of(control: FieldSet, label: str) -> str:
    return next(str(one["name"]) for one in control.fields if one["label"] == label)


def _is_set(control: object) -> bool:
    return isinstance(control, FieldSet) and not isinstance(control, LineInput)
