"""The texts of the raw request panel, derived from its state."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from typing import TYPE_CHECKING

from twilio_widgets.core.http.hosts import product_of
from twilio_widgets.core.raw.documented_paths import documented_paths
from twilio_widgets.panels.raw.draft import effect_of_draft, used

if TYPE_CHECKING:
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.raw.draft import RawDraft
    from twilio_widgets.panels.raw.state import RawState, View

REPEAT_RISK = (
    "Twilio has no idempotency key: a POST whose response was lost may have been carried out, so "
    "repeating it can send and bill the same message twice."
)
"""The risk of `repeat_unsafe`, in one sentence."""

MOST_STEPS = 8
"""Attempts shown at most; a list makes one for each page."""

EXAMPLE = "/Accounts/$TWILIO_ACCOUNT_SID/Balance.json"

ANSWER_NOTES = {
    "json": "Decoded JSON as a tree; one page of a list also as a table.",
    "frame": "A list as a typed DataFrame: reads page after page up to the limit. GET only.",
    "text": "The unchanged body, such as XML.",
    "binary": "The body as bytes: an image is shown, any other file can be saved.",
}
RETRY_NOTE = (
    "At most 10 retries, up to 60,000 ms apart. Only what is safe to repeat is retried: a request "
    "that never reached Twilio, a 429, and, for methods that read or replace, a lost response or a "
    "5xx. The timeout covers all attempts."
)
_BODIES = {
    "none": "The request has no body.",
    "data": "Data, sent URL-encoded, as Twilio expects. A name may be repeated, such as MediaUrl.",
    "multipart": "Form data and file data, sent as a multipart form; each file has a file name.",
    "text": "Data, sent unchanged, with the content type you choose.",
}
_VIEWS: dict[View, str] = {
    "tree": "Tree",
    "table": "Table",
    "text": "Text",
    "file": "File",
    "headers": "Headers",
}


def pill_of(state: RawState) -> tuple[str, Tone]:
    """Return where requests go, or that one is being sent, and a tone."""
    if state.phase == "sending":
        return "sending…", "idle"
    if state.identity is None:
        return "not connected", "idle"
    return ("sandbox" if state.identity.kind == "sandbox" else state.identity.account), "idle"


def completions(method: str, typed: str = "") -> tuple[tuple[str, str], ...]:
    """Return the documented paths of a method as a user types them, each with its summary.

    Args:
        method: The method.
        typed: The path so far. After the host of a URL, these are the paths of that host; before
            it, those of the main API, and the other hosts.
    """
    host = _typed_host(typed)
    if host is not None:
        return _paths_of(method, product_of(host) or "", f"https://{host}")
    return _paths_of(method, "api") + _hosts(method)


def _typed_host(typed: str) -> str | None:
    """Return the host in a URL that is being typed; None until a slash follows it."""
    url = re.match(r"https://([a-z0-9.-]+)/", typed.strip(), re.IGNORECASE | re.ASCII)
    host = url[1].lower() if url else ""
    return host if product_of(host) else None


@cache
def _paths_of(method: str, product: str, origin: str = "") -> tuple[tuple[str, str], ...]:
    return tuple(
        (_as_typed(one.path, origin), one.summary)
        for one in documented_paths()
        if one.method == method and one.product == product
    )


@cache
def _hosts(method: str) -> tuple[tuple[str, str], ...]:
    counts = Counter(one.product for one in documented_paths() if one.method == method)
    return tuple(
        (f"https://{product}.twilio.com/", f"{count} documented path{'s'[: count != 1]}")
        for product, count in counts.items()
        if product != "api"
    )


def _as_typed(path: str, origin: str = "") -> str:
    own = path.replace("{AccountSid}", "$TWILIO_ACCOUNT_SID")
    own = own.replace("/Accounts/{Sid}", "/Accounts/$TWILIO_ACCOUNT_SID")
    return origin + own if origin else own.removeprefix("/2010-04-01")


def path_note(state: RawState) -> tuple[str, Tone]:
    """Return the problem, warning or hint below the path, and its tone."""
    if "path" in state.problems:
        return state.problems["path"], "problem"
    path = state.draft.path.strip()
    if not path:
        return (
            "A path, or the https URL of another Twilio API; $TWILIO_ACCOUNT_SID is filled in. "
            "Press the down arrow for a list.",
            "hint",
        )
    host = _typed_host(path)
    product, origin = (product_of(host), f"https://{host}") if host else ("api", "")
    known = {
        one.method: one.summary
        for one in documented_paths()
        if one.product == product and _as_typed(one.path, origin) == path
    }
    if state.draft.method in known:
        return f"{known[state.draft.method]}.", "hint"
    if known:
        return f"Documented for {' and '.join(known)}, not for {state.draft.method}.", "warning"
    return "", "hint"


def note_of(state: RawState) -> tuple[str, Tone]:
    """Return the problem or hint that belongs to no field, and its tone."""
    if problem := state.problems.get(""):
        return problem, "problem"
    if state.identity is not None:
        return "", "hint"
    if state.follows:
        return (
            "Not connected. Press Connect in the connection panel; then this panel becomes active."
        ), "hint"
    return (
        "Not connected. Create this panel with RawRequestPanel(twilio): "
        "a client or a connection panel."
    ), "hint"


def sections_of(draft: RawDraft) -> tuple[tuple[str, str], ...]:
    """Return the tabs of a request, each with a count of its contents."""
    counts = {"query": len(used(draft.query)), "headers": len(used(draft.headers))}
    body = {
        "none": "",
        "data": str(len(used(draft.data)) or ""),
        "multipart": str(len(used(draft.form)) + len(draft.files) or ""),
        "text": f"{len(draft.text):,} characters" if draft.text else "",
    }[draft.body]
    counted = {
        "query": str(counts["query"] or ""),
        "body": body,
        "headers": str(counts["headers"] or ""),
        "retries": str(draft.max_retries or ""),
        "answer": "" if draft.answer == "json" else _ANSWERS[draft.answer],
    }
    names = {
        "query": "Query",
        "body": "Body",
        "headers": "Headers",
        "retries": "Retries",
        "answer": "Response",
    }
    return tuple(
        (value, f"{name} · {counted[value]}" if counted[value] else name)
        for value, name in names.items()
    )


_ANSWERS = {"frame": "table", "text": "text", "binary": "binary"}


def body_note(state: RawState) -> tuple[str, Tone]:
    """Return the problem or hint about the body, and its tone."""
    if "body" in state.problems:
        return state.problems["body"], "problem"
    return _BODIES[state.draft.body], "hint"


def question_of(state: RawState) -> tuple[str, str]:
    """Return the question before a request, and the label of its button."""
    what = f"{state.draft.method} {state.draft.masked_path}"
    if state.why == "effect" and (effect := effect_of_draft(state.draft)) is not None:
        return f"This request can {effect.text}. Send {what}?", "Send it"
    asked = {
        "again": f"This request was just sent. Send {what} again?",
        "history": f"This request can change data. Send {what} again?",
        "unknown": (
            f"It is not known whether the last {state.draft.method} was carried out. Sending it "
            "again can repeat it, so check first. Send it anyway?"
        ),
    }
    return asked.get(state.why, ""), "Send again"


def steps_of(state: RawState) -> tuple[tuple[str, str], ...]:
    """Return the latest attempts; none for a request whose first attempt succeeded."""
    if state.phase != "sending" and len(state.tries) < 2:
        return ()
    done = [
        (f"{one.number}: {one.outcome}", "done" if one.good else "failed") for one in state.tries
    ]
    if state.phase == "sending" and state.attempt > len(state.tries):
        done.append((f"{state.attempt}: sending", "now"))
    return tuple(done[-MOST_STEPS:])


def activity_of(state: RawState) -> tuple[str, float, int]:
    """Return the current activity, the seconds to count down, and the number of the pause."""
    if state.phase != "sending":
        return "", 0.0, 0
    if state.stopping:
        return "Cancelling: no further attempt is made.", 0.0, 0
    if _pauses(state):
        last = state.tries[-1]
        return "Next attempt in {} s.", last.wait or 0.0, last.number
    if state.reading is not None:
        rows, pages = state.reading.rows, state.reading.pages
        return f"{rows:,} rows · {pages:,} page{'s'[: pages != 1]}", 0.0, 0
    return "Waiting for the response…", 0.0, 0


def _pauses(state: RawState) -> bool:
    return bool(state.tries) and bool(state.tries[-1].wait) and state.attempt == len(state.tries)


def view_names(state: RawState) -> tuple[tuple[str, str], ...]:
    """Return the views of the response, each with its label."""
    if state.answer is None:
        return ()
    return tuple((view, _VIEWS[view]) for view in state.answer.views)


def summary_of(state: RawState) -> tuple[tuple[str, str], ...]:
    """Return the rows of a saved notebook: no bodies, and no complete phone numbers."""
    account = () if state.identity is None else (("Account", state.identity.account),)
    if not state.history:
        return (*account, ("Request", "none sent yet" if account else "not connected"))
    last = state.history[-1]
    asked = f"{last.draft.method} {last.draft.masked_path.partition('?')[0]}"
    return (*account, ("Request", asked), ("Response", last.outcome))
