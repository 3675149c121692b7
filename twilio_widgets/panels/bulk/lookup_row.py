"""The row that asks for a typed confirmation before numbers are looked up for money."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.panels.bulk.lookup_prompt import LookupPrompt
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.kit.elements import Note, styled, visible

if TYPE_CHECKING:
    from twilio_widgets.core.lookups.cost import LookupCost
    from twilio_widgets.panels.bulk.state import BulkState


# Steps


def asked(state: BulkState, turn: int, cost: LookupCost) -> BulkState:
    """The cost of looking up the plan's recipients is known."""
    if not can_ask(state) or state.turn != turn:
        return state
    return replace(state, lookup=LookupPrompt(turn=turn, cost=cost), failure="", note="")


def typed(state: BulkState, text: str) -> BulkState:
    """The confirmation is being typed."""
    if state.lookup is None or state.lookup.phase != "asking":
        return state
    return replace(state, lookup=replace(state.lookup, typed=text))


def confirmed(state: BulkState) -> BulkState:
    """The lookup begins; this step is possible only once."""
    prompt = shown(state)
    if prompt is None or prompt.phase != "asking" or not prompt.is_confirmed:
        return state
    return replace(state, lookup=replace(prompt, phase="running"))


def progressed(state: BulkState, done: int) -> BulkState:
    """Some numbers were answered."""
    if state.lookup is None:
        return state
    return replace(state, lookup=replace(state.lookup, done=done))


def ended(state: BulkState, failure: str = "") -> BulkState:
    """The lookup is over, or the user went back."""
    return replace(state, lookup=None, failure=failure or state.failure)


def shown(state: BulkState) -> LookupPrompt | None:
    """Return the prompt; None if there is none, or it is about an older plan."""
    prompt = state.lookup
    if prompt is None or (prompt.phase == "asking" and prompt.turn != state.turn):
        return None
    return prompt


def can_ask(state: BulkState) -> bool:
    """Return whether the recipients of the checked plan can be looked up."""
    is_checked = state.phase == "checked" and state.checked is not None
    return is_checked and state.account is not None and shown(state) is None


class LookupRow:
    """The question, the field to type the confirmation into, and its buttons."""

    def __init__(self) -> None:
        self._question = styled(Note(), "tw-question")
        self.typed = LineInput("")
        self.confirm = OrderedButton("Look up", main=True)
        self.back = OrderedButton("Back")
        self._line = styled(ipywidgets.HBox([self.typed, self.confirm, self.back]), "tw-confirm")
        self.row = styled(ipywidgets.VBox([self._question, self._line]), "tw-ask")

    def draw(self, state: BulkState) -> None:
        """Show the state."""
        prompt = shown(state)
        visible(self.row, prompt is not None)
        self.typed.value = "" if prompt is None else prompt.typed
        self.confirm.turn = state.turn
        if prompt is None:
            return
        runs = prompt.phase == "running"
        visible(self._line, not runs)
        self.typed.placeholder = prompt.phrase
        self._question.show(question_of(prompt), "hint" if runs else "warning")


def question_of(prompt: LookupPrompt) -> str:
    """Return the question that the user answers by typing the cost."""
    if prompt.phase == "running":
        return f"Looking up numbers: {prompt.done:,} of {prompt.cost.numbers:,}."
    prices = ""
    if prompt.cost.unconfirmed:
        prices = (
            " That is an estimate from list prices that may have changed; "
            f"BulkPanel(…, lookup_prices={prompt.cost.own_prices}) uses yours."
        )
    return (
        f"{prompt.cost.summary}{prices} Twilio bills it whatever the answers are; a number is not "
        f"asked again for 90 days. Type “{prompt.phrase}” to confirm."
    )


def not_confirmed(prompt: LookupPrompt) -> str:
    """Return the answer to a press without the right confirmation."""
    return f"Nothing was asked. Type “{prompt.phrase}” to confirm."
