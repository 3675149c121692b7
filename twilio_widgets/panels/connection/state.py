"""The state of the connection panel, and the pure steps that change it.

It never contains a secret: a secret goes from the page to a `Connection` and nowhere else.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

from twilio_widgets.core.credentials.connection import Connection, check_sid
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.panels.code.access import Access

if TYPE_CHECKING:
    from twilio_widgets.panels.kit.elements import Tone

Kind = Literal["API key", "auth token", "sandbox"]
Phase = Literal["idle", "checking", "connected"]

LABELS = {
    "account_sid": "Account SID",
    "api_key_sid": "API Key SID",
    "subaccount_sid": "Subaccount",
    "region": "Region",
    "edge": "Edge",
}
"""The labels of the fields that are not secret, in their order on the card."""

UNDER_MORE = ("auth_token", "subaccount_sid", "region", "edge")
"""The fields under "More"."""

_SUBJECTS = {"region": "A region", "edge": "An edge"}
_REMOVED = "This looked like a secret, not a SID, so it was removed."
_ANY_ACCOUNT = "AC" + "0" * 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """A connection without its secrets: it can be shown and saved."""

    account: str
    """The account SID, masked."""
    kind: str
    source: str
    """The source of the credentials."""
    place: str
    """Region and edge, in words."""
    checks_webhooks: bool
    access: Access

    @classmethod
    def of(cls, connection: Connection) -> Identity:
        """Return the parts of a connection that may be shown."""
        places = [place for place in (connection.region, connection.edge) if place]
        return cls(
            account=connection.masked_account,
            kind=connection.kind,
            source=connection.source,
            place=" · ".join(places) or "United States (us1)",
            checks_webhooks=connection.signing_token is not None,
            access=Access.of(connection),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionState:
    """Everything that the panel shows."""

    kind: Kind = "API key"
    account_sid: str = ""
    api_key_sid: str = ""
    subaccount_sid: str = ""
    region: str = ""
    edge: str = ""
    more: bool = False
    """Whether the fields under "More" are shown."""
    help: bool = False
    """Whether the steps to create credentials are shown."""
    phase: Phase = "idle"
    problems: Mapping[str, str] = field(default_factory=dict)
    """The problem of each field, by field name."""
    failure: str = ""
    """An error that belongs to no field."""
    identity: Identity | None = None
    """The connection that is being checked or is in use."""
    verdict: str = ""
    """The result of the check."""


def fields_of(state: ConnectionState) -> tuple[str, ...]:
    """Return the fields of this kind of connection, including secrets."""
    if state.kind == "sandbox":
        return ()
    own = ("api_key_sid", "api_key_secret") if state.kind == "API key" else ()
    return ("account_sid", *own, "auth_token", "subaccount_sid", "region", "edge")


def secret_field(state: ConnectionState) -> str:
    """Return the secret that this kind of connection requires."""
    return "api_key_secret" if state.kind == "API key" else "auth_token"


def selected(state: ConnectionState, kind: Kind) -> ConnectionState:
    """Another kind of connection was chosen; problems of the old one are cleared."""
    if state.phase != "idle" or kind == state.kind:
        return state
    return replace(state, kind=kind, problems={}, failure="")


def typed(state: ConnectionState, name: str, text: str) -> ConnectionState:
    """A field was left: take its text and show its problem, unless it is empty."""
    text = text.strip()
    problem = problem_of(name, text) if text else ""
    if problem and name.endswith("_sid") and re.fullmatch(r"[0-9a-zA-Z]{32}", text):
        # It has the form of an auth token or an API key's secret. The field's text is saved with
        # the notebook, so it is removed.
        text, problem = "", f"{_REMOVED} {problem}"
    own: dict[str, Any] = {name: text}
    return _with_problem(replace(state, failure="", **own), name, problem)


def toggled_more(state: ConnectionState) -> ConnectionState:
    """Open or close "More"."""
    return replace(state, more=not state.more)


def toggled_help(state: ConnectionState) -> ConnectionState:
    """Show or hide the steps to create credentials."""
    return replace(state, help=not state.help)


def reviewed(state: ConnectionState) -> ConnectionState:
    """Validate every field that is not secret before connecting."""
    removed = {name: text for name, text in state.problems.items() if text.startswith(_REMOVED)}
    state = replace(state, problems={}, failure="")
    for name in fields_of(state):
        if name in removed and not getattr(state, name):  # says more than "This is empty."
            state = _with_problem(state, name, removed[name])
            continue
        required = name in {"account_sid", "api_key_sid"}
        if name in LABELS and (required or getattr(state, name)):
            state = _with_problem(state, name, problem_of(name, getattr(state, name)))
    return state


def began(state: ConnectionState, identity: Identity | None = None) -> ConnectionState:
    """Credentials are being looked up or checked."""
    return replace(state, phase="checking", identity=identity, problems={}, failure="", verdict="")


def refused(state: ConnectionState, text: str, name: str | None = None) -> ConnectionState:
    """Connecting failed, because of a field or for another reason."""
    state = replace(state, phase="idle", identity=None, verdict="")
    if name in fields_of(state):
        return _with_problem(state, name, _about_this(name, text))
    return replace(state, problems={}, failure=text)


def connected(state: ConnectionState, identity: Identity, verdict: str) -> ConnectionState:
    """Twilio accepted the credentials."""
    return replace(
        state, phase="connected", identity=identity, verdict=verdict, problems={}, failure=""
    )


def disconnected(state: ConnectionState) -> ConnectionState:
    """Return to the fields as they were typed."""
    return replace(state, phase="idle", identity=None, verdict="", problems={}, failure="")


def failed(state: ConnectionState, text: str) -> ConnectionState:
    """Show an unexpected error; the panel stays connected."""
    return replace(state, failure=text)


def problem_of(name: str, text: str) -> str:
    """Return the problem of a field's text; empty if it is valid."""
    try:
        if name == "api_key_sid":
            check_sid(text, field=name, prefix="SK", what="API Key SID")
        else:
            Connection(**{"account_sid": _ANY_ACCOUNT, name: text})
    except ConfigurationError as error:
        return _about_this(name, str(error))
    return ""


