"""The texts of the events panel, derived from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.events.state import is_over

if TYPE_CHECKING:
    from twilio_widgets.panels.events.state import EventsState, PointedHere, Seen
    from twilio_widgets.panels.kit.elements import Tone

RECEIVE = {
    "webhooks": "Twilio sends requests to a small listener on this machine. It keeps running when "
    "the kernel stops, until you press Stop.",
    "polling": "Reads Twilio's message log every few seconds. Nothing on this machine is exposed; "
    "events arrive some seconds late.",
}
PUBLIC_URL = "The address of your tunnel or reverse proxy. Leave it empty to detect one."
REPLY = "Sent back to everyone who writes. Leave it empty for no reply."
POINT = "A phone number, or the SID of a number (PN…) or messaging service (MG…)."
SIMULATE = {
    "webhooks": "The sandbox signs and delivers it as Twilio would. The first inbound message also "
    "sets the webhook of the sandbox's number to this listener.",
    "polling": "It is added to the sandbox's message log and found at the next poll.",
}
OTHER = (
    "Another listener of this account runs on this machine. It has a different auth token, so it "
    "was not changed."
)
TAKE_OVER = (
    "Was the token changed? “Take over” stops that listener and starts one with your token, on the "
    "same port and with the same events. Its reply, shared keys and idle time are not kept."
)
CLOSING = "The listener keeps running when this card is closed."
ENDED = "The listener has ended. Press Start again."
ON_RESTART = "The listener has ended. This is used when you press Start again."


def pill_of(state: EventsState) -> tuple[str, Tone]:
    """Return a short name of the state, and its tone."""
    if state.identity is None:
        return "not connected", "idle"
    if state.phase == "on" and state.seen is not None and state.seen.problem:
        return ("ended", "idle") if state.seen.ended else ("problem", "problem")
    if state.phase == "on" and state.ingress is not None and not state.ingress.leads_here:
        return "not reachable", "warning"
    words: dict[str, tuple[str, Tone]] = {
        "idle": ("stopped" if state.shown else "not started", "idle"),
        "asking": ("another listener is running", "warning"),
        "starting": ("starting…" if state.other is None else "taking over…", "idle"),
        "stopping": ("stopping…", "idle"),
        "on": ("listening" if state.how == "webhooks" else "polling", "good"),
    }
    return words[state.phase]


def emptiness_of(state: EventsState) -> str:
    """Return the text shown while there is no client; else empty."""
    if state.identity is not None:
        return ""
    if state.follows:
        return (
            "Not connected. Press Connect in the connection panel; then this panel becomes active."
        )
    return (
        "Not connected. Create this panel with EventsPanel(…): "
        "a client, a connection panel, a listener or a poller."
    )


def ingress_of(state: EventsState) -> str:
    """Return how Twilio reaches the listener, and what that exposes."""
    if state.ingress is None:
        return ""
    between = "\n" if "\n" in state.ingress.why else " "
    return f"{state.ingress.why}{between}Exposes: {state.ingress.exposes}"


def advice_of(state: EventsState) -> tuple[str, Tone]:
    """Return the problem, or the advice on the latest rejected request and the notices."""
    if problem := state.problems.get("panel"):
        return problem, "problem"
    seen = state.seen
    if seen is not None and seen.problem:
        return seen.problem, "warning" if seen.ended else "problem"
    if seen is None:
        return "", "hint"
    if seen.advice is None:
        return "\n".join(seen.notices), "hint"
    number = seen.counts.total_rejected
    advice = (
        f"{number:,} request{' was' if number == 1 else 's were'} rejected. The latest: "
        f"{seen.advice.reason} {seen.advice.mend}".strip()
    )
    return "\n".join((advice, *seen.notices)), "warning"


def taking_over_of(state: EventsState) -> str:
    """Return the question before another listener is stopped, and the consequences."""
    if state.other is None:
        return ""
    back = [f"· {one.name}: {one.before}" for one in state.other.pointed]
    put_back = ["These get their previous webhook back until you connect them again:", *back]
    return "\n".join((TAKE_OVER, *(put_back if back else ["No number or service uses it."])))


def note_of(state: EventsState) -> str:
    """Return the last success, or that the listener was found or replaced another one."""
    troubled = state.seen is not None and bool(state.seen.problem)
    if is_over(state):
        return ""  # a success before the end would be misleading
    if state.note or state.phase != "on" or troubled:
        return state.note
    if state.other is not None:
        return "The other listener was stopped. This one uses its port and its events."
    return "The listener was already running: same port, same events." if state.found else ""


def chips_of(seen: Seen | None) -> list[list[str]]:
    """Return the counts by kind and by verdict, each with a tone."""
    if seen is None:
        return []
    counts = seen.counts
    kinds = [[f"{n:,} {kind}", "none"] for kind, n in counts.events.items() if n]
    proved = counts.total - counts.proofs.get("poll", 0)
    verdicts = [[f"{proved:,} valid", "good"]] if proved else []
    if polled := counts.proofs.get("poll"):
        verdicts.append([f"{polled:,} polled", "none"])
    if counts.total_rejected:
        verdicts.append([f"{counts.total_rejected:,} rejected", "problem"])
    again = sum(counts.duplicates.values())
    return kinds + verdicts + ([[f"{again:,} repeated", "none"]] if again else [])


def pointed_of(pointed: PointedHere) -> str:
    """Return a configured number or service, and its previous webhook."""
    notes = "".join(f" {note}" for note in pointed.notes)
    return f"{pointed.name} now sends its messages here (before: {pointed.before}).{notes}"


def public_url_hint_of(state: EventsState) -> str:
    """Return what the public URL is for."""
    return ON_RESTART if is_over(state) else PUBLIC_URL


def simulate_hint_of(state: EventsState) -> str:
    """Return how a simulated message arrives, or why none can be simulated."""
    return ENDED if is_over(state) else SIMULATE[state.how]


def point_hint_of(state: EventsState) -> str:
    """Return which numbers can be connected, or why none can."""
    if is_over(state):
        return ENDED
    if state.ingress is not None and not state.ingress.leads_here:
        return (
            "Twilio cannot reach this listener, so no number can be connected. Enter a public URL."
        )
    return POINT


def reply_hint_of(state: EventsState) -> str:
    """Return the current reply to inbound messages."""
    seen = state.seen
    if is_over(state):
        return ON_RESTART
    if state.phase != "on" or seen is None:
        return REPLY
    if seen.answered_by in {"here", "elsewhere"}:
        where = "of this kernel" if seen.answered_by == "here" else "set elsewhere"
        return f"A function {where} replies. Setting a text replaces it."
    return f"Auto-reply: {one_line(seen.reply)}" if seen.reply else "Auto-reply is off."


def summary_of(state: EventsState) -> tuple[tuple[str, str], ...]:
    """Return the label and text of each row in a saved notebook."""
    account = () if state.identity is None else (("Account", state.identity.account),)
    rows = (*account, ("State", pill_of(state)[0]))
    if state.seen is None or not state.seen.counts.total + state.seen.counts.total_rejected:
        return rows
    return (*rows, ("Events", ", ".join(text for text, _tone in chips_of(state.seen))))
