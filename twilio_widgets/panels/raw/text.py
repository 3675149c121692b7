"""What the raw request card says of its state, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.core.raw.documented_paths import documented_paths
from twilio_widgets.panels.raw.draft import used

if TYPE_CHECKING:
    from twilio_widgets.panels.kit.elements import Tone
    from twilio_widgets.panels.raw.draft import RawDraft
    from twilio_widgets.panels.raw.state import RawState, View

REPEAT_RISK = (
    "Twilio has no idempotency key: a POST whose answer was lost may have been carried out, so "
    "repeating it can send the same message twice and bill it twice."
)
"""The risk of `repeat_unsafe`, in one sentence."""

MOST_STEPS = 8
"""Attempts that are shown; a list has one for each page."""

EXAMPLE = "/Accounts/$TWILIO_ACCOUNT_SID/Balance.json"

ANSWER_NOTES = {
    "json": "Decoded JSON, as a tree; a page of a list also as a table.",
    "frame": "A list as a typed DataFrame: pages are followed up to the limit. For GET.",
    "text": "The body as it came, such as XML.",
    "binary": "Bytes: an image is shown, anything else can be saved.",
}
RETRY_NOTE = (
    "By itself only what is safe to repeat is repeated: what never reached Twilio, a 429, and for "
    "methods that only read or replace, lost answers and 5xx. The timeout spans all of it."
)
_BODIES = {
    "none": "Nothing is sent below the headers.",
    "data": "Sent URL-encoded, as Twilio reads it. A name may stand in several rows: MediaUrl.",
    "multipart": "Sent as a multipart form: text fields, and files.",
    "text": "Sent as it stands, with the content type you give.",
}
_VIEWS: dict[View, str] = {
    "tree": "Tree",
    "table": "Table",
    "text": "Text",
    "file": "File",
    "headers": "Headers",
}


def pill_of(state: RawState) -> tuple[str, Tone]:
    """Return where requests go, or what is under way, in a word."""
    if state.phase == "sending":
        return "sending…", "idle"
    if state.identity is None:
        return "not connected", "idle"
    return ("sandbox" if state.identity.kind == "sandbox" else state.identity.account), "idle"


def completions(method: str) -> tuple[tuple[str, str], ...]:
    """Return the documented paths of a method, as they are typed, and what each is for."""
    return tuple(
        (_as_typed(one.path), one.summary) for one in documented_paths() if one.method == method
    )


def _as_typed(path: str) -> str:
    own = path.replace("{AccountSid}", "$TWILIO_ACCOUNT_SID")
    own = own.replace("/Accounts/{Sid}", "/Accounts/$TWILIO_ACCOUNT_SID")
    return own.removeprefix("/2010-04-01")


def path_note(state: RawState) -> tuple[str, Tone]:
    """Return what there is to say about the path."""
    if "path" in state.problems:
        return state.problems["path"], "problem"
    path = state.draft.path.strip()
    if not path:
        return "The path only; $TWILIO_ACCOUNT_SID is filled in. Arrow down offers paths.", "hint"
    known = {one.method: one.summary for one in documented_paths() if _as_typed(one.path) == path}
    if state.draft.method in known:
        return f"{known[state.draft.method]}.", "hint"
    if known:
        return f"Documented for {' and '.join(known)}, not for {state.draft.method}.", "warning"
    return "", "hint"


def note_of(state: RawState) -> tuple[str, Tone]:
    """Return what is to be said under the request, when it has no place of its own."""
    if problem := state.problems.get(""):
        return problem, "problem"
    if state.identity is not None:
        return "", "hint"
    if state.follows:
        return "Not connected yet. Connect in the connection panel, and this one wakes up.", "hint"
    return (
        "Not connected. Make this panel with RawRequestPanel(twilio): "
        "a client, or a connection panel it can wait for."
    ), "hint"


def sections_of(draft: RawDraft) -> tuple[tuple[str, str], ...]:
    """Return the parts of a request, each with how much there is in it."""
    counts = {"query": len(used(draft.query)), "headers": len(used(draft.headers))}
    body = {
        "none": "",
        "data": str(len(used(draft.data)) or ""),
        "multipart": str(len(used(draft.form)) + len(draft.files) or ""),
        "text": f"{len(draft.text):,} characters" if draft.text else "",
    }[draft.body]
    said = {
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
        (value, f"{name} · {said[value]}" if said[value] else name) for value, name in names.items()
    )


_ANSWERS = {"frame": "table", "text": "text", "binary": "binary"}


def body_note(state: RawState) -> tuple[str, Tone]:
    """Return what there is to say about the body."""
    if "body" in state.problems:
        return state.problems["body"], "problem"
    return _BODIES[state.draft.body], "hint"


def question_of(state: RawState) -> tuple[str, str]:
    """Return what is asked before a request leaves that may be a repeat, and its yes."""
    what = f"{state.draft.method} {state.draft.masked_path}"
    asked = {
        "again": f"This very request has just been sent. Send {what} again?",
        "history": f"This request can change something. Send {what} again?",
        "unknown": (
            f"Nobody knows whether the last {state.draft.method} was carried out: sending it again "
            "can do it twice. Look first. Send it all the same?"
        ),
    }
    return asked.get(state.why, ""), "Send again"


def steps_of(state: RawState) -> tuple[tuple[str, str], ...]:
    """Return the last attempts; one that went well at once is not worth a line."""
    if state.phase != "sending" and len(state.tries) < 2:
        return ()
    done = [
        (f"{one.number}: {one.outcome}", "done" if one.good else "failed") for one in state.tries
    ]
    if state.phase == "sending" and state.attempt > len(state.tries):
        done.append((f"{state.attempt}: under way", "now"))
    return tuple(done[-MOST_STEPS:])


def doing(state: RawState) -> tuple[str, float, int]:
    """Return what is being done, the seconds to count down, and the number of the pause."""
    if state.phase != "sending":
        return "", 0.0, 0
    if state.stopping:
        return "Cancelling: no further attempt is made.", 0.0, 0
    if _pauses(state):
        last = state.tries[-1]
        return "The next attempt leaves in {} s.", last.wait or 0.0, last.number
    if state.reading is not None:
        rows, pages = state.reading.rows, state.reading.pages
        return f"{rows:,} rows · {pages:,} page{'s'[: pages != 1]}", 0.0, 0
    return "Waiting for the answer…", 0.0, 0


def _pauses(state: RawState) -> bool:
    return bool(state.tries) and bool(state.tries[-1].wait) and state.attempt == len(state.tries)


def view_names(state: RawState) -> tuple[tuple[str, str], ...]:
    """Return how the answer can be looked at."""
    if state.answer is None:
        return ()
    return tuple((view, _VIEWS[view]) for view in state.answer.views)


def summary_of(state: RawState) -> tuple[tuple[str, str], ...]:
    """Return what a saved notebook says: no body, no whole number, nothing of an answer's body."""
    account = () if state.identity is None else (("Account", state.identity.account),)
    if not state.history:
        return (*account, ("Request", "none sent yet" if account else "not connected"))
    last = state.history[-1]
    asked = f"{last.draft.method} {last.draft.masked_path.partition('?')[0]}"
    return (*account, ("Request", asked), ("Response", last.outcome))
