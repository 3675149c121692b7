"""The Messages resource and its feedback."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.sandbox.api import paging
from twilio_widgets.sandbox.api.wire import SandboxReply
from twilio_widgets.sandbox.world import create, lifecycle
from twilio_widgets.sandbox.world.dates import span_of
from twilio_widgets.sandbox.world.log import LogQuery
from twilio_widgets.sandbox.world.messages import StoredMessage
from twilio_widgets.sandbox.world.refusals import ApiRefusal
from twilio_widgets.sandbox.world.rows import message_json, rfc2822

if TYPE_CHECKING:
    from twilio_widgets.sandbox.api.call import Call
    from twilio_widgets.sandbox.world.log import Entry, MessageLog

_ELEMENT = "Message"


def create_message(call: Call) -> SandboxReply:
    """POST …/Messages: 201 and the message, or an error and a ``failed`` entry in the list."""
    form = call.request.form()
    if call.account.status != "active":
        raise ApiRefusal(20005)
    try:
        if call.forced is not None:
            raise call.forced
        message = create.create(call.world, call.account, form)
    except ApiRefusal as refusal:
        if call.world.settings.record_refused and refusal.status in {400, 404}:
            create.record_refused(call.world, call.account, form, refusal)
        raise
    row = message.row(call.world.now())
    return SandboxReply(message_json(row, at_creation=True), 201, _ELEMENT)


def list_messages(call: Call) -> SandboxReply:
    """GET …/Messages: one page, newest first."""
    world, now = call.world, call.world.now()
    page = paging.page_request(call.query)
    log = _log(call)
    query = LogQuery(
        to=call.query.get("To"),
        from_=call.query.get("From"),
        sent=span_of(call.query, "DateSent", date_filters=world.settings.date_filters),
    )
    anchor = log.anchor(page.anchor) if page.anchor else None
    if page.anchor and anchor is None:
        raise ApiRefusal(21481)
    entries, more = paging.take(
        page,
        lambda: log.after(anchor, query, now),
        lambda: log.before(anchor, query, now) if anchor is not None else iter(()),
    )
    rows = [log.row(entry, now) for entry in entries]
    pairs = [(row.sid, message_json(row)) for row in rows]
    payload = paging.envelope(call.request, page, "messages", pairs, more=more)
    return SandboxReply(payload, element=_ELEMENT)


def fetch_message(call: Call) -> SandboxReply:
    """GET …/Messages/{Sid}."""
    return _shown(call, _found(call))


def update_message(call: Call) -> SandboxReply:
    """POST …/Messages/{Sid}: redact the body, or cancel a scheduled message; never both.

    Whether Twilio redacts a message before its final status is UNCONFIRMED; the sandbox does.
    """
    entry, form = _found(call), call.request.form()
    body, status = form.get("Body"), form.get("Status")
    if (body is None) == (status is None) or body:
        raise ApiRefusal(30400)
    if body is not None:
        _log(call).redact(entry, call.world.now())
    else:
        _cancel(call, entry, status)
    return _shown(call, entry)


def _cancel(call: Call, entry: Entry, status: str | None) -> None:
    if status != "canceled":
        raise ApiRefusal(30400)
    now = call.world.now()
    if not isinstance(entry, StoredMessage) or entry.step(now).status != "scheduled":
        raise ApiRefusal(30409)
    entry.steps = lifecycle.cancelled(entry.steps, now)
    entry.touched = now
    _log(call).refile(entry)
    call.world.notify(entry)


def delete_message(call: Call) -> SandboxReply:
    """DELETE …/Messages/{Sid}: 204, or error 20009 while the message is not in a final status."""
    entry, log = _found(call), _log(call)
    status = log.row(entry, call.world.now()).status
    if isinstance(entry, StoredMessage) and status not in lifecycle.FINAL:
        raise ApiRefusal(20009, f"Cannot delete message in state {status.upper()}")
    log.delete(entry)
    return SandboxReply(status=204)


def create_feedback(call: Call) -> SandboxReply:
    """POST …/Messages/{Sid}/Feedback: 200 as in Twilio's OpenAPI document (201 is also reported).

    The default outcome is UNCONFIRMED; the sandbox uses ``confirmed``.
    """
    _found(call)
    sid = call.sids["Message"]
    outcome = call.request.form().get("Outcome") or "confirmed"
    if outcome not in {"confirmed", "unconfirmed"}:
        raise ApiRefusal(20001, "Invalid 'Outcome'")
    now = call.world.now()
    created = call.world.feedback.get(sid, (outcome, now))[1]
    call.world.feedback[sid] = (outcome, created)
    payload: dict[str, object] = {
        "account_sid": call.account.sid,
        "message_sid": sid,
        "outcome": outcome,
        "date_created": rfc2822(created),
        "date_updated": rfc2822(now),
        "uri": call.uri(f"Messages/{sid}/Feedback.json"),
    }
    return SandboxReply(payload, element="Feedback")


def _log(call: Call) -> MessageLog:
    return call.world.logs[call.account.sid]


def _found(call: Call) -> Entry:
    entry = _log(call).find(call.sids["Message"])
    if entry is None:
        raise call.missing()
    return entry


def _shown(call: Call, entry: Entry) -> SandboxReply:
    return SandboxReply(message_json(_log(call).row(entry, call.world.now())), element=_ELEMENT)
