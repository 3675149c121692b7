"""Check one row of the input by the rules of `messages.send`: a planned message, or problems."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from twilio_widgets.bulk.planning.cells import InvalidCell, parameter_of
from twilio_widgets.bulk.planning.column_mapping import ColumnMapping
from twilio_widgets.bulk.planning.content import text_of
from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.problems import Problem, problem, shown
from twilio_widgets.bulk.planning.reach import Reach
from twilio_widgets.bulk.planning.recipients import REWRITTEN, Recipient, recipient_of
from twilio_widgets.bulk.planning.template import Template, Unfillable
from twilio_widgets.bulk.planning.values import edged, nothing_in
from twilio_widgets.core.formulas import unguarded
from twilio_widgets.core.message.parameters import form_of
from twilio_widgets.core.numbers.price_sources import PriceSource
from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.core.text.segments import Encoding, Segments, segments
from twilio_widgets.core.text.smart_encoding import smart, smart_replacements
from twilio_widgets.errors import InvalidMessage
from twilio_widgets.journal.row import Form

_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0e-\x1f\x7f-\x9f]")
_HIDDEN: Final = re.compile(r"[\u200b\u2060\ufeff\u202a-\u202e\u2066-\u2069]")
_SPACES: Final = re.compile(r"[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_LOST: Final = "\ufffd"
_FORMULA: Final = re.compile(r"\s*(?:[=@]|[+-](?!\s*[\d.,]))")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedRow:
    """One message of a plan: checked, counted and ready to be sent."""

    n: int
    """The row's position in the input, from 0: ``df.iloc[n]``."""

    to: str = field(repr=False)
    """The recipient, as it will be sent."""

    parameters: Mapping[str, object] = field(repr=False)
    """The other keyword arguments of `messages.send`."""

    form: Form = field(repr=False)
    """Twilio's parameter names and values, as they will be sent."""

    segments: int
    """The number of segments of the body: 1 for a message with media, and at least 1 for a content
    template given by its SID alone, whose text only Twilio has."""

    encoding: Encoding | None
    """None if the row has no text, or if only Twilio knows it (a content template)."""

    blame: tuple[tuple[int, str], ...] = ()
    """The first characters that force UCS-2, each with its position in the body."""

    cost: Decimal | None
    """The estimated cost in US dollars; None if no price is known."""

    original: str = field(repr=False)
    """The recipient as written in the input."""

    notes: tuple[str, ...] = ()
    """Remarks to review before sending; they do not stop the message."""

    @property
    def sender(self) -> str:
        """The number or the messaging service that sends it."""
        return str(self.parameters.get("from_") or self.parameters.get("messaging_service_sid"))

    @property
    def body(self) -> str:
        """The text; empty if there is none."""
        return str(self.parameters.get("body") or "")


