"""The live progress bar of a job, with buttons that work while a cell runs."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Protocol

import ipywidgets
import traitlets

from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.panels.bulk.progress import picture_of, pill_of, summary_of, unreadable
from twilio_widgets.panels.inputs.direct_press import DirectPressable
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit import work
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import CardHeader, close_tree, still_picture
from twilio_widgets.panels.kit.panel import saved_words, sentence_of
from twilio_widgets.panels.kit.saved_picture import SavedPicture
from twilio_widgets.panels.kit.throttle import throttle

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.bulk.progress import JobProgress
    from twilio_widgets.panels.bulk.progress import Picture
    from twilio_widgets.panels.inputs.ordered_input import Pressed
    from twilio_widgets.panels.kit.saved_picture import Static

JOIN_SECONDS = 5.0


class ShownJob(Protocol):
    """What the bar needs of a `Job`."""

    @property
    def name(self) -> str:
        """The job's name."""

    @property
    def progress(self) -> JobProgress:
        """How far it has come."""

    @property
    def under_way(self) -> bool:
        """Whether it runs in this process."""

    def follow(self, function: Callable[[JobProgress], None], /) -> Callable[[], None]:
        """Call a function with the progress, until the function returned here is called."""

    def pause(self) -> object:
        """Stop sending until `resume`."""

    def cancel(self) -> object:
        """Stop sending for good."""

    def resume(self) -> object:
        """Go on sending."""


class JobLine(DirectPressable):
    """The bar itself, with its line of words and its buttons.

    Args:
        on_wish: Called with the requested action, on any thread. It must not raise.
    """

    _css = asset(__file__, "job.css")
    _esm = asset(__file__, "job_line.js")

    view = traitlets.Dict().tag(sync=True)

    def __init__(self, on_wish: Callable[[str], object]) -> None:
        self._on_wish = on_wish
        self._buttons: frozenset[str] = frozenset()
        super().__init__()
        self.on_press(self._pressed)

    def show(self, picture: Picture, *, busy: bool) -> None:
        """Draw a picture; with `busy`, what was asked for is being done."""
        wishes = frozenset(wish for wish, _text in picture.buttons)
        with self.hold_sync():
            if wishes != self._buttons:
                self._buttons = wishes
                self.turn += 1
            self.view = asdict(picture)
            self.disabled = busy

    def _stops(self, what: object) -> bool:
        return what in {"pause", "cancel"}

    def _pressed(self, pressed: Pressed) -> None:
        """Pass on a wish; its buttons are still those that were pressed, or it was refused."""
        wish = pressed.what
        if not isinstance(wish, str) or wish not in self._buttons:
            pressed.answer(NOT_NOW)
            return
        self._on_wish(wish)
        pressed.answer("")


class JobBar(SavedPicture, ipywidgets.VBox):
    """How far a job has come, by itself up to date, with pause, cancel and "Go on".

    A ``job`` at the end of a cell shows one. The buttons work while a cell runs, where the
    kernel can do that. Taking the bar away does not stop the job.

    Args:
        job: The job.
        framed: Whether it is a card of its own, with a title.
        static: Whether the notebook file keeps the progress as a picture; it contains no numbers.
        on_go_on: What "Go on" does instead of ``job.resume()``.
        on_change: Called with the job's progress, at most ten times a second.
    """

    _open = False

    def __init__(
        self,
        job: ShownJob,
        *,
        framed: bool = True,
        static: Static = True,
        on_go_on: Callable[[], object] | None = None,
        on_change: Callable[[JobProgress], object] = lambda _progress: None,
    ) -> None:
        self._job, self._on_go_on, self._on_change = job, on_go_on, on_change
        self._lock = ThreadLock()
        self._note, self._busy = "", False
        self._work: work.Work | None = None
        self._head = CardHeader(title=f"Job: {job.name}")
        self._line = JobLine(self._wish)
        super().__init__([self._head, self._line] if framed else [self._line])
        self.add_class("tw-job")
        if framed:
            self.add_class("tw-card")
        self._open = True
        self._begin_picture(static)
        self._head.saved = "" if self._picture_static else saved_words(False)
        self._pulse = throttle("twilio_widgets-job-bar", self.look, self.look)
        self._leave = job.follow(lambda _progress: self._pulse.ask())
        self.look()

    def look(self) -> None:
        """Show how far the job has come; while it runs in this process, it does so by itself."""
        with self._lock:
            if not self._open:
                return
            try:
                progress = self._job.progress
            except TwilioWidgetsError as error:  # its journal is gone, or cannot be believed
                self._head.show("cannot be read", "problem")
                self._line.show(unreadable(sentence_of(error)), busy=False)
                return
            self._head.show(*pill_of(progress))
            picture = picture_of(progress, note=self._note, here=self._job.under_way)
            self._line.show(picture, busy=self._busy)
        self._picture_changed()
        self._on_change(progress)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until what was asked for is done; return whether it is."""
        return self._work is None or self._work.join(timeout)

    def close(self) -> None:
        """Remove the bar from every page. The job continues."""
        if not self._open:
            return
        self._open = False
        self._end_picture()
        self._leave()
        self._pulse.stop()
        self.join(JOIN_SECONDS)
        self._head.close()
        close_tree(self)

    def _wish(self, wish: str) -> None:
        with self._lock:
            if self._busy or not self._open:
                return
            if wish == "resume" and self._on_go_on is not None:
                self._on_go_on()
                return
            self._busy, self._note = True, ""
            # In a thread: cancelling waits for what is on its way, and going on reads the journal.
            self._work = work.start(
                self._carry_out, wish, on_error=lambda error: self._done(sentence_of(error))
            )
        self.look()

    def _carry_out(self, wish: str) -> None:
        if wish == "pause":
            self._job.pause()
        elif wish == "cancel":
            self._job.cancel()
        else:
            self._job.resume()
        self._done()

    def _done(self, note: str = "") -> None:
        with self._lock:
            self._busy, self._note = False, note
        self.look()

    def _picture_html(self) -> str:
        return still_picture("Job", summary_of(self._job.progress))

    def __repr__(self) -> str:
        return f"JobBar({self._job!r})"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object]:
        """Add what a saved notebook shows with no kernel."""
        bundle: dict[str, object] = super()._repr_mimebundle_(**kwargs)
        return {**self._bundle_with_picture(bundle), "text/plain": repr(self._job)}
