"""Warn of other tools' placeholders in a template, which would be sent as literal text.

``{{name}}`` is how many mail tools write a field; here it is the text ``{name}`` in braces.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from twilio_widgets.bulk.planning.template import Template, TemplateField

_DOUBLE: Final = re.compile(r"\{\{([^{}\r\n]+)\}\}")
_OTHERS: Final = re.compile(
    r"\[+([^\[\]\r\n]+)\]+|%+([^%\r\n]+)%+|<+([^<>\r\n]+)>+|«([^«»\r\n]+)»|\*\|([^|\r\n]+)\|\*"
    r"|\$\(([^()\r\n]+)\)|\$([A-Za-z_]\w*)|(?<!\w)@([A-Za-z_]\w*)|#([A-Za-z_]\w*)#?"
)
_LOOKED_AT: Final = 100


def placeholder_warnings(
    template: Template | None, columns: Mapping[str, Sequence[object]]
) -> tuple[str, ...]:
    """Return a warning for each placeholder that looks like another tool's.

    Args:
        template: The body, if there is one.
        columns: The input's columns, by name.
    """
    if template is None:
        return ()
    rest = _without_fields(template)
    known = {name.strip().casefold(): name for name in columns}
    found: dict[str, str] = {}
    for match in _DOUBLE.finditer(rest):
        word = match[1].strip()
        column = known.get(word.casefold())
        if column is not None or re.fullmatch(r"\w[\w .-]*", word):
            found[match[0]] = f"{{{column or word}}}"
    for match in _OTHERS.finditer(rest):
        word = next(filter(None, match.groups()), "").strip()
        if word.casefold() in known:
            found[match[0]] = f"{{{known[word.casefold()]}}}"
    warnings = [
        f"body contains {mark}, which is sent as literal text: write {meant} to insert the "
        "column's value."
        for mark, meant in found.items()
    ]
    return (*warnings, *_after_dollar(template, columns))


def _without_fields(template: Template) -> str:
    """Return the template's source text, with a NUL for each field."""
    return "".join(
        "\0" if isinstance(piece, TemplateField) else piece.replace("{", "{{").replace("}", "}}")
        for piece in template.pieces
    )


def _after_dollar(template: Template, columns: Mapping[str, Sequence[object]]) -> tuple[str, ...]:
    """Warn of ``${name}``, which sends ``$Ada``; before an amount the dollar sign is intended."""
    pairs = zip(template.pieces, template.pieces[1:], strict=False)
    fields = [
        piece.column
        for before, piece in pairs
        if isinstance(before, str) and before.endswith("$") and isinstance(piece, TemplateField)
    ]
    return tuple(
        f"body contains ${{{name}}}, which is sent with the dollar sign: write {{{name}}} for the "
        "value alone."
        for name in dict.fromkeys(fields)
        if not all(map(_is_amount, columns[name][:_LOOKED_AT]))
    )


def _is_amount(cell: object) -> bool:
    try:
        Decimal(re.sub(r"[, ]", "", str(cell)) if cell is not None else "0")
    except InvalidOperation:
        return False
    return True
