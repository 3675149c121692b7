"""What the events panel says of its state, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.core.printable import one_line
from twilio_widgets.panels.events.state import is_over

if TYPE_CHECKING:
    from twilio_widgets.panels.events.state import EventsState, PointedHere, Seen
    from twilio_widgets.panels.kit.elements import Tone

RECEIVE = {
    "webhooks": "Twilio calls a small listener on this machine. It goes on when the kernel does "
    "not, and stops when you press Stop.",
    "polling": "Twilio's message log is asked again and again. Nothing leads in from outside; news "
    "come some seconds late.",
}
PUBLIC_URL = "Where your tunnel or reverse proxy leads here from. Leave it empty to let us look."
REPLY = "What each inbound message is answered. Leave it empty for no reply."
POINT = "A number, or the SID of a number (PN…) or messaging service (MG…)."
SIMULATE = {
    "webhooks": "The sandbox signs and delivers it as Twilio would. The first inbound one points "
    "the sandbox's number here.",
    "polling": "It stands in the sandbox's message log, and is found when that is asked next.",
}
OTHER = (
    "A listener of this account runs here and does not know your auth token, so it was left as it "
    "is."
)
TAKE_OVER = (
    "Was the token changed? “Take over” ends that listener and starts one with yours: same port, "
    "same events. Its reply, shared keys and idle time are not kept."
)
CLOSING = "Closing this card leaves it running."
ENDED = "The listener has ended. Press Start again."
ON_RESTART = "The listener has ended. This is used when you press Start again."


def pill_of(state: EventsState) -> tuple[str, Tone]:
    """Return the state in a word or two, and its tone."""
    if state.identity is None:
        return "not connected", "idle"
    if state.phase == "on" and state.seen is not None and state.seen.problem:
        return ("ended", "idle") if state.seen.ended else ("in trouble", "problem")
    if state.phase == "on" and state.door is not None and not state.door.leads_here:
        return "no way in", "warning"
    words: dict[str, tuple[str, Tone]] = {
        "idle": ("stopped" if state.shown else "not started", "idle"),
        "asking": ("another listener runs", "warning"),
        "starting": ("starting…" if state.other is None else "taking over…", "idle"),
        "stopping": ("stopping…", "idle"),
        "on": ("listening" if state.how == "webhooks" else "polling", "good"),
    }
    return words[state.phase]


def emptiness_of(state: EventsState) -> str:
    """Return what to say while there is no client."""
    if state.identity is not None:
        return ""
    if state.follows:
        return "Not connected yet. Connect in the connection panel, and this one wakes up."
    return (
        "Not connected. Make this panel with EventsPanel(…): "
        "a client, a connection panel it can wait for, a listener or a poller."
    )


def door_of(state: EventsState) -> str:
    """Return how Twilio reaches the listener, and what that exposes."""
    if state.door is None:
        return ""
    between = "\n" if "\n" in state.door.why else " "
    return f"{state.door.why}{between}Exposes: {state.door.exposes}"


def advice_of(state: EventsState) -> tuple[str, Tone]:
    """Return the doctor's advice on what was rejected last, and what else is to be known."""
    if said := state.problems.get("panel"):
        return said, "problem"
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
    """Return what is asked before another listener is ended, and what that does."""
    if state.other is None:
        return ""
    back = [f"· {one.name}, to {one.before}" for one in state.other.pointed]
    put_back = ["Put back, until you point it here again:", *back]
    return "\n".join((TAKE_OVER, *(put_back if back else ["Nothing is pointed at it."])))


def said_of(state: EventsState) -> str:
    """Return what went well last, or that the listener was found or has taken another's place."""
    troubled = state.seen is not None and bool(state.seen.problem)
    if is_over(state):
        return ""  # whatever went well, it is over
    if state.said or state.phase != "on" or troubled:
        return state.said
    if state.other is not None:
        return "The other listener has ended, and this one has its port and its events."
    return "It was running already, and goes on: same port, same events." if state.found else ""


def chips_of(seen: Seen | None) -> list[list[str]]:
    """Return the counts, by kind and by verdict, each with a tone."""
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
    """Return what is pointed here, and what it was before."""
    notes = "".join(f" {note}" for note in pointed.notes)
    return f"{pointed.name} comes here. Before: {pointed.before}.{notes}"


def public_url_hint_of(state: EventsState) -> str:
    """Return what the public URL is for."""
    return ON_RESTART if is_over(state) else PUBLIC_URL


def simulate_hint_of(state: EventsState) -> str:
    """Return how a simulated message arrives, or why none can be simulated."""
    return ENDED if is_over(state) else SIMULATE[state.how]


def point_hint_of(state: EventsState) -> str:
    """Return what can be pointed here."""
    if is_over(state):
        return ENDED
    if state.door is not None and not state.door.leads_here:
        return "Nothing leads here from Twilio, so nothing can be pointed here. Give a public URL."
    return POINT


def reply_hint_of(state: EventsState) -> str:
    """Return what inbound messages are answered now."""
    seen = state.seen
    if is_over(state):
        return ON_RESTART
    if state.phase != "on" or seen is None:
        return REPLY
    if seen.answered_by in {"here", "elsewhere"}:
        where = "of this kernel" if seen.answered_by == "here" else "set elsewhere"
        return f"A function {where} answers. A text takes its place."
    return f"Answered now: {one_line(seen.reply)}" if seen.reply else "There is no reply now."


def summary_of(state: EventsState) -> tuple[tuple[str, str], ...]:
    """Return what a saved notebook says of the panel."""
    account = () if state.identity is None else (("Account", state.identity.account),)
    rows = (*account, ("State", pill_of(state)[0]))
    if state.seen is None or not state.seen.counts.total + state.seen.counts.total_rejected:
        return rows
    return (*rows, ("Events", ", ".join(text for text, _tone in chips_of(state.seen))))
