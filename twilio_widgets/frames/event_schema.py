"""The columns of event frames: one list for each, the same for no row and for a million."""

from __future__ import annotations

from twilio_widgets.core.message.message import STATUSES
from twilio_widgets.frames.schema import FLAG, MOMENT, TEXT, WHOLE, Column, words_column

EVENT_SCHEMA_VERSION = 1
"""Goes up when a column of these frames is added, removed, renamed, moved or changes its dtype."""

_KIND = words_column(
    "kind", ("inbound", "status"), "An inbound message, or a status callback about one of ours."
)
_STATUS = words_column("status", STATUSES, "Twilio's word for where the message stands.")
_FROM = Column("from", TEXT, "The sender. NA: the request named none.")
_TO = Column("to", TEXT, "The recipient.")
_BODY = Column("body", TEXT, "The text. NA where the request held none, as in a callback.")
_ERROR_CODE = Column("error_code", WHOLE, "Why it failed; tw.explain_error(code) says what to do.")
_MESSAGE_SID = Column("message_sid", TEXT, "The message: SM or MM and 32 hex digits.")
_ACCOUNT_SID = Column("account_sid", TEXT, "The account it belongs to: AC…")
_SERVICE_SID = Column("messaging_service_sid", TEXT, "The messaging service, where one is: MG…")

EVENTS = (
    Column("id", WHOLE, "The order of arrival. No number is given twice."),
    Column("received_at", MOMENT, "When it first came."),
    _KIND,
    _STATUS,
    _FROM,
    _TO,
    _BODY,
    _ERROR_CODE,
    _MESSAGE_SID,
    _ACCOUNT_SID,
    _SERVICE_SID,
    Column("num_media", WHOLE, "The number of media files; NA for a status callback."),
    words_column("source", ("webhook", "poll"), "Twilio called us, or we asked its message log."),
    words_column("scheme", ("auth token", "shared key"), "What proved it genuine; NA for a poll."),
    Column("method", TEXT, "How the request came: GET or POST."),
    Column("duplicates", WHOLE, "How often the same event came again."),
    Column("last_duplicate_at", MOMENT, "When it came again last."),
    Column("parameters", TEXT, "Every parameter, as JSON: names and values in order."),
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
    Column("first_at", MOMENT, "When it was first heard of."),
    Column("last_at", MOMENT, "When the last news came."),
    Column("conflict", FLAG, "Whether two different final statuses were heard."),
    _ACCOUNT_SID,
    _SERVICE_SID,
)
"""The columns of the frame of messages, in order: one row a message."""

REJECTIONS = (
    Column("id", WHOLE, "The order in which they came."),
    Column("at", MOMENT, "When it came."),
    Column("http_status", WHOLE, "What we answered."),
    Column("cause", TEXT, "Why, in one word for programs."),
    Column("reason", TEXT, "Why, as a sentence."),
    Column("mend", TEXT, "What to do about it. NA: nothing that is proved to help."),
    Column("method", TEXT, "How the request came."),
    Column("path", TEXT, "Where it was sent to, without its query."),
    Column("from", TEXT, "The sender it claimed, masked: nothing of it is believed."),
    Column("to", TEXT, "The recipient it claimed, masked."),
    Column("message_sid", TEXT, "The message it claimed to be about."),
)
"""The columns of the frame of rejected requests, in order."""

REPLAYS = (
    Column("id", WHOLE, "The event."),
    _KIND,
    _MESSAGE_SID,
    _STATUS,
    Column("http_status", WHOLE, "The answer's status. NA: there was none."),
    Column("problem", TEXT, "Why there was no answer."),
)
"""The columns of a replay's outcomes, in order: one row an event."""
