"""Filters that Twilio does not offer, applied to the rows that were read."""

from __future__ import annotations

from collections.abc import Sequence

from pandas.api.types import is_list_like

from twilio_widgets.errors import ConfigurationError
from twilio_widgets.frames.message_frame import MessageFrame


def only(
    frame: MessageFrame,
    *,
    status: str | Sequence[str] | None = None,
    direction: str | Sequence[str] | None = None,
    error_code: int | Sequence[int] | None = None,
    text: str | None = None,
) -> MessageFrame:
    """Return the matching rows, and record the filters in ``attrs``.

    Args:
        frame: The rows as read.
        status: One status or several.
        direction: One direction or several.
        error_code: One error code or several.
        text: A part of the body, ignoring case; not a pattern.

    Returns:
        The matching rows, in their order; the same frame if no filter is given.
    """
    if text is not None and not isinstance(text, str):
        raise ConfigurationError(
            f"text must be a part of the body, as text, not {type(text).__name__}.", field="text"
        )
    asked: dict[str, object] = {}
    kept = frame
    for column, wanted in (
        ("status", status),
        ("direction", direction),
        ("error_code", error_code),
    ):
        if wanted is not None:
            values: list[object] = list(wanted) if is_list_like(wanted) else [wanted]  # type: ignore[arg-type]
            if column == "error_code":
                values = [_code(value) for value in values]
            elif not all(isinstance(value, str) for value in values):
                raise ConfigurationError(
                    f"{column} must be text, or a list of texts, as in the column.", field=column
                )
            kept, asked[column] = kept[kept[column].isin(values)], values
    if text is not None:
        found = kept["body"].str.contains(text, case=False, regex=False).fillna(False)
        kept, asked["text"] = kept[found.astype(bool)], text
    if not asked:
        return frame
    kept = kept.reset_index(drop=True)
    complete = frame.attrs.get("complete", False)
    kept.attrs = dict(frame.attrs) | {
        "filtered_here": asked, "rows": len(kept), "complete": complete
    }  # fmt: skip
    return kept


def _code(value: object) -> int:
    try:
        return int(str(value))
    except ValueError:
        problem = "error_code must be a whole number such as 30007, or several."
    raise ConfigurationError(problem, field="error_code")
