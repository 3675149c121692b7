"""The base class of panels: a card drawn from a frozen state, which pure steps change."""

from __future__ import annotations

import difflib
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import ipywidgets

from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW, OrderedButton
from twilio_widgets.panels.inputs.ordered_input import CHANGED, InputBarrier
from twilio_widgets.panels.kit import work
from twilio_widgets.panels.kit.elements import (
    CardHeader,
    Code,
    close_tree,
    still_picture,
    visible,
)
from twilio_widgets.panels.kit.reruns import cell_panels
from twilio_widgets.panels.kit.results import Announcer
from twilio_widgets.panels.kit.saved_picture import SavedPicture

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from twilio_widgets.panels.code.snippets import Snippet
    from twilio_widgets.panels.inputs.ordered_button import Pressable
    from twilio_widgets.panels.inputs.ordered_input import OrderedInput, Pressed
    from twilio_widgets.panels.kit.saved_picture import Static

State = TypeVar("State")

JOIN_SECONDS = 5.0
"""Seconds that `Panel.close` waits for running work. Its threads are daemons and can no longer
change a closed panel."""


class Panel(SavedPicture, ipywidgets.VBox, Announcer, Generic[State]):
    """A card: a title row, its own rows, and the equivalent code one click away.

    A subclass calls `_begin`, creates its controls, calls `_assemble`, and draws its state in
    `_draw`. It registers its fields with `_read_fields`. Callbacks are connected with `_on_press`,
    `_on_click` and `_on_change`, which show an exception as a problem; they start work with
    `_start`, and change the panel only through `_apply`.
    """

    title = ""
    _open = False
    _page = ""
    """The page of the current or last press."""
    _state: State
    _drawn: Callable[[], object] = staticmethod(lambda: None)

    def _begin(self, state: State) -> None:
        """Create the parts of every panel; call this before creating any control."""
        self._lock = ThreadLock()
        self._works: set[work.Work] = set()
        self._state = state
        self._head = CardHeader(title=self.title)
        self._code = Code()
        self._code_button = OrderedButton("Show the code", quiet=True)
        self._code_seen = False

    def _assemble(self, *rows: ipywidgets.Widget) -> None:
        """Assemble the card and draw it for the first time."""
        super().__init__([self._head, *rows, self._code])
        self.add_class("tw-card")
        self._open = True
        self._on_click(self._code_button, self._toggle_code)
        visible(self._code, False)
        self._draw(self._state)
        if (panels := cell_panels()) is not None:
            panels.made(self)

    def in_use(self) -> bool:
        """Return whether it must stay when its cell has run again: work of it is running."""
        with self._lock:
            return any(not one.done for one in self._works)

    def _draw(self, state: State) -> None:
        """Show the state in the controls."""
        raise NotImplementedError

    def _fail(self, error: Exception) -> None:
        """Show an unexpected error."""
        raise NotImplementedError

    def _snippet(self, state: State) -> Snippet:
        """Return code that does what the panel would do now."""
        raise NotImplementedError

    def _summary(self, state: State) -> Iterable[tuple[str, str]]:
        """Return the summary for a saved notebook: labels and texts, nothing secret."""
        raise NotImplementedError

    def _stop(self) -> None:
        """Release the panel's resources; called once, when it closes."""

    def _apply(self, step: Callable[..., State], *args: object) -> None:
        """Apply a step and draw the new state. Thread-safe; does nothing on a closed panel."""
        with self._lock:
            if not self._open:
                return
            before, self._state = self._state, step(self._state, *args)
            if self._state != before:
                self._draw(self._state)
                self._draw_code()
            self._guarded(self._announce)
            self._picture_changed()
            self._drawn()

    def _take_step(
        self, step: Callable[..., State], *args: object, otherwise: str = NOT_NOW
    ) -> str:
        """Apply a step for a button; return `otherwise` when the step changed nothing."""
        with self._lock:
            before = self._state
            self._apply(step, *args)
            return "" if self._state != before else otherwise

    def _start(self, function: Callable[..., object], *args: object) -> None:
        """Start background work; an exception in it is shown as a problem of the panel."""
        begun = work.start(function, *args, on_error=self._fail)
        with self._lock:
            self._works = {one for one in self._works if not one.done} | {begun}

    def _read_fields(self, fields: Iterable[OrderedInput]) -> None:
        """Register the fields of the card, whose contents a press carries."""
        self._barrier = InputBarrier(self._lock, fields)

    def _on_press(self, element: Pressable, action: Callable[[], object]) -> None:
        """Run an action that uses the fields when a button is pressed.

        A string that the action returns is shown beside the button. `_on_click` is for actions
        that do not use the fields.
        """

        def act(pressed: Pressed) -> object:
            if pressed.turn != element.turn:  # it changed while the press waited
                return CHANGED
            self._page = pressed.page
            return self._guarded(action)

        element.on_press(lambda pressed: self._barrier.act(pressed, partial(act, pressed)))

    def _on_click(self, button: Pressable, action: Callable[[], object]) -> None:
        """Run an action that does not use the fields when a button is pressed.

        It runs at once, even while another press waits for its fields: an "Undo" must not wait.
        A string that the action returns is shown beside the button.
        """

        def act(pressed: Pressed) -> None:
            answer = self._guarded(action)
            pressed.answer(answer if isinstance(answer, str) else "")

        button.on_press(act)

    def _on_change(self, control: ipywidgets.Widget, action: Callable[[Any], object]) -> None:
        control.observe(lambda change: self._guarded(action, change["new"]), "value")

    def _guarded(self, action: Callable[..., object], *args: object) -> object:
        try:
            return action(*args)
        except Exception as error:  # noqa: BLE001  # a callback has no cell to fail in
            self._fail(error)
            return None

    def _toggle_code(self) -> None:
        with self._lock:
            self._code_seen = not self._code_seen
            self._code_button.text = "Hide the code" if self._code_seen else "Show the code"
            visible(self._code, self._code_seen)
            self._draw_code()

    def _draw_code(self) -> None:
        if self._code_seen:
            self._code.show(self._snippet(self._state).tabs)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the panel's background work has finished; return whether it has.

        Args:
            timeout: Seconds to wait for each piece of work; None waits without a limit.
        """
        with self._lock:
            works = tuple(self._works)
        for one in works:
            one.join(timeout)
        return all(one.done for one in works)

    def close(self) -> None:
        """Stop the panel's work, and remove it and its controls from every page."""
        if not self._open:  # closed already, or __init__ refused an option
            return
        with self._lock:
            self._open = False
        self._end_picture()
        self._stop()
        self.join(JOIN_SECONDS)
        close_tree(self)

    def __repr__(self) -> str:
        texts = (mask(text) for _, text in self._summary(self._state))
        return f"{type(self).__name__}({' · '.join(texts)})"

    def on_drawn(self, callback: Callable[[], object]) -> None:
        """Call back after each step, on any thread: a box shows the panel in its picture."""
        self._drawn = callback

    def _keep_picture(self, static: Static) -> None:
        """Save a picture of the card in the notebook, and state on the card what is saved."""
        self._begin_picture(static)
        self._head.saved = saved_words(self._picture_static)

    def _picture_html(self) -> str:
        """Return the static picture: the title and the summary. A panel adds its rows."""
        return still_picture(self.title, self._summary(self._state))

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object]:
        if (panels := cell_panels()) is not None:
            panels.shown(self)
        bundle: dict[str, object] = super()._repr_mimebundle_(**kwargs)
        return self._bundle_with_picture(bundle)


def refuse_unknown(owner: str, unknown: dict[str, object], known: Iterable[str]) -> None:
    """Reject options that a panel does not have, and suggest the one that was probably meant.

    The values are removed from `unknown`: a verbose traceback shows it, and one may be a token.

    Raises:
        TypeError: `unknown` is not empty.
    """
    known, names = tuple(known), list(unknown)
    unknown.clear()
    for name in names:
        close = difflib.get_close_matches(name, known, n=1)
        meant = f"Did you mean {close[0]}?" if close else f"It has: {', '.join(known)}."
        raise TypeError(f"{owner} has no option {name!r}. {meant}")


def saved_words(static: Static) -> str:
    """Return what the notebook file will contain of a card."""
    return {
        True: "Saved with the notebook, numbers masked",
        "unmasked": "Saved with the notebook, with whole numbers",
        False: "Not saved with the notebook",
    }[static]


def sentence_of(error: Exception) -> str:
    """Return an error as a sentence for the user; an unexpected one with its class name."""
    if isinstance(error, TwilioWidgetsError):
        return str(error)
    return f"Unexpected error: {type(error).__name__}: {error}"
