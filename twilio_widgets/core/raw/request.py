"""`RawRequest`: the inputs of a raw request, checked and converted to a `Request`.

Source: Prismatic's Raw Request action, for the meaning of the inputs and their defaults.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from math import isfinite
from typing import get_args

from twilio_widgets.core.bodies import RawBody
from twilio_widgets.core.flows.paging import MAX_PAGE_SIZE
from twilio_widgets.core.http.guard import METHODS, guard
from twilio_widgets.core.raw.body import FileNames, Files, Pairs, body_of, text_pairs
from twilio_widgets.core.raw.path import target_of
from twilio_widgets.core.raw.response import ResponseType
from twilio_widgets.core.request import Request
from twilio_widgets.errors import InvalidRequest

_ACCEPT = {"json": "application/json", "text": "*/*", "binary": "*/*"}


@dataclass(frozen=True, kw_only=True)
class RawRequest:
    """The inputs of a raw request; see `Twilio.raw` for each."""

    path: str
    method: str = "GET"
    data: Pairs | str | bytes | None = None
    form_data: Pairs | None = None
    file_data: Files | None = None
    file_data_file_names: FileNames | None = None
    query_params: Pairs | None = None
    headers: Pairs | None = None
    response_type: ResponseType = "json"
    timeout: float = 30.0
    retry_delay_ms: float = 0
    retry_all_errors: bool = False
    max_retries: int = 0
    use_exponential_backoff: bool = False
    repeat_unsafe: bool = False
    frame: bool = False
    limit: int | None = 1000

    def __post_init__(self) -> None:
        _check(self)

    @cached_property
    def verb(self) -> str:
        """The method in upper case; GET if none is given."""
        return (self.method or "GET").upper()

    def request(self, account_sid: str) -> Request:
        """Build the request, which is the same for every attempt.

        Raises:
            PathRefused: The path is invalid or could lead elsewhere.
            InvalidRequest: An input is invalid.
        """
        target = target_of(self.path, account_sid)
        headers = text_pairs(self.headers, "headers")
        headers = tuple((name.strip(" "), value.strip(" ")) for name, value in headers)
        kinds = [pair for pair in headers if pair[0].lower() == "content-type"]
        body = body_of(
            self.data,
            self.form_data,
            self.file_data,
            self.file_data_file_names,
            kinds[0][1] if kinds else None,
        )
        if kinds and body is not None:  # the body has its own Content-Type; the guard refuses two
            headers = tuple(pair for pair in headers if pair is not kinds[0])
        if not any(name.lower() == "accept" for name, _value in headers):
            headers = (*headers, ("Accept", _ACCEPT[self.response_type]))
        query = target.query + text_pairs(self.query_params, "query_params")
        if self.frame and "PageSize" not in dict(query):
            size = MAX_PAGE_SIZE if self.limit is None else min(self.limit, MAX_PAGE_SIZE)
            query = (*query, ("PageSize", str(max(1, size))))
        request = Request(
            method=self.verb,
            path=target.path,
            query=query,
            body=body,
            headers=headers,
            service=target.product,
            host=target.host,
            creates_message=target.creates_message(self.verb),
        )
        guard(request)
        if request.creates_message and isinstance(body, RawBody) and not body.is_form:
            raise InvalidRequest(
                "A message must be created from a form, so that the policy can check it. Give data "
                "as a mapping, or form_data. Nothing was sent.",
                field="data",
            )
        return request


def _check(ask: RawRequest) -> None:
    if not isinstance(ask.method, str) or ask.verb not in METHODS:
        raise InvalidRequest(f"method must be one of {', '.join(METHODS)}.", field="method")
    if ask.response_type not in get_args(ResponseType):
        raise InvalidRequest(
            'response_type must be "json", "text" or "binary".', field="response_type"
        )
    if not _is_number(ask.timeout) or ask.timeout <= 0:
        raise InvalidRequest(
            "timeout must be a number of seconds above 0, for all attempts together.",
            field="timeout",
        )
    if not _is_number(ask.retry_delay_ms) or ask.retry_delay_ms < 0:
        raise InvalidRequest(
            "retry_delay_ms must be a number of milliseconds, 0 or more.", field="retry_delay_ms"
        )
    if not _is_whole(ask.max_retries) or ask.max_retries < 0:
        raise InvalidRequest("max_retries must be a whole number, 0 or more.", field="max_retries")
    for name in ("retry_all_errors", "use_exponential_backoff", "repeat_unsafe", "frame"):
        if not isinstance(getattr(ask, name), bool):
            raise InvalidRequest(f"{name} must be True or False.", field=name)
    if ask.limit is not None and (not _is_whole(ask.limit) or ask.limit < 1):
        raise InvalidRequest("limit must be a whole number above 0, or None.", field="limit")
    if ask.frame and (ask.verb != "GET" or ask.response_type != "json"):
        raise InvalidRequest(
            'frame=True reads a list, so it needs GET and response_type="json".', field="frame"
        )


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
