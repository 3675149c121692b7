"""Steps of the send panel: choose a template, fill it in, and say whether it can be sent."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from twilio_widgets.core.templates.sendable import Sendable, is_whatsapp
from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.panels.send import state as steps
from twilio_widgets.panels.send.draft import sender_of
from twilio_widgets.panels.send.template_fields import approval_of, template_of, variable

if TYPE_CHECKING:
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.send.draft import Draft
    from twilio_widgets.panels.send.state import SendState


_CONTENT = frozenset({"body", "template"})
"""Fields whose problem no longer applies once the content is another."""


@dataclass(frozen=True, slots=True)
class WindowQuestion:
    """A message for which WhatsApp's 24-hour window matters."""

    to: str
    from_: str
    template: str


def listed(state: SendState, templates: tuple[ContentTemplate, ...], note: str = "") -> SendState:
    """The account's templates are known, or could not be read."""
    state = replace(state, templates=templates, templates_note=note)
    return state if template_of(templates, state.draft.template) else selected(state, "")


def selected(state: SendState, sid: str) -> SendState:
    """Choose a template, or none; the values of variables with the same name are kept."""
    if sid == state.draft.template:
        return state
    template = template_of(state.templates, sid)
    names = () if template is None else template.placeholders
    kept = {name: state.draft.variables.get(name, "") for name in names}
    state = steps.typed(state, "template", "" if template is None else sid)
    problems = {
        name: text for name, text in state.problems.items() if not name.startswith("variable ")
    }
    return replace(
        state,
        draft=replace(state.draft, variables=kept),
        problems={name: text for name, text in problems.items() if name not in _CONTENT},
        sendable=None,
    )


def filled(state: SendState, place: int, text: str) -> SendState:
    """A variable was filled in."""
    names = list(state.draft.variables)
    if place >= len(names):
        return state
    values = {**state.draft.variables, names[place]: text}
    state = steps.typed(state, "variables", values)
    problems = {
        name: problem for name, problem in state.problems.items() if name != variable(names[place])
    }
    return replace(state, problems=problems)


def question_of(draft: Draft) -> WindowQuestion | None:
    """Return the question about the window that a draft raises, or None."""
    to = draft.to.strip()
    number = to.rpartition(":")[2].strip()
    if not is_whatsapp(to) or not (number.startswith("+") and number[1:].isdigit()):
        return None
    return WindowQuestion(to, sender_of(draft.from_), draft.template)


def window_read(
    state: SendState, question: WindowQuestion | None, answer: Sendable | None
) -> SendState:
    """The window was read for this message; a later change of the fields makes it obsolete."""
    if question_of(state.draft) != question:
        return state
    return replace(state, sendable=answer)


def note_of(state: SendState) -> tuple[str, Tone]:
    """Return what the card says about the template and the window, and its tone."""
    template = template_of(state.templates, state.draft.template)
    if "template" in state.problems:
        return state.problems["template"], "problem"
    if state.sendable is not None and question_of(state.draft) is not None:
        return state.sendable.why, "hint" if state.sendable.ok else "warning"
    if template is not None:
        return approval_of(template)
    return state.templates_note, "hint"


def is_offered(state: SendState) -> bool:
    """Return whether the picker is shown: on WhatsApp, under "More", and once one is chosen."""
    wanted = is_whatsapp(state.draft.to) or state.more or bool(state.draft.template)
    return wanted and bool(state.templates or note_of(state)[0])


def rendered(state: SendState) -> str:
    """Return the text of the chosen template with the values so far; empty without a template."""
    template = template_of(state.templates, state.draft.template)
    return "" if template is None else template.render(state.draft.variables)
