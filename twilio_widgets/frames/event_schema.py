"""The columns of event frames: one list for each, the same for no row and for a million."""

from __future__ import annotations

from twilio_widgets.core.message.message import STATUSES
from twilio_widgets.frames.schema import FLAG, MOMENT, TEXT, WHOLE, SchemaColumn, words_column

EVENT_SCHEMA_VERSION = 1
"""Goes up when a column of these frames is added, removed, renamed, moved or changes its dtype."""

_KIND = words_column(
    "kind", ("inbound", "status"), "An inbound message, or a status callback about one of ours."
)
_STATUS = words_column("status", STATUSES, "Twilio's word for where the message stands.")
_FROM = SchemaColumn("from", TEXT, "The sender. NA: the request named none.")
_TO = SchemaColumn("to", TEXT, "The recipient.")
_BODY = SchemaColumn("body", TEXT, "The text. NA where the request held none, as in a callback.")
_ERROR_CODE = SchemaColumn(
    "error_code", WHOLE, "Why it failed; tw.explain_error(code) says what to do."
)
_MESSAGE_SID = SchemaColumn("message_sid", TEXT, "The message: SM or MM and 32 hex digits.")
_ACCOUNT_SID = SchemaColumn("account_sid", TEXT, "The account it belongs to: AC…")
_SERVICE_SID = SchemaColumn(
    "messaging_service_sid", TEXT, "The messaging service, where one is: MG…"
)

EVENTS = (
    SchemaColumn("id", WHOLE, "The order of arrival. No number is given twice."),
    SchemaColumn("received_at", MOMENT, "When it first came."),
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
    words_column("source", ("webhook", "poll"), "Twilio called us, or we asked its message log."),
    words_column("scheme", ("auth token", "shared key"), "What proved it genuine; NA for a poll."),
    SchemaColumn("method", TEXT, "How the request came: GET or POST."),
    SchemaColumn("duplicates", WHOLE, "How often the same event came again."),
    SchemaColumn("last_duplicate_at", MOMENT, "When it came again last."),
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
    SchemaColumn("first_at", MOMENT, "When it was first heard of."),
    SchemaColumn("last_at", MOMENT, "When the last news came."),
    SchemaColumn("conflict", FLAG, "Whether two different final statuses were heard."),
    _ACCOUNT_SID,
    _SERVICE_SID,
)
"""The columns of the frame of messages, in order: one row a message."""

REJECTIONS = (
    SchemaColumn("id", WHOLE, "The order in which they came."),
    SchemaColumn("at", MOMENT, "When it came."),
    SchemaColumn("http_status", WHOLE, "What we answered."),
    SchemaColumn("cause", TEXT, "Why, in one word for programs."),
    SchemaColumn("reason", TEXT, "Why, as a sentence."),
    SchemaColumn("mend", TEXT, "What to do about it. NA: nothing that is proved to help."),
    SchemaColumn("method", TEXT, "How the request came."),
    SchemaColumn("path", TEXT, "Where it was sent to, without its query."),
    SchemaColumn("from", TEXT, "The sender it claimed, masked: nothing of it is believed."),
    SchemaColumn("to", TEXT, "The recipient it claimed, masked."),
    SchemaColumn("message_sid", TEXT, "The message it claimed to be about."),
)
"""The columns of the frame of rejected requests, in order."""

REPLAYS = (
    SchemaColumn("id", WHOLE, "The event."),
    _KIND,
    _MESSAGE_SID,
    _STATUS,
    SchemaColumn("http_status", WHOLE, "The answer's status. NA: there was none."),
    SchemaColumn("problem", TEXT, "Why there was no answer."),
)
"""The columns of a replay's outcomes, in order: one row an event."""
