"""The columns of the frames of services, numbers, usage, alerts, templates, prices and lookups.

Source of the fields: Twilio's OpenAPI documents of 2026-04-14 (messaging v1, API 2010-04-01,
monitor v1).
"""

from __future__ import annotations

from typing import Any

from twilio_widgets.core.templates.template import APPROVALS
from twilio_widgets.frames.schema import (
    FLAG,
    MOMENT,
    MONEY,
    TEXT,
    WHOLE,
    SchemaColumn,
    categorical_column,
)

RESOURCE_SCHEMA_VERSION = 1
"""Goes up when a column of these frames is added, removed, renamed, moved or changes its dtype."""

DAY: Any = "datetime64[s]"
"""The dtype of a day in UTC."""

_ACCOUNT_SID = SchemaColumn("account_sid", TEXT, "The account it belongs to: AC…")
_CREATED = SchemaColumn("date_created", MOMENT, "When it was created.")
_UPDATED = SchemaColumn("date_updated", MOMENT, "When it was last changed.")
_NAME = SchemaColumn("friendly_name", TEXT, "Its name in Twilio's console.")

SERVICES = (
    SchemaColumn("sid", TEXT, "The messaging service: MG…"),
    _NAME,
    SchemaColumn("senders", WHOLE, "The number of its senders. NA: they were not read."),
    SchemaColumn("phone_numbers", TEXT, "Its phone numbers, separated by commas."),
    SchemaColumn("short_codes", TEXT, "Its short codes, separated by commas."),
    SchemaColumn("alpha_senders", TEXT, "Its alphanumeric senders, separated by commas."),
    SchemaColumn("channel_senders", TEXT, "Its senders of other channels, separated by commas."),
    SchemaColumn("inbound_request_url", TEXT, "The webhook for inbound messages."),
    SchemaColumn("inbound_method", TEXT, "The HTTP method of that webhook."),
    SchemaColumn("fallback_url", TEXT, "The webhook that is called if that one fails."),
    SchemaColumn("status_callback", TEXT, "The webhook for statuses."),
    SchemaColumn(
        "use_inbound_webhook_on_number", FLAG, "Whether the number's own webhook is called."
    ),
    SchemaColumn("usecase", TEXT, "What it is used for."),
    SchemaColumn("validity_period", WHOLE, "Seconds a message may wait in Twilio's queue."),
    SchemaColumn("us_app_to_person_registered", FLAG, "Whether it is registered for A2P 10DLC."),
    _CREATED,
    _UPDATED,
    _ACCOUNT_SID,
)
"""The columns of the frame of messaging services, in order."""

NUMBERS = (
    SchemaColumn("sid", TEXT, "The number: PN…"),
    SchemaColumn("phone_number", TEXT, "The number in E.164 format."),
    _NAME,
    SchemaColumn("type", TEXT, "Its type, such as local, mobile or toll-free."),
    SchemaColumn("sms", FLAG, "Whether it can send and receive SMS."),
    SchemaColumn("mms", FLAG, "Whether it can send and receive MMS."),
    SchemaColumn("voice", FLAG, "Whether it can make and receive calls."),
    SchemaColumn("fax", FLAG, "Whether it can send and receive faxes."),
    SchemaColumn("sms_url", TEXT, "The webhook for inbound messages."),
    SchemaColumn("sms_method", TEXT, "The HTTP method of that webhook."),
    SchemaColumn("sms_fallback_url", TEXT, "The webhook that is called if that one fails."),
    SchemaColumn("sms_application_sid", TEXT, "The application whose webhook is used: AP…"),
    SchemaColumn("voice_url", TEXT, "The webhook for inbound calls."),
    SchemaColumn("status_callback", TEXT, "The webhook for the statuses of calls."),
    SchemaColumn("status", TEXT, "Twilio's status of the number."),
    _CREATED,
    _UPDATED,
    _ACCOUNT_SID,
)
"""The columns of the frame of phone numbers, in order."""

USAGE = (
    SchemaColumn("start_date", DAY, "The first day of the period (UTC)."),
    SchemaColumn("end_date", DAY, "Its last day."),
    SchemaColumn("category", TEXT, "What was used, such as sms-outbound. Categories overlap."),
    SchemaColumn("description", TEXT, "The category in Twilio's words."),
    SchemaColumn("count", WHOLE, "How often."),
    SchemaColumn("count_unit", TEXT, "The unit of `count`."),
    SchemaColumn("usage", MONEY, "How much; exact."),
    SchemaColumn("usage_unit", TEXT, "The unit of `usage`."),
    SchemaColumn("price", MONEY, "What it cost; exact."),
    SchemaColumn("price_unit", TEXT, "The currency of `price`."),
    SchemaColumn("as_of", MOMENT, "When Twilio counted."),
    _ACCOUNT_SID,
)
"""The columns of the frame of usage, in order."""

