"""A request as typed in the form: its arguments for `twilio.raw`, and the problems found in it.

Pure functions: nothing is sent, and checks that the raw client makes itself are left to it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.guardrails.classify import makes_message
from twilio_widgets.core.guardrails.effects import MESSAGE, Effect, effect_of
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.raw.path import target_of
from twilio_widgets.core.request import Request
from twilio_widgets.errors import PathRefused

if TYPE_CHECKING:
    from twilio_widgets.panels.inputs.file_upload import ChosenFile
    from twilio_widgets.panels.inputs.pairs_table import Pair

BodyKind = Literal["none", "data", "multipart", "text"]
AnswerKind = Literal["json", "frame", "text", "binary"]
Section = Literal["query", "body", "headers", "retries", "answer"]

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so a request with one can be repeated."""

FORBIDDEN_HEADERS = frozenset({"authorization", "proxy-authorization", "cookie"})
"""Headers that contain credentials: the connection adds them, and a notebook could save them."""

DEFAULT_TIMEOUT = 30.0
DEFAULT_LIMIT = 1_000

ANY_ACCOUNT = "AC" + "0" * 32
"""A stand-in for the account in a path that is only examined."""

_ACCOUNT = re.compile(r"\bAC[0-9a-fA-F]{32}\b")
_PLACEHOLDER = re.compile(r"(?<!/Accounts/)\{(?!AccountSid\})\w+\}")
"""A placeholder of a documented path that only the user can replace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RawDraft:
    """A request as typed in the form."""

    method: str = "GET"
    path: str = ""
    query: tuple[Pair, ...] = ()
    headers: tuple[Pair, ...] = ()
    body: BodyKind = "none"
    data: tuple[Pair, ...] = ()
    """The fields of a URL-encoded body."""
    form: tuple[Pair, ...] = ()
    """The text fields of a multipart body."""
    files: tuple[ChosenFile, ...] = ()
    """Its files."""
    text: str = ""
    content_type: str = "application/x-www-form-urlencoded"
    """The content type of the text. Twilio's 2010-04-01 API does not read JSON."""
    max_retries: int = 0
    retry_delay_ms: int = 0
    use_exponential_backoff: bool = False
    retry_all_errors: bool = False
    repeat_unsafe: bool = False
    timeout: float = DEFAULT_TIMEOUT
    """Seconds for all attempts and pauses together."""
    answer: AnswerKind = "json"
    limit: int = DEFAULT_LIMIT
    """Maximum rows of a table."""

    @property
    def is_safe(self) -> bool:
        """Whether the method changes nothing, so the request can be repeated."""
        return self.method in SAFE_METHODS

    @property
    def masked_path(self) -> str:
        """The path with phone numbers and account SIDs masked, safe to show and save."""
        account = _ACCOUNT.sub(lambda sid: f"{sid[0][:4]}…{sid[0][-4:]}", self.path.strip())
        return mask(account)

    @property
    def without_contents(self) -> RawDraft:
        """The same request without the contents of its files."""
        return replace(self, files=tuple(replace(one, content=None) for one in self.files))


def effect_of_draft(draft: RawDraft) -> Effect | None:
    """Return the effect of a request on people or the bill; None without one."""
    try:
        target = target_of(draft.path, ANY_ACCOUNT)
    except PathRefused:
        return None  # the request will be refused with a reason
    # The body matters only for a _method parameter in it, so its order does not.
    rows = (*draft.query, *{"data": draft.data, "multipart": draft.form}.get(draft.body, ()))
    request = Request(
        method=draft.method,
        path=target.path,
        query=target.query + tuple((pair.name.strip(), pair.value) for pair in used(rows)),
        service=target.product,
    )
    return MESSAGE if makes_message(request) else effect_of(request)


def values_of(draft: RawDraft) -> dict[str, Any]:
    """Return the fields of a draft by name."""
    return {one.name: getattr(draft, one.name) for one in fields(draft)}


def used(pairs: tuple[Pair, ...]) -> tuple[Pair, ...]:
    """Return the rows that are sent: those ticked and not empty."""
    return tuple(pair for pair in pairs if pair.used and (pair.name or pair.value))


def request_identity(draft: RawDraft) -> tuple[object, ...]:
    """Return a key equal for equal requests; retries and the response format are ignored."""
    bodies = {
        "none": (),
        "data": used(draft.data),
        "multipart": (used(draft.form), draft.files),
        "text": (draft.text, draft.content_type),
    }
    asked = (draft.method, draft.path.strip(), used(draft.query), used(draft.headers))
    return (*asked, draft.body, bodies[draft.body])