class RowPlanner:
    """Turns each row of a table into a planned message, or into its problems.

    Args:
        table: The input.
        recipe: The source of each message parameter.
        now: The time against which schedules are checked.
        prices: The source of the estimates.
        reach: The result of a lookup of the recipients.
        template: The content template of every message, if it is known.
    """

    def __init__(
        self,
        table: InputTable,
        recipe: ColumnMapping,
        *,
        now: datetime,
        prices: PriceSource,
        reach: Reach,
        template: ContentTemplate | None = None,
    ) -> None:
        self._template = template
        self._columns, self._damaged, self._known = table.columns, table.damaged, table.notes
        self._formats = table.formats
        self._recipe, self._now, self._prices, self._reach = recipe, now, prices, reach
        self._in_texts = recipe.in_texts
        own_body = recipe.columns.get("body")
        self._of_texts = dict.fromkeys((*recipe.in_texts, *([own_body] if own_body else [])))

    def make(self, n: int) -> PlannedRow | list[Problem]:
        """Return one row's message, or all of its problems."""
        if n in self._damaged:
            return [problem(n, None, None, "row", self._damaged[n])]
        problems: list[Problem] = []
        recipient = self._recipient(n, problems)
        own = self._read(n, problems)
        parameters = self._filled(n, own, problems) | own
        if recipient is None or problems:
            return problems
        form = self._form(n, recipient, parameters)
        if isinstance(form, Problem):
            return [form]
        return self._planned(n, recipient, parameters, form)

    def _recipient(self, n: int, problems: list[Problem]) -> Recipient | None:
        cell = self._columns[self._recipe.to][n]
        try:
            recipient = recipient_of(cell, self._recipe.region)
        except InvalidMessage as error:
            problems.append(problem(n, self._recipe.to, cell, "recipient", str(error)))
            return None
        if reason := self._reach.problem_with(recipient.to):
            problems.append(problem(n, self._recipe.to, cell, "recipient", reason))
            return None
        return recipient

    def _filled(
        self, n: int, own: Mapping[str, object], problems: list[Problem]
    ) -> dict[str, object]:
        """Return the constants, and the templates filled from this row.

        A template is not filled if the row has its own text in place of it.
        """
        made = dict(self._recipe.constants)

        def filled(part: Template | object) -> object:
            if not isinstance(part, Template):
                return part
            try:
                return part.fill(lambda column: self._columns[column][n])
            except Unfillable as error:
                problems.append(problem(n, error.column, error.value, "template", str(error)))
                return None

        if self._recipe.body is not None and "body" not in own:
            made["body"] = filled(self._recipe.body)
        if (variables := self._recipe.variables) is not None and "content_variables" not in own:
            made["content_variables"] = {key: filled(part) for key, part in variables.items()}
        return made

    def _read(self, n: int, problems: list[Problem]) -> dict[str, object]:
        """Return the parameters that come from columns of their own."""
        made: dict[str, object] = {}
        for name, column in self._recipe.columns.items():
            cell = self._columns[column][n]
            if nothing_in(cell) and self._recipe.has_default(name):
                continue
            try:
                made[name] = parameter_of(name, cell)
            except InvalidCell as error:
                problems.append(problem(n, column, cell, "parameter", str(error)))
        return {name: value for name, value in made.items() if value is not None}

    def _form(
        self, n: int, recipient: Recipient, parameters: Mapping[str, object]
    ) -> Form | Problem:
        """Return the form that `messages.send` would send, or why it is invalid."""
        try:
            form = form_of({"to": recipient.to, **parameters}, now=self._now)
        except InvalidMessage as error:
            column = self._recipe.columns.get(error.field)
            cell = self._columns[column][n] if column else parameters.get(error.field)
            return problem(n, column or error.field, cell, "parameter", str(error))
        if reason := _unreadable(parameters):
            column = self._recipe.columns.get("body", "body")
            return problem(n, column, parameters.get("body"), "template", reason)
        return form

    def _planned(
        self, n: int, recipient: Recipient, parameters: Mapping[str, object], form: Form
    ) -> PlannedRow:
        body = text_of(self._template, parameters)
        counted = _counted(body, parameters) if body else None
        media = bool(parameters.get("media_url") or parameters.get("send_as_mms"))
        count = 1 if media or counted is None else counted.count
        number = recipient.note
        known = number is not None and (counted is not None or media)
        region = number.region or self._reach.country_of(recipient.to) if known and number else None
        return PlannedRow(
            n=n,
            to=recipient.to,
            parameters=parameters,
            form=form,
            segments=count,
            encoding=counted.encoding if counted else None,
            blame=counted.blame if counted else (),
            cost=self._prices.cost(
                region,
                count,
                media=media,
                sender=str(parameters.get("from_") or ""),
                carrier=self._reach.carrier_of(recipient.to),
            ),
            original=shown(self._columns[self._recipe.to][n]) or "",
            notes=tuple(self._notes(n, recipient, counted, str(body or ""))),
        )

    def _notes(
        self, n: int, recipient: Recipient, counted: Segments | None, body: str
    ) -> list[str]:
        known = self._known.get(n, {})
        notes = [
            note for column, note in known.items() if column is None or column in self._recipe.used
        ]
        if recipient.mended not in {None, REWRITTEN}:
            notes.append(f"The number was {recipient.mended}.")
        if note := self._reach.note_on(recipient.to):
            notes.append(note)
        elif recipient.note is not None and (warning := recipient.note.warning):
            notes.append(warning)
        if counted is not None and counted.encoding == "UCS-2" and _HIDDEN.search(body):
            notes.append("The text contains invisible characters.")
        if counted is not None and counted.encoding == "UCS-2" and (found := _SPACES.search(body)):
            notes.append(
                f"The text contains special spaces (U+{ord(found[0]):04X}), which force UCS-2."
            )
        if _LOST in body:
            notes.append("The text contains U+FFFD, which replaces a character that was lost.")
        for column in self._of_texts:
            cell: Any = self._columns[column][n]
            if isinstance(cell, str):
                notes.extend(self._notes_on(column, cell))
            if (shown := self._formats.get((n, column))) is not None:
                notes.append(
                    f"The workbook shows {column} as {shown}; the text contains the plain value."
                )
        return notes

    def _notes_on(self, column: str, cell: str) -> list[str]:
        notes: list[str] = []
        if _FORMULA.match(cell):
            notes.append(f"{column} begins like a spreadsheet formula.")
        if unguarded(cell) != cell:
            notes.append(
                f"{column} has an apostrophe that an export may have added before a formula: "
                "plan from the file itself, or remove it."
            )
        if edged(cell) != cell and self._is_edged(column):
            notes.append(f"Whitespace around {column} was removed.")
        return notes

    def _is_edged(self, column: str) -> bool:
        body = self._recipe.body
        return column in self._in_texts and not (body is not None and body.is_one_cell)


def _counted(body: str, parameters: Mapping[str, object]) -> Segments:
    """Count the segments, after the replacements that Twilio makes with `smart_encoded`."""
    counted = segments(body)
    if str(parameters.get("smart_encoded")).lower() != "true":
        return counted
    replaced = {found.character for found in smart_replacements(body)}
    blame = tuple((place, char) for place, char in counted.blame if char not in replaced)
    return replace(segments(smart(body)), blame=blame)


def _unreadable(parameters: Mapping[str, object]) -> str | None:
    body = parameters.get("body")
    if not isinstance(body, str):
        return None
    if not body.strip() and not parameters.keys() & {"media_url", "content_sid"}:
        return "The text is blank: it consists only of spaces."
    if found := _CONTROL.search(body):
        name = f"U+{ord(found[0]):04X}"
        return f"The text contains a control character ({name}). Clean its column first."
    return None
