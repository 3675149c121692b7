"""The controls of the events panel, drawn from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.panels.events import state as steps
from twilio_widgets.panels.events import text as texts
from twilio_widgets.panels.events.elements import HealthIndicator, PointedList, UrlLines
from twilio_widgets.panels.inputs.field_set import FieldSet, InputField
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.elements import Note, body, field, styled, visible

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.panels.events.state import EventsState

NAMES = ("public_url", "reply", "point", "body")
"""The fields of the state that the user can type."""


_HOW = InputField("how", "Receive", "choice", (("webhooks", "Webhooks"), ("polling", "Polling")))


class EventsForm:
    """All controls and texts of the card except the table.

    Args:
        on_restore: Called with the SID of a number or service to restore. It must not raise.
        on_page: Called with the address of a page that shows the card. It must not raise.
    """

    def __init__(
        self, *, on_restore: Callable[[str], object], on_page: Callable[[str], object]
    ) -> None:
        self.how = FieldSet((_HOW,), {"how": "webhooks"})
        self.entries = {
            "public_url": LineInput("Public URL", "https://…", action="Use"),
            "reply": LineInput("Reply", "no reply", action="Set"),
            "point": LineInput("Receive messages for", "+… or PN… or MG…", action="Connect number"),
            "body": LineInput("Simulate", "The text of a message"),
        }
        self.start = OrderedButton("Start", main=True)
        self.stop = OrderedButton("Stop")
        self.settings = OrderedButton("Settings", quiet=True)
        self._make_question()
        self.inbound = OrderedButton("Simulate an inbound message")
        self.status = OrderedButton("Simulate a status callback")
        self.beat = HealthIndicator()
        self.urls = UrlLines(on_page)
        self._notes = {name: Note() for name in (*NAMES, "how")}
        self._empty = styled(Note(), "tw-nothing")
        self._ingress, self._warning, self._advice, self._note, self._closing = (
            Note() for _ in range(5)
        )
        self._pointed = PointedList(on_restore)
        self._make_rows()

    def _make_question(self) -> None:
        self.take_over = OrderedButton("Take over")
        self.back = OrderedButton("Back")
        self._other, self._question = Note(), Note()
        presses = ipywidgets.HBox([self.take_over, self.back])
        self.ask = styled(ipywidgets.VBox([self._other, self._question, presses]), "tw-ask")

    def _make_rows(self) -> None:
        rows = {
            name: field(self.entries[name], self._notes[name])
            for name in ("public_url", "reply", "point")
        }
        self._choice = field(self.how, self._notes["how"])
        self._public, self._reply = rows["public_url"], rows["reply"]
        self._entrance = field(self.urls, self._ingress, self._warning)
        self._point = rows["point"]
        presses = styled(ipywidgets.HBox([self.inbound, self.status]), "tw-simulate")
        self._simulate = field(self.entries["body"], presses, self._notes["body"])
        self._fields = body(
            self._choice,
            self._entrance,
            self._public,
            self._reply,
            self._point,
            self._pointed,
            self._simulate,
        )
        self._outcome = styled(ipywidgets.VBox([self._advice, self._note]), "tw-outcomes")
        self.rows = (self._empty, self.beat, self._fields, self._outcome)

    @property
    def actions(self) -> tuple[ipywidgets.Widget, ...]:
        """The controls of the card's foot, from the left."""
        return self.start, self.stop, self._closing

    def draw(self, state: EventsState) -> None:
        """Draw the state."""
        on, webhooks = state.phase == "on", state.how == "webhooks"
        awake = state.identity is not None
        self._empty.show(texts.emptiness_of(state))
        visible(self._fields, awake)
        visible(self._choice, not on)
        visible(self.beat, on)
        runs = on and not steps.is_over(state)
        visible(self._entrance, runs and state.settings and state.ingress is not None)
        visible(self._public, webhooks and not state.sandbox and state.settings)
        visible(self._reply, webhooks and state.settings)
        visible(self._point, runs and webhooks)
        visible(self._pointed, on and webhooks)
        visible(self._simulate, runs and state.sandbox)
        self._draw_fields(state)
        self._draw_notes(state)
        self._draw_actions(state)

    def _draw_fields(self, state: EventsState) -> None:
        over = steps.is_over(state)
        runs = state.phase == "on" and not over
        self.how.write({"how": state.how})
        self.how.show(off=() if state.phase in {"idle", "asking"} else ("how",))
        self._notes["how"].show(texts.RECEIVE[state.how])
        hints = {
            "public_url": texts.public_url_hint_of(state),
            "reply": texts.reply_hint_of(state),
            "point": texts.point_hint_of(state),
            "body": texts.simulate_hint_of(state),
        }
        for name, entry in self.entries.items():
            entry.value = getattr(state, name)
            needs_listener = name in {"point", "body"}
            entry.disabled = (
                state.busy or state.phase in {"starting", "stopping"} or (over and needs_listener)
            )
            problem = state.problems.get(name, "")
            self._notes[name].show(problem or hints[name], "problem" if problem else "hint")
        self.entries["point"].offer((number, "") for number in state.suggestions)
        for name, action in (("public_url", "Use"), ("reply", "Set")):
            self.entries[name].action = action if runs else ""

    def _draw_notes(self, state: EventsState) -> None:
        self._ingress.show(texts.ingress_of(state))
        warnings = "" if state.ingress is None else "\n".join(state.ingress.warnings)
        self._warning.show(warnings, "warning")
        self._advice.show(*texts.advice_of(state))
        self._note.show(texts.note_of(state), "good")
        self.beat.show(state.seen, state.how)
        self._pointed.show(state.seen.pointed if state.seen else (), busy=state.busy)

    def _draw_actions(self, state: EventsState) -> None:
        asking = state.phase == "asking"
        visible(self.ask, asking)
        self._other.show(texts.OTHER if asking else "", "warning")
        self._question.show(texts.taking_over_of(state))
        idle, over = state.phase in {"idle", "asking", "starting"}, steps.is_over(state)
        visible(self.start, idle or over)
        visible(self.stop, not idle and not over)
        visible(self.settings, state.phase == "on" and state.how == "webhooks")
        self.settings.text = "Hide settings" if state.settings else "Settings"
        self.start.text = "Start again" if over else "Start"
        self.start.disabled = not steps.may_start(state) or state.busy
        self.stop.disabled = not steps.may_act(state)
        stays = state.phase == "on" and state.how == "webhooks"
        self._closing.show((texts.ENDED if over else texts.CLOSING) if stays else "")
        for button in (self.inbound, self.status):
            button.disabled = not steps.may_act(state)