ALERTS = (
    SchemaColumn("sid", TEXT, "The alert: NO…"),
    SchemaColumn("date_generated", MOMENT, "When it happened."),
    categorical_column("log_level", ("error", "warning", "notice", "debug"), "How serious it is."),
    SchemaColumn("error_code", WHOLE, "What happened; tw.explain_error(code) says more."),
    SchemaColumn("meaning", TEXT, "What the error code means."),
    SchemaColumn("advice", TEXT, "What to do about it."),
    SchemaColumn("request_method", TEXT, "The HTTP method of the request that failed."),
    SchemaColumn("request_url", TEXT, "Its URL: your webhook, or a resource of Twilio's API."),
    SchemaColumn("alert_text", TEXT, "Twilio's text."),
    SchemaColumn("resource_sid", TEXT, "What it was about, such as a message: SM…"),
    SchemaColumn("service_sid", TEXT, "The service it belongs to, if any."),
    SchemaColumn("rejection_id", WHOLE, "The row of listener.rejected about the same request."),
    SchemaColumn("rejection_reason", TEXT, "Why the listener rejected the request."),
    SchemaColumn("rejection_mend", TEXT, "How to fix that."),
    _CREATED,
    _ACCOUNT_SID,
)
"""The columns of the frame of alerts, in order."""

TEMPLATES = (
    SchemaColumn("sid", TEXT, "The content template: HX and 32 hex digits."),
    SchemaColumn("friendly_name", TEXT, "Its name; recipients do not see it."),
    SchemaColumn("language", TEXT, "Its language code, such as en."),
    SchemaColumn("types", TEXT, "Its content types, separated by commas."),
    SchemaColumn("variables", TEXT, "The names of its variables, separated by commas."),
    categorical_column("approval_status", APPROVALS, "The state of its approval by WhatsApp."),
    SchemaColumn("category", TEXT, "WhatsApp's category. NA: not submitted."),
    SchemaColumn("rejection_reason", TEXT, "Why WhatsApp rejected it. NA: it did not."),
    SchemaColumn("body", TEXT, "Its main text with its placeholders."),
    SchemaColumn("date_created", MOMENT, "When it was created."),
    SchemaColumn("date_updated", MOMENT, "When it last changed."),
)
"""The columns of a frame of content templates, in order."""

PRICES = (
    SchemaColumn("country", TEXT, "The country's name."),
    SchemaColumn("iso_country", TEXT, "Its two letters."),
    categorical_column("direction", ("outbound", "inbound"), "Whether you send or receive."),
    SchemaColumn("number_type", TEXT, "The type of your number: local, mobile, toll free …"),
    SchemaColumn("carrier", TEXT, "The recipient's carrier. NA: the price is for all of them."),
    SchemaColumn("mcc", TEXT, "The carrier's mobile country code."),
    SchemaColumn("mnc", TEXT, "The carrier's mobile network code."),
    SchemaColumn("base_price", MONEY, "The price before discounts, a segment."),
    SchemaColumn("current_price", MONEY, "The account's price, a segment."),
    SchemaColumn("price_unit", TEXT, "The currency, such as USD."),
    SchemaColumn("read_at", MOMENT, "When it was read from Twilio."),
)
"""The columns of a frame of prices, in order."""

LOOKUPS = (
    SchemaColumn("number", TEXT, "The number that was looked up."),
    SchemaColumn("valid", FLAG, "Whether it is a valid number. NA: not known."),
    SchemaColumn("country", TEXT, "Its country's two letters."),
    SchemaColumn("line_type", TEXT, "Such as mobile, landline or nonFixedVoip. NA: not asked."),
    SchemaColumn("carrier", TEXT, "Its carrier."),
    SchemaColumn("mcc", TEXT, "The carrier's mobile country code."),
    SchemaColumn("mnc", TEXT, "The carrier's mobile network code."),
    SchemaColumn("caller_name", TEXT, "The name of its subscriber. NA: not asked, or not known."),
    SchemaColumn("sms_pumping_risk", WHOLE, "The risk score, 0 to 100. NA: not asked."),
    SchemaColumn("problem", TEXT, "Why it was not looked up, or not completely."),
    SchemaColumn("looked_up_at", MOMENT, "When Twilio answered. NaT: it was not asked."),
    SchemaColumn("from_cache", FLAG, "Whether the answer came from the cache, without cost."),
)
"""The columns of a frame of lookups, in order."""

COSTS = (
    SchemaColumn("country", TEXT, "The recipients' country. NA: not known."),
    SchemaColumn("messages", WHOLE, "The number of accepted messages."),
    SchemaColumn("billed_messages", WHOLE, "How many of them have a price by now."),
    SchemaColumn("predicted", MONEY, "The sum of the estimates. NA: no price was known."),
    SchemaColumn("billed", MONEY, "The sum of Twilio's prices. NA: nothing is billed yet."),
    SchemaColumn("difference", MONEY, "Billed less predicted, for messages that have both."),
    SchemaColumn("price_unit", TEXT, "The currency, such as USD."),
    SchemaColumn("predicted_segments", WHOLE, "Of the billed messages."),
    SchemaColumn("billed_segments", WHOLE, "Of the billed messages."),
    SchemaColumn("reasons", TEXT, "Why the two differ, in sentences."),
)
"""The columns of a frame of costs, in order."""
