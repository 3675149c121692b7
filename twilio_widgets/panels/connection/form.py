"""The controls of the connection panel, drawn from its state."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from twilio_widgets.core.credentials.connection import PREFER_API_KEYS
from twilio_widgets.panels.connection import state as steps
from twilio_widgets.panels.inputs.field_set import FieldSet, InputField
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.inputs.secret_input import SecretInput
from twilio_widgets.panels.kit.elements import (
    Facts,
    Note,
    body,
    field,
    styled,
    visible,
)

if TYPE_CHECKING:
    from twilio_widgets.panels.connection.state import ConnectionState

_KINDS = (("API key", "API Key"), ("auth token", "Auth Token"), ("sandbox", "Sandbox"))
_ADVICE = {
    "API key": "Recommended: an API key can be revoked without affecting anything else.",
    "auth token": f"Both are on the first page of console.twilio.com. {PREFER_API_KEYS}",
    "sandbox": "A simulated Twilio in this kernel: no account needed, nothing leaves this machine.",
}
_PLACEHOLDERS = {
    "account_sid": "AC…",
    "api_key_sid": "SK…",
    "subaccount_sid": "AC… (optional)",
    "region": "us1",
    "edge": "chosen by Twilio",
}
_SENT_ONCE = "Sent once to the kernel; never saved in the notebook."
_FOR_SIGNATURES = "Only to check webhook signatures, which an API key cannot do."
_SECRETS = {"api_key_secret": "API Key Secret", "auth_token": "Auth Token"}
"""The labels of the secret fields."""
_SHOW_HELP = "How to get an API key"
_HELP = (
    ("1", "Open console.twilio.com. Your Account SID (AC…) is on the first page."),
    ("2", "Open Account → API keys & tokens, and press “Create API key”."),
    ("3", "Give the key a name and choose the type “Standard”."),
    ("4", "Copy its SID (SK…) and its Secret. Twilio shows the Secret only once."),
)


class ConnectionForm:
    """Every control of the card."""

    def __init__(self, sources: tuple[str, ...]) -> None:
        self.kind = FieldSet(
            (InputField("kind", "Kind", "choice", _KINDS),), {"kind": _KINDS[0][0]}
        )
        self.texts = {
            # Sent when the field is left: a half-typed SID is not a problem yet.
            name: LineInput(label, _PLACEHOLDERS[name], lazy=True)
            for name, label in steps.LABELS.items()
        }
        self.secret = SecretInput(_SECRETS["api_key_secret"], hint=_SENT_ONCE)
        self.token = SecretInput(
            _SECRETS["auth_token"], hint=_FOR_SIGNATURES, placeholder="optional"
        )
        self.connect = OrderedButton("Connect", main=True)
        self.cancel = OrderedButton("Cancel")
        self.disconnect = OrderedButton("Disconnect")
        self.use_source = OrderedButton(f"Use {sources[0]}" if sources else "")
        self.try_sandbox = OrderedButton("Try the sandbox")
        self.more = OrderedButton("More", quiet=True)
        self.help = OrderedButton(_SHOW_HELP, quiet=True)
        self._steps = Facts()
        self._steps.show(_HELP)
        self.facts = Facts()
        self._has_source = bool(sources)
        self._advice = Note()
        self._outcome = styled(Note(), "tw-verdict")
        self._notes = {name: Note() for name in self.texts}
        fields = {name: field(self.texts[name], note) for name, note in self._notes.items()}
        self._own_key = fields["api_key_sid"]
        self._account = fields["account_sid"]
        self._extra = styled(
            ipywidgets.VBox(
                [self.token, fields["subaccount_sid"], fields["region"], fields["edge"]]
            ),
            "tw-rows",
        )
        self._fields = styled(
            ipywidgets.VBox(
                [
                    field(self.kind, self._advice),
                    self._steps,
                    self._account,
                    self._own_key,
                    self.secret,
                    self._extra,
                ]
            ),
            "tw-rows",
        )
        self.rows = body(self._fields, self.facts, self._outcome)

    @property
    def actions(self) -> tuple[ipywidgets.Widget, ...]:
        """The buttons at the left of the card's foot, in order."""
        return self.connect, self.cancel, self.disconnect, self.use_source, self.try_sandbox

    def clear_secrets(self) -> None:
        """Empty the secret fields on every page."""
        self.secret.clear()
        self.token.clear()

    def draw(self, state: ConnectionState) -> None:
        """Show the state."""
        self._draw_fields(state)
        self._draw_secrets(state)
        self._draw_actions(state)
        self.facts.show(steps.facts_of(state))
        self._outcome.show(*steps.outcome_of(state))
        visible(self._fields, state.phase != "connected")
        visible(self.facts, state.identity is not None)

    def _draw_fields(self, state: ConnectionState) -> None:
        busy, own = state.phase == "checking", steps.fields_of(state)
        self.kind.write({"kind": state.kind})
        self.kind.show(off=("kind",) if busy else ())
        self._advice.show(_ADVICE[state.kind])
        self.help.text = "Hide these steps" if state.help else _SHOW_HELP
        visible(self._steps, state.kind == "API key" and state.help)
        for name, control in self.texts.items():
            # A widget's text is saved with the notebook, where the account may only appear masked;
            # the fields of a connected panel are hidden, so they are cleared.
            control.value = "" if state.phase == "connected" else getattr(state, name)
            control.disabled = busy
            self._notes[name].show(state.problems.get(name, ""), "problem")
        visible(self._account, "account_sid" in own)
        visible(self._own_key, "api_key_sid" in own)
        visible(self._extra, state.more and state.kind != "sandbox")

    def _draw_secrets(self, state: ConnectionState) -> None:
        required = steps.secret_field(state)
        self.secret.label = _SECRETS[required]
        self.secret.problem = state.problems.get(required, "")
        self.secret.locked = self.token.locked = state.phase == "checking"
        extra = "" if required == "auth_token" else state.problems.get("auth_token", "")
        self.token.problem = extra
        visible(self.secret, state.kind != "sandbox")
        visible(self.token, state.kind == "API key")

    def _draw_actions(self, state: ConnectionState) -> None:
        idle = state.phase == "idle"
        self.more.text = "Less" if state.more else "More"
        self.connect.text = "Connecting…" if state.phase == "checking" else "Connect"
        self.connect.disabled = not idle
        visible(self.connect, state.phase != "connected")
        visible(self.cancel, state.phase == "checking")
        visible(self.disconnect, state.phase == "connected")
        visible(self.use_source, idle and self._has_source)
        visible(self.try_sandbox, idle and state.kind != "sandbox")
        visible(self.help, idle and state.kind == "API key")
        visible(self.more, idle and state.kind != "sandbox")
