"""What came of a raw request, in words: an answer, an error, or not even that."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from twilio_widgets.core.raw.path import target_of
from twilio_widgets.errors import (
    ApiError,
    BadResponse,
    NoReply,
    NotConnected,
    OutcomeUnknown,
    PathRefused,
    TwilioWidgetsError,
)
from twilio_widgets.panels.kit.panel import sentence_of
from twilio_widgets.panels.raw.response_table import is_frame, table_of
from twilio_widgets.panels.raw.state import ResponseSummary
from twilio_widgets.panels.table.message_text import explained

if TYPE_CHECKING:
    from twilio_widgets.core.raw.response import RawResponse
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.raw.draft import RawDraft
    from twilio_widgets.panels.raw.state import View

_ANY_ACCOUNT = "AC" + "0" * 32
_SECRET_TEXT = re.compile(
    r'("(?:\w*_)?(?:auth_?token|secret|password)"\s*:\s*")[^"]*(")'
    r"|(<(?:\w*)(?:AuthToken|Secret|Password)>)[^<]*(<)",
    re.IGNORECASE,
)
_HIDDEN_HEADERS = frozenset({"set-cookie", "authorization"})

LOOK_FIRST = "It may have been carried out. Check the result before you send it again."


class AttemptsCancelled(Exception):
    """A person wants no more attempts."""


def hushed(text: str) -> str:
    """Return a body as text with the credentials in it made unreadable."""
    return _SECRET_TEXT.sub(lambda at: f"{at[1] or at[3]}••••••••{at[2] or at[4]}", text)


def answer_to(turn: int, response: RawResponse) -> ResponseSummary:
    """Return what is shown of a good answer."""
    empty = "" if views_of(response.data) else "The response has no body."
    return _with_response(
        ResponseSummary(turn=turn, status="", tone="good", problem=empty),
        response,
        status_of(response),
    )


def answer_to_error(
    turn: int, error: Exception, *, found: bool = False, lost: bool = False
) -> ResponseSummary:
    """Return what is shown of an error.

    Args:
        turn: The request's number.
        error: What was raised.
        found: Whether the message log can be asked about it.
        lost: Whether it may have been carried out, although the error does not say so.
    """
    status, tone = _named(error)
    said = sentence_of(error)
    answer = ResponseSummary(turn=turn, status=status, tone=tone, problem=said)
    response = error.response if isinstance(error, TwilioWidgetsError) else None
    if isinstance(error, OutcomeUnknown | BadResponse) and response is not None:
        status = f"{status} · {status_of(response)}"
    if isinstance(error, OutcomeUnknown):
        answer = _lost(answer, said, found=found)
    elif isinstance(error, ApiError) and response is not None:
        status = status_of(response)
        if error.code is not None:
            answer = _explained(answer, error, error.code)
    elif lost:
        answer = _lost(answer, f"{said} {LOOK_FIRST}", found=False)
    return answer if response is None else _with_response(answer, response, status)


def answer_to_cancel(turn: int, attempts: int, *, lost: bool, found: bool) -> ResponseSummary:
    """Return what is shown when a person ended it.

    Args:
        turn: The request's number.
        attempts: How many had been made.
        lost: Whether one of them may have been carried out.
        found: Whether the message log can be asked about it.
    """
    tries = f"{attempts} attempt{'s'[: attempts != 1]}"
    cancelled = ResponseSummary(
        turn=turn,
        status="cancelled",
        tone="warning",
        problem=f"Cancelled after {tries}. No further request was sent.",
    )
    if not lost:
        return cancelled
    return _lost(cancelled, f"{cancelled.problem} {LOOK_FIRST}", found=found)


def _lost(answer: ResponseSummary, text: str, *, found: bool) -> ResponseSummary:
    sentence = text.replace("ask twilio.messages.find(error), which", "“Find out”")
    return replace(answer, tone="warning", problem=sentence, lost=True, can_search=found)


def _explained(answer: ResponseSummary, error: ApiError, code: int) -> ResponseSummary:
    view = explained(code, error.message)
    known = error.explain()
    if known is not None and not known.known:
        view = {**view, "title": f"{code}: {error.message}", "said": "", "url": view["url"]}
    return replace(answer, problem="", error=view)


def _named(error: Exception) -> tuple[str, Tone]:
    match error:
        case OutcomeUnknown():
            return "outcome unknown", "warning"
        case NotConnected():
            return "not sent", "problem"
        case NoReply():
            return "no response", "problem"
        case BadResponse():
            return "invalid response", "problem"
        case _:
            return "failed", "problem"


def _with_response(answer: ResponseSummary, response: RawResponse, status: str) -> ResponseSummary:
    tries = f"{response.attempts} attempt{'s'[: response.attempts != 1]}"
    facts = (
        f"{response.elapsed:.2f} s",
        tries,
        response.content_type or "",
        f"request {response.request_id}" if response.request_id else "",
    )
    headers = tuple(
        (name, "••••••••" if name in _HIDDEN_HEADERS else text)
        for name, text in sorted(response.headers.items())
    )
    views: tuple[View, ...] = (*views_of(response.data), *(("headers",) if headers else ()))
    return replace(
        answer,
        status=status,
        facts=tuple(filter(None, facts)),
        headers=headers,
        views=views,
    )


def status_of(response: RawResponse) -> str:
    """Return a status as HTTP writes it: ``404 Not Found``."""
    try:
        return f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return str(response.status)


def views_of(data: object) -> tuple[View, ...]:
    """Return how a body can be looked at, best first; none for an empty one."""
    if data is None or (isinstance(data, str | bytes) and not data):
        return ()
    if is_frame(data):
        return ("table",)
    if isinstance(data, bytes):
        return ("file",)
    if isinstance(data, str):
        return ("text",)
    return ("tree", "table") if table_of(data) else ("tree",)


def creates_message(draft: RawDraft) -> bool:
    """Say whether a request would create a message, so that the message log can tell of it."""
    try:
        return target_of(draft.path, _ANY_ACCOUNT).creates_message(draft.method)
    except PathRefused:
        return False


def may_have_happened(status: int | None) -> bool:
    """Say whether an attempt that ended so may have been carried out."""
    return status is None or status == HTTPStatus.REQUEST_TIMEOUT or status >= 500


def stem_of(path: str) -> str:
    """Return what a file of this answer is called: the last part of its path."""
    return path.partition("?")[0].rstrip("/").rpartition("/")[2]
