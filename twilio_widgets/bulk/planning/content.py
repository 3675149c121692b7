"""A content template in a plan: the parameters that send it, and its text in one row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from twilio_widgets.core.templates.template import ContentTemplate
from twilio_widgets.errors import ConfigurationError

_NOT_TOGETHER = ("body", "media_url", "content_sid")


def given_for(
    template: ContentTemplate, given: Mapping[str, Any], columns: Mapping[str, str]
) -> dict[str, Any]:
    """Return the parameters that send a template, after checking its variables.

    Args:
        template: The template.
        given: The parameters that are the same for all rows.
        columns: The parameters that come from columns.

    Raises:
        ConfigurationError: Another content is given as well.
        InvalidMessage: A variable is missing or unknown.
    """
    for name in _NOT_TOGETHER:
        if given.get(name) is not None or name in columns:
            raise ConfigurationError(
                f"Give either template= or {name}: the template is the whole message.",
                field="template",
            )
    variables = given.get("content_variables") or {}
    if "content_variables" not in columns and isinstance(variables, Mapping):
        template.fill(dict.fromkeys(map(str, variables), "x"))
    return {"content_sid": template.sid}


def text_of(template: ContentTemplate | None, parameters: Mapping[str, object]) -> str | None:
    """Return the text of a message: its body, or the template with this row's values."""
    body = parameters.get("body")
    if template is None:
        return body if isinstance(body, str) else None
    values = parameters.get("content_variables")
    return template.render(values if isinstance(values, Mapping) else {})
