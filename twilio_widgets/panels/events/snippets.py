"""Code equivalent to the events panel: with this library, with Flask, and with curl."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.listener.ingress.endpoint import RETRIES
from twilio_widgets.panels.code.access import SANDBOX_NOTE
from twilio_widgets.panels.code.quoting import Expression, call, literal
from twilio_widgets.panels.code.snippets import Snippet, list_snippet

if TYPE_CHECKING:
    from twilio_widgets.panels.code.access import Access
    from twilio_widgets.panels.events.state import EventsState

_EXAMPLE = "https://example.ngrok.app"
_FLASK = """\
import os

from flask import Flask, abort, request
from twilio.request_validator import RequestValidator
from twilio.twiml.messaging_response import MessagingResponse

app = Flask(__name__)
validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
public_url = {public_url}


@app.post("/inbound")
@app.post("/status")
def webhook():
    signature = request.headers.get("X-Twilio-Signature", "")
    if not validator.validate(public_url + request.path, request.form, signature):
        abort(403)
    # Store request.form durably before you answer: Twilio will not send it again.
    answer = MessagingResponse()
{reply}    return str(answer), {{"Content-Type": "text/xml"}}"""


def events_snippet(access: Access, state: EventsState, store: str | None = None) -> Snippet:
    """Return the code that receives events.

    Args:
        access: How code signs in.
        state: The state of the panel.
        store: The file or folder of the events, if not the default.
    """
    if state.how == "polling":
        asked = list_snippet(access, {"limit": 50})
        given = {} if store is None else {"store": store}
        poller = call("poller = tw.Poller", [Expression("twilio")], **given)
        return Snippet(access.ours(f"{poller}\npoller.table"), asked.official, asked.curl)
    return Snippet(_ours(access, state, store), _official(access, state), _curl(access, state))


def _ours(access: Access, state: EventsState, store: str | None) -> str:
    given: dict[str, object] = {
        "public_url": state.public_url.strip() or None,
        "store": store,
        "reply": state.reply or None,
        "take_over": None if state.other is None else True,
    }
    given = {name: value for name, value in given.items() if value is not None}
    lines = [call("listener = tw.Listener", [Expression("twilio")], **given)]
    if state.point.strip():
        lines.append(call("listener.point", [state.point.strip()]))
    return access.ours("\n".join([*lines, "listener.table"]))


def _official(access: Access, state: EventsState) -> str:
    reply = ""
    if state.reply:
        reply = (
            f'    if request.path == "/inbound":\n        answer.message({literal(state.reply)})\n'
        )
    code = _FLASK.format(public_url=literal(_public(state)), reply=reply)
    return f"{SANDBOX_NOTE}\n\n{code}" if access.kind == "sandbox" else code


def _curl(access: Access, state: EventsState) -> str:
    """Return a curl command that sets a webhook, since curl cannot receive one."""
    pairs = [("SmsUrl", f"{_public(state)}/inbound{RETRIES}"), ("SmsMethod", "POST")]
    return access.curl(
        "IncomingPhoneNumbers/$PHONE_NUMBER_SID.json",
        pairs,
        note="# curl cannot receive webhooks. This sets the webhook of a number:",
    )


def _public(state: EventsState) -> str:
    return state.public_url.strip().rstrip("/") or _EXAMPLE
