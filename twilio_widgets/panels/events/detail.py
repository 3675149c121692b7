"""The detail view of one event or rejected request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.events.rows import rejected_verdict_of, verdict_of
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import visible
from twilio_widgets.panels.kit.unsaved import Unsaved
from twilio_widgets.panels.table.cells import TONES
from twilio_widgets.panels.table.message_text import explained, lines_of, moment_of, sid_masked
from twilio_widgets.signature.location import HIDDEN

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.listener.events.event import Event, Rejection

    View = dict[str, object]

_NO_CURL: Final = (
    "The URL of this request contains a login or a key, which is not stored. So no curl command "
    "can repeat the request with its signature; listener.replay() signs it again."
)
_TONES = {word: tone for tone, words in TONES.items() for word in words}
_KINDS = {"inbound": "Inbound message", "status": "Status callback"}

MOST_PARAMETERS: Final = 1_000
LONGEST_VALUE: Final = 10_000
"""Characters shown of one parameter; ``listener.reader.event(id)`` has the whole value."""


class EventDetail(Unsaved):
    """The part of a card that opens under the table of events.

    Args:
        on_close: Called when the user closes it. It must not raise.
    """

    _esm = asset(__file__, "event.js")
    _css = asset(__file__, "../kit/detail.css")

    def __init__(self, on_close: Callable[[], object]) -> None:
        self._on_close = on_close
        super().__init__()
        visible(self, False)

    def show(self, view: View | None) -> None:
        """Show the result of `event_view`, `rejection_view` or `missing_view`; None hides it."""
        self._put(view)
        visible(self, view is not None)

    def _receive(self, widget: object, content: object, buffers: object) -> None:
        if content == {"t": "close"}:
            self._on_close()
        super()._receive(widget, content, buffers)


def event_view(event: Event, curl: str) -> View:
    """Return the view of an event.

    Args:
        event: The event.
        curl: The command that delivers the event again; empty if there is none.
    """
    body = event.body
    return _view(
        title=_KINDS[event.kind],
        pills=[_pill(event.status or ""), _pill(verdict_of(event))],
        sid=event.message_sid,
        why=explained(event.error_code, _first(event, "ErrorMessage")) if event.error_code else {},
        body=lines_of(body) if body is not None else None,
        facts=_facts(
            ("Received", moment_of(event.received_at)),
            ("From", event.from_),
            ("To", event.to),
            ("Source", _source_of(event)),
            ("Repeated", _duplicates_of(event)),
            ("Service", event.messaging_service_sid),
            ("Account", sid_masked(event.account_sid)),
        ),
        lists=[_list("Parameters", event.parameters), _list("Headers", event.headers)],
        note=_NO_CURL if HIDDEN in event.url else "",
        curl=curl,
    )


def rejection_view(rejection: Rejection) -> View:
    """Return the view of a rejected request, with the advice on its cause."""
    return _view(
        title="Rejected request",
        pills=[_pill("rejected"), _pill(rejected_verdict_of(rejection))],
        sid=rejection.message_sid or "",
        why={"title": rejection.reason, "advice": rejection.mend or ""},
        facts=_facts(
            ("Received", moment_of(rejection.at)),
            ("Source", f"{rejection.method} {rejection.path}".strip()),
            ("Response", f"HTTP {rejection.status}"),
            ("Cause", rejection.cause),
            ("From", _unverified(rejection.from_)),
            ("To", _unverified(rejection.to)),
        ),
        note="The request is not trusted, so its body and parameters were not stored.",
    )


def missing_view(why: str) -> View:
    """Return the view of an event that no longer exists."""
    return _view(title="Event", problem=why)


def _view(title: str, **parts: object) -> View:
    nothing: View = {
        "pills": [],
        "sid": "",
        "problem": "",
        "note": "",
        "why": {},
        "body": None,
        "facts": [],
        "lists": [],
        "curl": "",
    }
    return {"title": title, **nothing, **parts}


def _pill(text: str) -> list[str]:
    return [one_line(text), _TONES.get(text.partition(" ")[0], "none")]


def _facts(*facts: tuple[str, str | None]) -> list[list[str]]:
    return [[label, one_line(text)] for label, text in facts if text]


def _list(title: str, pairs: tuple[tuple[str, str], ...]) -> list[object]:
    shown = [[one_line(name), _cut(value)] for name, value in pairs[:MOST_PARAMETERS]]
    return [title, len(pairs), shown]


def _cut(value: str) -> str:
    more = f"… ({len(value):,} characters)" if len(value) > LONGEST_VALUE else ""
    return f"{lines_of(value[:LONGEST_VALUE])}{more}"


def _first(event: Event, wanted: str) -> str:
    return one_line(next((value for name, value in event.parameters if name == wanted), ""))


def _source_of(event: Event) -> str:
    if event.source == "poll":
        return "found in Twilio's message log"
    # Only the end of the URL: the rest is the same for every event.
    return f"{event.method} …/{event.kind}, signed with the {event.scheme}"


def _duplicates_of(event: Event) -> str | None:
    if not event.duplicates:
        return None
    times = "once" if event.duplicates == 1 else f"{event.duplicates:,} times"
    return f"{times}, the last on {moment_of(event.last_duplicate_at)}"


def _unverified(text: str | None) -> str | None:
    return f"{text} (unverified)" if text else None
