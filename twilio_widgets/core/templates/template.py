"""`ContentTemplate`: a content template of the account, as Twilio last described it.

Sources: Twilio's OpenAPI documents ``content_v1`` and ``content_v2`` (2026-04); the error pages of
21656 and 63016; "Message template approvals and statuses".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from difflib import get_close_matches
from typing import Any

from twilio_widgets.core.templates.variables import problem_with, text_of
from twilio_widgets.errors import BadResponse, InvalidMessage

APPROVALS = ("unsubmitted", "received", "pending", "approved", "rejected", "paused", "disabled")
"""The known states of a WhatsApp approval; Twilio may add others."""

_PLACEHOLDER = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_TEXTS = ("body", "title")
"""The fields of a content type that have the main text, in order of preference."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The state of a template's approval by WhatsApp."""

    status: str = "unsubmitted"
    """Twilio's word; `APPROVALS` lists the known ones."""

    category: str = ""
    """WhatsApp's category, such as ``"UTILITY"``; empty before it is submitted."""

    rejection_reason: str = ""

    @property
    def is_approved(self) -> bool:
        """Whether WhatsApp accepts the template at any time."""
        return self.status == "approved"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContentTemplate:
    """One content template (``HX…``): its texts, its variables, and its approval."""

    sid: str
    friendly_name: str
    language: str
    """The language code, such as ``"en"``."""

    types: Mapping[str, Mapping[str, Any]] = field(repr=False)
    """The content by type (``"twilio/text"`` …). A channel gets the richest type it supports."""

    variables: Mapping[str, str]
    """The default value of each variable, as entered with the template; often only a sample."""

    approval: Approval = Approval()
    date_created: datetime | None = None
    date_updated: datetime | None = None

    @property
    def body(self) -> str:
        """The main text with its placeholders, such as ``"Hi {{1}}"``; empty if it has none."""
        texts = (
            content[name] for content in self.types.values() for name in _TEXTS if content.get(name)
        )
        return str(next(texts, ""))

    @property
    def placeholders(self) -> tuple[str, ...]:
        """The names of the variables that its content uses: numbers in order, then names."""
        found = dict.fromkeys(
            name
            for content in self.types.values()
            for text in _texts_in(content)
            for name in _PLACEHOLDER.findall(text)
        )
        return tuple(sorted(found, key=lambda name: (not name.isdigit(), _number(name))))

    def render(self, variables: Mapping[str, object] | None = None, /, **named: object) -> str:
        """Return the main text with these values inserted.

        A variable without a value stays as its placeholder, so that a preview can show a draft.

        Args:
            variables: Values by name, for names such as ``"1"`` that are not Python names.
            named: Further values by name.

        Raises:
            InvalidMessage: The template has no such variable.
        """
        given = self._known({**(variables or {}), **named})

        def value_of(match: re.Match[str]) -> str:
            text = text_of(given.get(match[1]))
            return text or match[0]

        return _PLACEHOLDER.sub(value_of, self.body)

    def fill(
        self, variables: Mapping[str, object] | None = None, /, **named: object
    ) -> dict[str, str]:
        """Return the ``content_variables`` of a message, complete and in a form Twilio accepts.

        Every variable needs a value: for one that is left out, Twilio would insert the template's
        default, which often is a sample. To send a default, give ``template.variables[name]``.

        Args:
            variables: Values by name: texts and numbers.
            named: Further values by name.

        Raises:
            InvalidMessage: A variable is unknown or missing, or Twilio would refuse its value.
        """
        given = self._known({**(variables or {}), **named})
        missing = [name for name in self.placeholders if name not in given]
        if missing:
            raise _invalid(
                f"The template {self.friendly_name!r} also needs {_listed(missing)}: give a value."
            )
        return {name: self._value(name, given[name]) for name in self.placeholders}

    def _known(self, given: Mapping[str, object]) -> Mapping[str, object]:
        names = self.placeholders
        for name in given:
            if name not in names and name not in self.variables:
                close = get_close_matches(str(name), names, n=1)
                meant = f" Did you mean {close[0]!r}?" if close else ""
                has = f"Its variables: {_listed(names)}." if names else "It has none."
                raise _invalid(
                    f"The template {self.friendly_name!r} has no variable {name!r}.{meant} {has}"
                )
        return given

    def _value(self, name: str, value: object) -> str:
        if problem := problem_with(name, value):
            raise _invalid(problem)
        return text_of(value) or ""

    @classmethod
    def from_api(cls, payload: Mapping[str, Any]) -> ContentTemplate:
        """Read a template from Twilio's JSON.

        Raises:
            BadResponse: It is not a template.
        """
        types, variables = payload.get("types"), payload.get("variables") or {}
        if not isinstance(types, dict) or not isinstance(variables, dict):
            raise BadResponse("Twilio's response is not a content template.")
        return cls(
            sid=str(payload.get("sid")),
            friendly_name=str(payload.get("friendly_name") or ""),
            language=str(payload.get("language") or ""),
            types={name: content for name, content in types.items() if isinstance(content, dict)},
            variables={str(name): str(value) for name, value in variables.items()},
            approval=approval_of(payload.get("approval_requests")),
            date_created=_moment(payload.get("date_created")),
            date_updated=_moment(payload.get("date_updated")),
        )


def approval_of(payload: object) -> Approval:
    """Read an approval from Twilio's JSON; a template that was not submitted may have none."""
    given = payload if isinstance(payload, dict) else {}
    return Approval(
        status=str(given.get("status") or "unsubmitted").lower(),
        category=str(given.get("category") or ""),
        rejection_reason=str(given.get("rejection_reason") or ""),
    )


def _texts_in(value: object) -> Iterator[str]:
    """Yield every text within a content type, at any depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _texts_in(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts_in(inner)


def _number(name: str) -> int:
    return int(name) if name.isdecimal() else 0


def _moment(text: object) -> datetime | None:
    try:
        return datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None


def _listed(names: Mapping[str, object] | list[str] | tuple[str, ...]) -> str:
    return ", ".join(repr(name) for name in names)


def _invalid(text: str) -> InvalidMessage:
    return InvalidMessage(text, field="content_variables")
