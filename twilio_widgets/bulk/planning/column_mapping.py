"""How a row becomes a message: which column is what, checked once for the whole plan."""

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
    "to": "+999999999999999",  # nobody's number, so never the sender's
    "from_": "+15005550006",
    "messaging_service_sid": "MG" + "0" * 32,
    "content_sid": "HX" + "0" * 32,
    "body": ".",
    "media_url": "https://example.com/",
}
"""What stands for a value that each row brings, when the values of all rows are checked once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """Where each parameter of a row's message comes from."""

    to: str
    """The column with the recipients."""

    region: str | None
    """The country of numbers without a plus."""

    body: Template | None
    """None when a column holds whole texts, or there is none."""

    variables: Mapping[str, Template | object] | None
    """What fills a content template."""

    columns: Mapping[str, str]
    """Parameters that a column holds, and the column."""

    constants: Mapping[str, object]
    """Parameters that are the same for all, or for all rows whose cell for it is empty."""

    @property
    def in_texts(self) -> tuple[str, ...]:
        """The columns that the templates name."""
        templates = [self.body, *(self.variables or {}).values()]
        names = [name for part in templates if isinstance(part, Template) for name in part.columns]
        return tuple(dict.fromkeys(names))

    def judged_at(self, now: datetime) -> datetime:
        """Return the moment against which times are checked here.

        When one time for all has passed, sending says so: a job of this plan may be there already,
        and the same cell is to show it.
        """
        return before(self.constants["send_at"]) if self.is_late(now) else now

    def is_late(self, now: datetime) -> bool:
        """Say whether all rows have one time, and it has passed."""
        send_at = self.constants.get("send_at")
        aware = isinstance(send_at, datetime) and send_at.tzinfo is not None
        return aware and "send_at" not in self.columns and send_at <= now  # type: ignore[operator]

    def has_default(self, name: str) -> bool:
        """Say whether a parameter is given for the rows whose cell for it is empty."""
        given = {"body": self.body, "content_variables": self.variables}.get(name)
        return given is not None or name in self.constants

    @property
    def used(self) -> frozenset[str]:
        """Every column that matters."""
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
    """Check what is the same for every row, and put it in order.

    Args:
        table: The input.
        to: The column with the recipients.
        region: The country of numbers without a plus.
        columns: Parameters that a column holds, and the column.
        given: The other keywords of `messages.send`; None is left out. ``body`` and the values of
            ``content_variables`` are templates.
        now: The present.

    Raises:
        ConfigurationError: A column or a parameter does not exist, or a template is none.
        InvalidMessage: A parameter that is the same for all cannot be right.
    """
    constants = {name: value for name, value in given.items() if value is not None}
    _check_parameters(columns, constants)
    require_columns([to], table.columns, name="to")
    for name, column in columns.items():
        require_columns([column], table.columns, name=f"columns[{name!r}]")
    body, variables = constants.pop("body", None), constants.get("content_variables")
    if isinstance(variables, str):  # its values are templates, however they are written down
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
            f"{name} is a text with {{column}} in it, not a {type(text).__name__}.", field=name
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
    """Return every keyword of `messages.send` beside the recipient."""
    return frozenset(inspect.signature(Messages.send).parameters) - {"self", "to", "once"}


def _check_parameters(columns: Mapping[str, str], constants: Mapping[str, object]) -> None:
    if not isinstance(columns, Mapping):
        raise ConfigurationError(
            'columns says which column holds a parameter: columns={"media_url": "picture"}.',
            field="columns",
        )
    for name in (*columns, *constants):
        if name not in parameters():
            close = get_close_matches(str(name), parameters(), n=1)
            meant = f" Did you mean {close[0]}?" if close else ""
            raise ConfigurationError(
                f"{name} is no parameter of a message.{meant} Those of messages.send are.",
                field=str(name),
            )


def _check_once(recipe: ColumnMapping, now: datetime) -> None:
    """Refuse here, and once, what every row would be refused for."""
    probe: dict[str, object] = {"to": _STANDING_IN["to"]}
    probe |= {name: _STANDING_IN[name] for name in recipe.columns if name in _STANDING_IN}
    if recipe.body is not None:
        probe["body"] = recipe.body.outline
    constants = dict(recipe.constants)
    if "send_at" in recipe.columns:  # a default that has passed is a problem of the rows it is for
        constants.pop("send_at", None)
    form_of(probe | constants, now=now)
