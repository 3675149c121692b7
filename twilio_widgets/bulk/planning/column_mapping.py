"""Which column or constant each message parameter comes from, checked once for the whole plan."""

from __future__ import annotations

import inspect
import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from difflib import get_close_matches
from functools import cache
from typing import Any, Final

from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.template import Template, require_columns, template_of
from twilio_widgets.client.messages import Messages
from twilio_widgets.core.message.parameters import before, form_of
from twilio_widgets.core.numbers.numbering import checked_region
from twilio_widgets.errors import ConfigurationError

_STANDING_IN: Final[Mapping[str, object]] = {
    "to": "+999999999999999",  # not assigned to anyone, so never equal to the sender
    "from_": "+15005550006",
    "messaging_service_sid": "MG" + "0" * 32,
    "content_sid": "HX" + "0" * 32,
    "body": ".",
    "media_url": "https://example.com/",
}
"""Sample values for parameters that come from columns, to check the constants once for all rows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Where each parameter of a row's message comes from."""

    to: str
    """The column with the recipients."""

    region: str | None
    """The country of numbers without a plus."""

    body: Template | None
    """None if the bodies come from a column, or there are none."""

    variables: Mapping[str, Template | object] | None
    """The variables of a content template."""

    columns: Mapping[str, str]
    """The column of each parameter that comes from one."""

    constants: Mapping[str, object]
    """Parameters that are the same for all rows, or the default where a row's cell is empty."""

    @property
    def in_texts(self) -> tuple[str, ...]:
        """The columns that the templates use."""
        templates = [self.body, *(self.variables or {}).values()]
        names = [name for part in templates if isinstance(part, Template) for name in part.columns]
        return tuple(dict.fromkeys(names))

    def judged_at(self, now: datetime) -> datetime:
        """Return the time against which `send_at` is checked in a plan.

        If one `send_at` for all rows has passed, the plan accepts it and `plan.send` refuses it:
        the job of this plan may already exist, and running the same cell again must show it.
        """
        return before(self.constants["send_at"]) if self.is_late(now) else now

    def is_late(self, now: datetime) -> bool:
        """Return whether all rows have the same `send_at`, and it has passed."""
        send_at = self.constants.get("send_at")
        aware = isinstance(send_at, datetime) and send_at.tzinfo is not None
        return aware and "send_at" not in self.columns and send_at <= now  # type: ignore[operator]

    def has_default(self, name: str) -> bool:
        """Return whether rows with an empty cell for this parameter get a default."""
        given = {"body": self.body, "content_variables": self.variables}.get(name)
        return given is not None or name in self.constants

    @property
    def used(self) -> frozenset[str]:
        """Every column that the plan uses."""
        return frozenset({self.to, *self.in_texts, *self.columns.values()})


def column_mapping(
    table: InputTable,
    *,
    to: str,
    region: str | None,
    columns: Mapping[str, str],
    given: Mapping[str, object],
    now: datetime,
) -> ColumnMapping:
    """Check the columns and the parameters that are the same for every row.

    Args:
        table: The input.
        to: The column with the recipients.
        region: The country of numbers without a plus.
        columns: The column of each parameter that comes from one.
        given: The other keywords of `messages.send`; None is left out. ``body`` and the values of
            ``content_variables`` are templates.
        now: The current time.

    Raises:
        ConfigurationError: A column or a parameter does not exist, or a template is invalid.
        InvalidMessage: A parameter that is the same for all rows is invalid.
    """
    constants = {name: value for name, value in given.items() if value is not None}
    _check_parameters(columns, constants)
    require_columns([to], table.columns, name="to")
    for name, column in columns.items():
        require_columns([column], table.columns, name=f"columns[{name!r}]")
    body, variables = constants.pop("body", None), constants.get("content_variables")
    if isinstance(variables, str):  # the values are templates, also when given as JSON
        with suppress(ValueError):
            variables = json.loads(variables)
    if isinstance(variables, Mapping):
        del constants["content_variables"]
    recipe = ColumnMapping(
        to=to,
        region=None if region is None else checked_region(region),
        body=None if body is None else _template(body, table, "body"),
        variables=_variables(variables, table) if isinstance(variables, Mapping) else None,
        columns=dict(columns),
        constants=constants,
    )
    _check_once(recipe, recipe.judged_at(now))
    return recipe


def _template(text: object, table: InputTable, name: str) -> Template:
    if not isinstance(text, str):
        raise ConfigurationError(
            f"{name} must be text, with {{column}} for a column's value: got "
            f"{type(text).__name__}.",
            field=name,
        )
    return template_of(text, table.columns, name=name)


def _variables(given: Mapping[Any, object], table: InputTable) -> dict[str, Template | object]:
    name = "content_variables"
    return {
        str(key): _template(value, table, name) if isinstance(value, str) else value
        for key, value in given.items()
    }


@cache
def parameters() -> frozenset[str]:
    """Return every keyword of `messages.send` except the recipient."""
    return frozenset(inspect.signature(Messages.send).parameters) - {"self", "to", "once"}


def _check_parameters(columns: Mapping[str, str], constants: Mapping[str, object]) -> None:
    if not isinstance(columns, Mapping):
        raise ConfigurationError(
            'columns must map parameters to columns: columns={"media_url": "picture"}.',
            field="columns",
        )
    for name in (*columns, *constants):
        if name not in parameters():
            close = get_close_matches(str(name), parameters(), n=1)
            meant = f" Did you mean {close[0]}?" if close else " See help(messages.send)."
            raise ConfigurationError(
                f"{name} is not a parameter of messages.send.{meant}",
                field=str(name),
            )


def _check_once(recipe: ColumnMapping, now: datetime) -> None:
    """Raise, once, the error that every row would have."""
    probe: dict[str, object] = {"to": _STANDING_IN["to"]}
    probe |= {name: _STANDING_IN[name] for name in recipe.columns if name in _STANDING_IN}
    if recipe.body is not None:
        probe["body"] = recipe.body.outline
    constants = dict(recipe.constants)
    if "send_at" in recipe.columns:  # a default that has passed is reported for the rows using it
        constants.pop("send_at", None)
    form_of(probe | constants, now=now)
