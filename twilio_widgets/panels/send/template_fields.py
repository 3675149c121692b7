"""The template picker, a field for each variable, a preview, and what WhatsApp allows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import ipywidgets

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.kit.elements import Facts, Note, field, styled, visible

if TYPE_CHECKING:
    from twilio_widgets.core.templates.template import ContentTemplate
    from twilio_widgets.panels.kit.elements import Tone

MOST_VARIABLES = 12
"""The most variables of a template that a panel offers; code can fill in more."""

NO_TEMPLATE = ""
_WRITE_IT = "None: write the text"


def variable(name: str) -> str:
    """Return the name of a variable's field, for its problem."""
    return f"variable {name}"


def offered(templates: Iterable[ContentTemplate]) -> tuple[ContentTemplate, ...]:
    """Return the templates that a panel can fill in."""
    return tuple(one for one in templates if len(one.placeholders) <= MOST_VARIABLES)


def template_of(templates: Iterable[ContentTemplate], sid: str) -> ContentTemplate | None:
    """Return the template with this SID, or None."""
    return next((one for one in templates if one.sid == sid), None)


def approval_of(template: ContentTemplate) -> tuple[str, Tone]:
    """Return the sentence about a template's approval, and its tone."""
    approval = template.approval
    if approval.is_approved:
        category = f" ({approval.category.lower()})" if approval.category else ""
        return f"WhatsApp has approved this template{category}.", "hint"
    reason = f": {approval.rejection_reason}" if approval.rejection_reason else ""
    return f"WhatsApp has not approved this template ({approval.status}{reason}).", "warning"


class TemplateFields:
    """The picker and the fields of a template's variables.

    The fields exist from the start, because a press carries every field of the card; those that a
    template does not need are hidden.

    Args:
        kind: Whether a variable is typed, or chosen from a list.
        late: Whether a change is accepted that arrives while the field is disabled.
    """

    def __init__(self, kind: Literal["text", "select"], *, late: bool = False) -> None:
        self.picker = LineInput("Template", kind="select", late=late)
        self.values = tuple(
            LineInput(f"Variable {n + 1}", kind=kind, late=late) for n in range(MOST_VARIABLES)
        )
        self._notes = tuple(Note() for _value in self.values)
        self._lines = [
            field(value, note) for value, note in zip(self.values, self._notes, strict=True)
        ]
        self._note = Note()
        self._preview = styled(Facts(), "tw-template-preview")
        self.rows = styled(
            ipywidgets.VBox([field(self.picker, self._note), *self._lines, self._preview]),
            "tw-rows",
        )

    @property
    def controls(self) -> tuple[LineInput, ...]:
        """Every field."""
        return (self.picker, *self.values)

    def offer(self, templates: Sequence[ContentTemplate], chosen: str) -> None:
        """Set the templates to choose from, and choose one."""
        options = [(NO_TEMPLATE, _WRITE_IT), *((one.sid, _name_of(one)) for one in templates)]
        self.picker.offer(options)
        self.picker.value = chosen if chosen in dict(options) else NO_TEMPLATE

    def write(self, values: Mapping[str, str]) -> None:
        """Write the values of the variables into their fields, in order."""
        texts = [*values.values(), *[""] * (MOST_VARIABLES - len(values))]
        for control, text in zip(self.values, texts, strict=True):
            control.value = text

    def draw(
        self,
        values: Mapping[str, str],
        problems: Mapping[str, str],
        *,
        advice: tuple[str, Tone],
        preview: str,
        locked: bool,
    ) -> None:
        """Show the fields of these variables, their problems and the preview."""
        self._note.show(*advice)
        self._preview.show([("Preview", preview)] if preview else [])
        visible(self._preview, bool(preview))
        names = list(values)
        for n, (control, note, line) in enumerate(
            zip(self.values, self._notes, self._lines, strict=True)
        ):
            visible(line, n < len(names))
            control.disabled = locked
            name = one_line(names[n]) if n < len(names) else f"{n + 1}"
            control.label = f"Variable {name}" if name.isdecimal() else name
            problem = problems.get(variable(names[n]), "") if n < len(names) else ""
            note.show(problem, "problem")
        self.picker.disabled = locked


def _name_of(template: ContentTemplate) -> str:
    name = one_line(template.friendly_name) or template.sid
    return f"{name} ({template.language}) · {template.approval.status}"
