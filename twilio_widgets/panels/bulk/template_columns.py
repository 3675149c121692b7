"""A content template in the bulk panel: each of its variables comes from a column."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from twilio_widgets.core.templates.sendable import is_whatsapp
from twilio_widgets.panels.bulk import state as steps
from twilio_widgets.panels.send.template_fields import approval_of, template_of, variable

if TYPE_CHECKING:
    from twilio_widgets.core.templates.template import ContentTemplate
    from twilio_widgets.panels.bulk.state import BulkState
    from twilio_widgets.panels.kit.elements import Tone

_APPROVED = (
    "It can be sent at any time. Other messages reach a recipient on WhatsApp only within 24 hours "
    "of that recipient's last message."
)
_NOT_APPROVED = "It reaches only recipients who have written within 24 hours (63016)."


def listed(state: BulkState, templates: tuple[ContentTemplate, ...], note: str = "") -> BulkState:
    """The account's templates are known, or could not be read."""
    state = replace(state, templates=templates, templates_note=note)
    return state if template_of(templates, state.draft.template) else selected(state, "")


def selected(state: BulkState, sid: str) -> BulkState:
    """Choose a template, or none; a variable with the name of a column gets this column."""
    if sid == state.draft.template or not steps.is_open(state):
        return state
    template = template_of(state.templates, sid)
    names = () if template is None else template.placeholders
    guessed = {
        name: state.draft.variables.get(name) or (name if name in state.columns else "")
        for name in names
    }
    state = steps.typed(state, "template", "" if template is None else sid)
    return replace(state, draft=replace(state.draft, variables=guessed), problems={})


def assigned(state: BulkState, place: int, column: str) -> BulkState:
    """A column was chosen for a variable."""
    names = list(state.draft.variables)
    if place >= len(names):
        return state
    name = names[place]
    state = steps.typed(state, "variables", {**state.draft.variables, name: column})
    problems = {key: text for key, text in state.problems.items() if key != variable(name)}
    return replace(state, problems=problems)


def note_of(state: BulkState) -> tuple[str, Tone]:
    """Return what the card says about the template, and its tone."""
    template = template_of(state.templates, state.draft.template)
    if template is None:
        return state.templates_note, "hint"
    note, tone = approval_of(template)
    more = _APPROVED if template.approval.is_approved else _NOT_APPROVED
    return f"{note} {more}", tone


def is_offered(state: BulkState) -> bool:
    """Return whether the picker is shown: for WhatsApp, under "More", and once one is chosen."""
    wanted = is_whatsapp(state.draft.from_) or state.more or bool(state.draft.template)
    return wanted and bool(state.templates or note_of(state)[0])
