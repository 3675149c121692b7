"""The columns of event frames: one list for each frame, the same for any number of rows."""

from __future__ import annotations

from twilio_widgets.core.message.message import STATUSES
from twilio_widgets.frames.schema import FLAG, MOMENT, TEXT, WHOLE, SchemaColumn, categorical_column

EVENT_SCHEMA_VERSION = 1
"""Goes up when a column of these frames is added, removed, renamed, moved or changes its dtype."""

_KIND = categorical_column(
    "kind", ("inbound", "status"), "An inbound message, or a status callback about one of ours."
)
_STATUS = categorical_column("status", STATUSES, "The message's status, as Twilio reported it.")
_FROM = SchemaColumn("from", TEXT, "The sender. NA: the request named none.")
_TO = SchemaColumn("to", TEXT, "The recipient.")
_BODY = SchemaColumn("body", TEXT, "The text. NA if the request had none, as in a callback.")
_ERROR_CODE = SchemaColumn(
    "error_code", WHOLE, "Why it failed; tw.explain_error(code) says what to do."
)
_MESSAGE_SID = SchemaColumn("message_sid", TEXT, "The message: SM or MM and 32 hex digits.")
_ACCOUNT_SID = SchemaColumn("account_sid", TEXT, "The account it belongs to: AC…")
_SERVICE_SID = SchemaColumn("messaging_service_sid", TEXT, "The messaging service, if any: MG…")

EVENTS = (
    SchemaColumn("id", WHOLE, "The order of arrival; numbers are unique."),
    SchemaColumn("received_at", MOMENT, "When it first arrived."),
    _KIND,
    _STATUS,
    _FROM,
    _TO,
    _BODY,
    _ERROR_CODE,
    _MESSAGE_SID,
    _ACCOUNT_SID,
    _SERVICE_SID,
    SchemaColumn("num_media", WHOLE, "The number of media files; NA for a status callback."),
    categorical_column(
        "source", ("webhook", "poll"), "Received from Twilio, or read from the message log."
    ),
    categorical_column(
        "scheme",
        ("auth token", "shared key"),
        "The key that verified its signature; NA for a poll.",
    ),
    SchemaColumn("method", TEXT, "The HTTP method: GET or POST."),
    SchemaColumn("duplicates", WHOLE, "How often the same event arrived again."),
    SchemaColumn("last_duplicate_at", MOMENT, "When it last arrived again."),
    SchemaColumn("parameters", TEXT, "Every parameter, as JSON: names and values in order."),
)
"""The columns of an event frame, in order."""

STANDINGS = (
    _MESSAGE_SID,
    _KIND,
    _STATUS,
    _ERROR_CODE,
    _FROM,
    _TO,
    _BODY,
    SchemaColumn("first_at", MOMENT, "When the first event about it arrived."),
    SchemaColumn("last_at", MOMENT, "When the last event about it arrived."),
    SchemaColumn("conflict", FLAG, "Whether two different final statuses were reported."),
    _ACCOUNT_SID,
    _SERVICE_SID,
)
"""The columns of the frame of messages, in order: one row for each message."""

REJECTIONS = (
    SchemaColumn("id", WHOLE, "The order of arrival."),
    SchemaColumn("at", MOMENT, "When it arrived."),
    SchemaColumn("http_status", WHOLE, "The listener's HTTP status."),
    SchemaColumn("cause", TEXT, "The cause, as one word for programs."),
    SchemaColumn("reason", TEXT, "The cause, as a sentence."),
    SchemaColumn("mend", TEXT, "How to fix it. NA: no fix is known to help."),
    SchemaColumn("method", TEXT, "The HTTP method."),
    SchemaColumn("path", TEXT, "The path it was sent to, without its query."),
    SchemaColumn("from", TEXT, "The sender it claimed, masked; it is not verified."),
    SchemaColumn("to", TEXT, "The recipient it claimed, masked."),
    SchemaColumn("message_sid", TEXT, "The message it claimed to be about."),
)
"""The columns of the frame of rejected requests, in order."""

REPLAYS = (
    SchemaColumn("id", WHOLE, "The event."),
    _KIND,
    _MESSAGE_SID,
    _STATUS,
    SchemaColumn("http_status", WHOLE, "The response's status. NA: no response."),
    SchemaColumn("problem", TEXT, "Why there was no response."),
)
"""The columns of a replay's outcomes, in order: one row for each event."""
