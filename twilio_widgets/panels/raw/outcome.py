"""Summaries of how a raw request ended: a response, an error, or a cancellation."""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from twilio_widgets.core.flows.flow import CALL_FIND
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
from twilio_widgets.panels.raw.draft import ANY_ACCOUNT
from twilio_widgets.panels.raw.response_table import is_frame, table_of
from twilio_widgets.panels.raw.state import ResponseSummary
from twilio_widgets.panels.table.message_text import explained

if TYPE_CHECKING:
    from twilio_widgets.core.raw.response import RawResponse
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.raw.draft import RawDraft
    from twilio_widgets.panels.raw.state import View

_SECRET_TEXT = re.compile(
    r'("(?:\w*_)?(?:auth_?token|secret|password)"\s*:\s*")[^"]*(")'
    r"|(<(?:\w*)(?:AuthToken|Secret|Password)>)[^<]*(<)",
    re.IGNORECASE,
)
_HIDDEN_HEADERS = frozenset({"set-cookie", "authorization"})

LOOK_FIRST = "It may have been carried out. Check the result before you send it again."


class AttemptsCancelled(Exception):
    """The user cancelled the remaining attempts."""


def without_secrets(text: str) -> str:
    """Return a text body with its credentials masked."""
    return _SECRET_TEXT.sub(lambda at: f"{at[1] or at[3]}••••••••{at[2] or at[4]}", text)


def answer_to(turn: int, response: RawResponse) -> ResponseSummary:
    """Return the summary of a successful response."""
    empty = "" if views_of(response.data) else "The response has no body."
    return _with_response(
        ResponseSummary(turn=turn, status="", tone="good", problem=empty),
        response,
        status_of(response),
    )


def answer_to_error(
    turn: int, error: Exception, *, found: bool = False, lost: bool = False
) -> ResponseSummary:
    """Return the summary of an error.

    Args:
        turn: The request's number.
        error: The exception raised.
        found: Whether the message log can show if it was sent.
        lost: Whether it may have been carried out although the error does not imply it.
    """
    status, tone = _named(error)
    problem = sentence_of(error)
    answer = ResponseSummary(turn=turn, status=status, tone=tone, problem=problem)
    response = error.response if isinstance(error, TwilioWidgetsError) else None
    if isinstance(error, OutcomeUnknown | BadResponse) and response is not None:
        status = f"{status} · {status_of(response)}"
    if isinstance(error, OutcomeUnknown):
        answer = _lost(answer, problem, found=found)
    elif isinstance(error, ApiError) and response is not None:
        status = status_of(response)
        if error.code is not None:
            answer = _explained(answer, error, error.code)
    elif lost:
        answer = _lost(answer, f"{problem} {LOOK_FIRST}", found=False)
    return answer if response is None else _with_response(answer, response, status)


def answer_to_cancel(turn: int, attempts: int, *, lost: bool, found: bool) -> ResponseSummary:
    """Return the summary of a cancelled request.

    Args:
        turn: The request's number.
        attempts: The number of attempts made.
        lost: Whether one of them may have been carried out.
        found: Whether the message log can show if it was sent.
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
    sentence = text.replace(CALL_FIND, "“Find out”")
    return replace(answer, tone="warning", problem=sentence, lost=True, can_search=found)


def _explained(answer: ResponseSummary, error: ApiError, code: int) -> ResponseSummary:
    view = explained(code, error.message)
    known = error.explain()
    if known is not None and not known.known:
        view = {**view, "title": f"{code}: {error.message}", "message": "", "url": view["url"]}
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
    """Return a status with its reason phrase: ``404 Not Found``."""
    try:
        return f"{response.status} {HTTPStatus(response.status).phrase}"
    except ValueError:
        return str(response.status)


def views_of(data: object) -> tuple[View, ...]:
    """Return the views of a body, the best first; none for an empty body."""
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
    """Return whether a request creates a message, which the message log would then show."""
    try:
        return target_of(draft.path, ANY_ACCOUNT).creates_message(draft.method)
    except PathRefused:
        return False


def may_have_been_carried_out(status: int | None) -> bool:
    """Return whether an attempt with this status (None: no response) may have been carried out."""
    return status is None or status == HTTPStatus.REQUEST_TIMEOUT or status >= 500


def file_stem(path: str) -> str:
    """Return the file name for a response: the last segment of its path."""
    return path.partition("?")[0].rstrip("/").rpartition("/")[2]
