"""The background work of the send panel about templates: list them, and read the 24-hour window."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from twilio_widgets.errors import TwilioWidgetsError
from twilio_widgets.panels.kit.panel import Panel
from twilio_widgets.panels.send import template_steps as steps
from twilio_widgets.panels.send.state import SendState
from twilio_widgets.panels.send.template_fields import MOST_VARIABLES, offered
from twilio_widgets.panels.send.template_steps import WindowQuestion

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio
    from twilio_widgets.core.templates.template import ContentTemplate

QUIET_SECONDS = 0.5
"""Seconds without a change of the recipient before the message log is read."""


class TemplateWorker(Panel[SendState]):
    """Reads the templates and the window for `SendPanel`."""

    _twilio: Twilio | None = None
    _question: WindowQuestion | None = None
    """The message whose window was or is being read."""
    _undone: threading.Event

    def _suggest_templates(self, twilio: Twilio) -> None:
        templates, note = templates_of(twilio)
        with self._lock:
            if self._twilio is twilio:
                self._apply(steps.listed, templates, note)

    def _ask_about_window(self) -> None:
        """Read the window in the background, if the fields raise another question now."""
        with self._lock:
            question = steps.question_of(self._state.draft)
            if question == self._question:
                return
            self._question = question
            self._apply(steps.window_read, question, None)
            if question is not None and self._twilio is not None and self._open:
                self._start(self._read_window, self._twilio, question)

    def _read_window(self, twilio: Twilio, question: WindowQuestion) -> None:
        self._closing.wait(QUIET_SECONDS)
        if question != self._question or not self._open:
            return
        template = question.template or None
        try:
            answer = twilio.templates.can_send(
                question.to, from_=question.from_ or None, template=template
            )
        except TwilioWidgetsError:  # the message can still be sent
            return
        self._apply(steps.window_read, question, answer)

    @property
    def _closing(self) -> threading.Event:
        """Set when the panel closes."""
        return self._undone


def templates_of(twilio: Twilio) -> tuple[tuple[ContentTemplate, ...], str]:
    """Return the templates that a panel can fill in, and why others are missing, if so."""
    try:
        found = twilio.templates.all()
    except TwilioWidgetsError as error:
        return (), f"The templates could not be listed. {error}"
    usable = offered(found)
    left_out = len(found) - len(usable)
    if not left_out:
        return usable, ""
    noun = "template is" if left_out == 1 else "templates are"
    return usable, (
        f"{left_out:,} more {noun} not offered here, with more than {MOST_VARIABLES} variables: "
        "send such a template with twilio.messages.send(content_sid=…)."
    )