def problem_of(draft: RawDraft) -> tuple[str, str] | None:
    """Return the section and text of the first problem found before sending; None without one."""
    path = draft.path.strip()
    if not path:
        return "path", "Type a path, or press the down arrow to choose one."
    if gap := _PLACEHOLDER.search(path):
        return "path", f"{gap[0]} in the path is a placeholder: replace it with the SID."
    if header := header_problem(draft):
        return "headers", header
    for name in ("query", "headers", "data", "form"):
        if any(not pair.name.strip() for pair in used(getattr(draft, name))):
            return _SECTION_OF.get(name, name), "A row has a value but no name. Enter its name."
    if draft.body == "multipart":
        return _file_problem(draft)
    if draft.body == "text" and not draft.content_type.strip():
        return (
            "body",
            "Enter the content type of the text, such as application/x-www-form-urlencoded.",
        )
    return None


def header_problem(draft: RawDraft) -> str:
    """Return why a header cannot be sent; empty if all can."""
    for pair in draft.headers:
        if pair.name.strip().casefold() in FORBIDDEN_HEADERS:
            return (
                f"{pair.name.strip()} is not allowed here: the connection already authenticates, "
                "and a notebook may save this table. The value was discarded."
            )
    names = [pair.name.strip().casefold() for pair in used(draft.headers)]
    if draft.body == "text" and "content-type" in names:
        return "The content type is already set under Body. Remove it here."
    return ""


def _file_problem(draft: RawDraft) -> tuple[str, str] | None:
    for file in draft.files:
        if file.content is None:
            return (
                "body",
                f"Choose {file.file_name} again: the history does not store file contents.",
            )
        if not file.name.strip():
            return "body", f"Enter the form field name of {file.file_name}."
    return None


_SECTION_OF: Mapping[str, str] = {
    "data": "body",
    "form_data": "body",
    "form": "body",
    "file_data": "body",
    "file_data_file_names": "body",
    "query_params": "query",
    "max_retries": "retries",
    "retry_delay_ms": "retries",
    "repeat_unsafe": "retries",
    "response_type": "answer",
    "frame": "answer",
    "limit": "answer",
    "timeout": "answer",
    "method": "path",
}
"""The section that shows a problem with a parameter of `twilio.raw`."""


def place_of(field: str | None) -> str:
    """Return the section that shows a problem with a field; empty if none does."""
    place = _SECTION_OF.get(field or "", field or "")
    return place if place in {"path", "query", "body", "headers", "retries", "answer"} else ""


def keywords_of(
    draft: RawDraft, content: Callable[[ChosenFile], object] = lambda file: file.content
) -> dict[str, Any]:
    """Return a draft as keywords of `twilio.raw`, without those at their defaults.

    Args:
        draft: The request.
        content: Returns the bytes of a file, or the code that reads them.
    """
    headers = used(draft.headers)
    given: dict[str, Any] = {}
    if draft.body == "data":
        given["data"] = _mapping(used(draft.data))
    elif draft.body == "text":
        given["data"] = draft.text
    elif draft.body == "multipart":
        given |= {
            "form_data": _pairs(used(draft.form)),
            "file_data": _named([(one.name.strip(), content(one)) for one in draft.files]),
            "file_data_file_names": _named(
                [(one.name.strip(), one.file_name) for one in draft.files]
            ),
        }
    given |= {"query_params": _pairs(used(draft.query)), "headers": _pairs(headers)}
    if draft.body == "text":
        given["headers"] = _with_type(draft.content_type.strip(), given["headers"])
    given = {name: value for name, value in given.items() if value or name == "data"}
    return given | _options_of(draft)


def _with_type(content_type: str, headers: Any) -> object:
    if isinstance(headers, dict):
        return {"Content-Type": content_type} | headers
    return [("Content-Type", content_type), *headers]


def _options_of(draft: RawDraft) -> dict[str, Any]:
    options: dict[str, Any] = {
        "max_retries": draft.max_retries,
        "retry_delay_ms": 0 if draft.use_exponential_backoff else draft.retry_delay_ms,
        "use_exponential_backoff": draft.use_exponential_backoff,
        "retry_all_errors": draft.retry_all_errors,
        "repeat_unsafe": draft.repeat_unsafe and not draft.is_safe,
    }
    if not draft.max_retries:
        options = {}
    given = {name: value for name, value in options.items() if value}
    if draft.timeout != DEFAULT_TIMEOUT:
        given["timeout"] = draft.timeout
    if draft.answer == "frame":
        given["frame"] = True
        if draft.limit != DEFAULT_LIMIT:
            given["limit"] = draft.limit
    elif draft.answer != "json":
        given["response_type"] = draft.answer
    return given


def _mapping(pairs: tuple[Pair, ...]) -> dict[str, object]:
    """Return rows as a mapping; a repeated name has a list of values."""
    texts: dict[str, list[str]] = {}
    for pair in pairs:
        texts.setdefault(pair.name.strip(), []).append(pair.value)
    return {name: values[0] if len(values) == 1 else values for name, values in texts.items()}


def _pairs(pairs: tuple[Pair, ...]) -> object:
    return _named([(pair.name.strip(), pair.value) for pair in pairs])


def _named(rows: list[tuple[str, Any]]) -> object:
    """Return rows as a mapping if no name is repeated, else as a list."""
    names = {name.casefold() for name, _ in rows}
    return dict(rows) if len(names) == len(rows) else rows