def access_of(state: ConnectionState) -> Access:
    """Return how the code authenticates: from the connection, or from the fields so far."""
    if state.identity is not None:
        return state.identity.access
    if state.kind == "sandbox":
        return Access.of("sandbox")
    places: dict[str, Any] = {name: getattr(state, name) or None for name in ("region", "edge")}
    typed_well = not any(place and problem_of(name, place) for name, place in places.items())
    somewhere = Connection(account_sid=_ANY_ACCOUNT, **(places if typed_well else {}))
    return Access(
        kind=state.kind,
        host=somewhere.host("api"),
        region=somewhere.region,
        edge=somewhere.edge,
        subaccount=bool(state.subaccount_sid),
    )


def pill_of(state: ConnectionState) -> tuple[str, Tone]:
    """Return the text and tone of the pill beside the title."""
    if state.identity is None:
        return ("looking…", "idle") if state.phase == "checking" else ("not connected", "idle")
    if state.phase == "checking":
        return f"checking {state.identity.account} …", "idle"
    return f"connected · {state.identity.account} · {state.identity.kind}", "good"


def outcome_of(state: ConnectionState) -> tuple[str, Tone]:
    """Return the result of connecting, and its tone."""
    if state.failure:
        return state.failure, "problem"
    whole = state.identity is not None and state.identity.checks_webhooks
    return state.verdict, "good" if whole else "hint"


def facts_of(state: ConnectionState) -> tuple[tuple[str, str], ...]:
    """Return the facts about the connection as rows of a label and a text."""
    if state.identity is None:
        return ()
    known = state.identity
    if known.kind == "sandbox":
        return (
            ("Account", known.account),
            ("Kind", "sandbox: a simulated Twilio in this kernel; nothing leaves this machine"),
        )
    return (
        ("Account", known.account),
        ("Kind", known.kind),
        ("Source", known.source),
        ("Served from", known.place),
        ("Webhooks", f"signatures {'can' if known.checks_webhooks else 'cannot'} be checked"),
    )


def summary_of(state: ConnectionState) -> tuple[tuple[str, str], ...]:
    """Return the summary for a saved notebook."""
    if state.identity is None:
        return (("State", "not connected"),)
    return (("Account", state.identity.account), ("Kind", state.identity.kind))


def _with_problem(state: ConnectionState, name: str, problem: str) -> ConnectionState:
    others = {key: text for key, text in state.problems.items() if key != name}
    hidden = bool(problem) and name in UNDER_MORE and name != secret_field(state)
    return replace(
        state,
        problems=others | ({name: problem} if problem else {}),
        more=state.more or hidden,
    )


def _about_this(name: str, text: str) -> str:
    """Replace the Python name of the field in an error, since it is shown below the field."""
    return re.sub(rf"^{name}\b", _SUBJECTS.get(name, "This"), text)
