"""The controls of the send panel, drawn from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ipywidgets

from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.inputs.segment_meter import (
    SegmentMeter,
    about_the_price,
    basis_of,
    measure,
    priced,
)
from twilio_widgets.panels.kit.elements import (
    Facts,
    Note,
    Stepper,
    body,
    field,
    styled,
    visible,
)
from twilio_widgets.panels.send import state as steps
from twilio_widgets.panels.send import template_steps as templates
from twilio_widgets.panels.send import text as texts
from twilio_widgets.panels.send.draft import Draft, parameters_of, segments_of, text_of
from twilio_widgets.panels.send.more_fields import MoreFields, hint_of
from twilio_widgets.panels.send.template_fields import TemplateFields

if TYPE_CHECKING:
    from twilio_widgets.core.numbers.price_sources import PriceSource
    from twilio_widgets.panels.send.state import SendState


class SendForm:
    """Every control of the card.

    Input flows one way, from the controls into the state; only `write` changes a control's text. A
    change that was typed before the page could disable the field is accepted (``late=True``), and
    cancels a message that has not been sent.
    """

    def __init__(self, draft: Draft, how_to_connect: str, prices: PriceSource) -> None:
        self._how_to_connect = how_to_connect
        self._prices = prices
        more = MoreFields()
        self._more = more.rows
        self.controls: dict[str, LineInput] = {
            "from_": LineInput("From", "Number, name or messaging service", late=True),
            "to": LineInput("To", "+14155550123", late=True),
            "body": LineInput("Message", kind="area", late=True),
            **more.controls,
        }
        self._notes = {name: Note() for name in ("from_", "to", "body")} | more.notes
        self.template = TemplateFields("text", late=True)
        self.meter = SegmentMeter()
        self._body = field(self.controls["body"], self.meter, self._notes["body"])
        self.write(draft)
        self._make_actions()
        self.rows = body(
            field(self.controls["from_"], self._notes["from_"]),
            field(self.controls["to"], self._notes["to"]),
            self.template.rows,
            self._body,
            self._more,
            self._sent,
            self._outcome,
        )

    def _make_actions(self) -> None:
        self.send = OrderedButton("Send", main=True)
        self.undo = styled(OrderedButton("Undo", main=True), "tw-undo-box")
        self.another = OrderedButton("Send another")
        self.find_out = OrderedButton("Find out", main=True)
        self.anew = OrderedButton("New message")
        self.look_again = OrderedButton("Look again")
        self.more = OrderedButton("More", quiet=True)
        self.agree = OrderedButton("Send", main=True)
        self.back = OrderedButton("Back")
        self._track = Stepper()
        self._sent = Facts()
        self._outcome = styled(Note(), "tw-outcome")
        self._question = Note()
        self.ask = styled(ipywidgets.HBox([self._question, self.agree, self.back]), "tw-ask")

    @property
    def actions(self) -> tuple[ipywidgets.Widget, ...]:
        """The widgets at the left of the card's foot, in order."""
        return (
            self.send,
            self.undo,
            self.find_out,
            self.another,
            self.look_again,
            self.anew,
            self._track,
        )

    def write(self, draft: Draft) -> None:
        """Write a draft into the fields."""
        for name, control in self.controls.items():
            control.value = text_of(draft, name)
        self.template.picker.value = draft.template
        self.template.write(draft.variables)

    def draw(self, state: SendState) -> None:
        """Show the state; the contents of the fields are left alone."""
        self._draw_fields(state)
        self._draw_actions(state)
        self._draw_question(state)
        parameters = parameters_of(state.draft)
        media = "media_url" in parameters
        self.meter.show(
            measure(
                state.draft.body,
                parameters["to"],
                media=media,
                prices=self._prices.per_segment,
                about=about_the_price(self._prices),
                basis=basis_of(self._prices),
            )
        )
        self._outcome.show(*texts.outcome_of(state, self._how_to_connect))
        self._track.show(texts.track_of(state))
        self._sent.show(texts.sent_of(state))
        visible(self._sent, steps.shown_message(state) is not None)

    def _draw_fields(self, state: SendState) -> None:
        locked = state.phase not in steps.OPEN_TO_A_MESSAGE
        self.controls["from_"].offer((sender, "") for sender in state.senders)
        self.controls["to"].offer((recipient, "") for recipient in state.recent)
        for name, control in self.controls.items():
            control.disabled = locked
            problem = state.problems.get(name, "")
            self._notes[name].show(problem or hint_of(name), "problem" if problem else "hint")
        if "from_" not in state.problems:
            self._notes["from_"].show(state.senders_note)
        if "to" not in state.problems and (warning := texts.warning_of(state)):
            self._notes["to"].show(warning, "warning")
        elif "to" not in state.problems and (sent_to := texts.recipient_hint_of(state)):
            self._notes["to"].show(sent_to)
        visible(self._more, state.more)
        self._draw_template(state, locked=locked)

    def _draw_template(self, state: SendState, *, locked: bool) -> None:
        draft, note = state.draft, templates.note_of(state)
        self.template.offer(state.templates, draft.template)
        self.template.write(draft.variables)
        self.template.draw(
            draft.variables,
            state.problems,
            advice=note,
            preview=templates.rendered(state),
            locked=locked,
        )
        visible(self.template.rows, templates.is_offered(state))
        visible(self._body, not draft.template)

    def _draw_actions(self, state: SendState) -> None:
        self.more.text = "Less" if state.more else "More"
        self.send.text = "Sending…" if state.phase == "sending" else "Send"
        self.send.disabled = not steps.may_send(state)
        self.undo.text = f"Undo (sending in {state.seconds_left} s)"
        # One primary button at a time: the others have this place.
        visible(self.send, state.phase not in {"asking", "counting", "unknown", "searching"})
        self.undo.turn = state.attempt
        self.find_out.text = "Looking…" if state.phase == "searching" else "Find out"
        self.find_out.disabled = state.phase == "searching" or state.account is None
        visible(self.undo, state.phase == "counting")
        visible(self.another, steps.is_the_sent_one(state))
        visible(self.find_out, state.phase in {"unknown", "searching"} and state.can_search)
        visible(self.anew, state.phase == "unknown")
        can_look = steps.shown_message(state) is not None and steps.polled_again(state) != state
        visible(self.look_again, can_look and state.account is not None)

    def _draw_question(self, state: SendState) -> None:
        visible(self.ask, state.phase == "asking")
        if state.phase == "asking":
            parameters: dict[str, Any] = parameters_of(state.draft)
            price = priced(
                parameters["to"],
                segments_of(parameters),
                prices=self._prices.per_segment,
                basis=basis_of(self._prices),
            )
            question, yes = texts.question_of(parameters, price)
            self._question.show(question, "warning")
            self.agree.text = yes
