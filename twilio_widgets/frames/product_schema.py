"""The columns of the frames of templates, prices, lookups and costs."""

from __future__ import annotations

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

_CURRENCY = SchemaColumn("price_unit", TEXT, "The currency, such as USD.")

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
    _CURRENCY,
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
    _CURRENCY,
    SchemaColumn("predicted_segments", WHOLE, "Of the billed messages."),
    SchemaColumn("billed_segments", WHOLE, "Of the billed messages."),
    SchemaColumn("reasons", TEXT, "Why the two differ, in sentences."),
)
"""The columns of a frame of costs, in order."""
