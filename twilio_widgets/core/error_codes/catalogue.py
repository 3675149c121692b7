"""The catalogue of Twilio's error codes, in our own words.

Each entry has the meaning (a clause; one about the recipient begins with "the recipient"), the
advice (one sentence), who can act on it, whether the same request can succeed later, and the
keyword of ``messages.send`` at fault, if there is one.

Written from the behaviour documented at https://www.twilio.com/docs/api/errors; Twilio's own texts
are not copied.
"""

from __future__ import annotations

from typing import Final, Literal, NamedTuple

Who = Literal["you", "recipient", "carrier", "Twilio", "account admin"]


class CatalogueEntry(NamedTuple):
    """The explanation of one error code."""

    meaning: str
    advice: str
    who: Who
    retry: bool | None
    field: str | None = None


_YOU: Final = "you"
_RECIPIENT: Final = "recipient"
_CARRIER: Final = "carrier"
_TWILIO: Final = "Twilio"
_ADMIN: Final = "account admin"
_LATER, _NO, _DEPENDS = True, False, None

# fmt: off
CATALOGUE: Final[dict[int, CatalogueEntry]] = {
    # Any request.
    10001: CatalogueEntry("the account is not active",
        "Ask the account's administrator to reactivate it.", _ADMIN, _NO),
    20003: CatalogueEntry("Twilio does not accept these credentials",
        "Check that the account SID and its key or token belong together and to this "
        "region.", _YOU, _NO),
    20004: CatalogueEntry("this method is not allowed here",
        "Use a method the resource's page lists.", _YOU, _NO),
    20005: CatalogueEntry("the account is suspended or closed",
        "Ask the account's administrator to look at its state in the Twilio console.", _ADMIN, _NO),
    20007: CatalogueEntry("the page size is larger than Twilio allows",
        "Use a page size of at most 1,000.", _YOU, _NO),
    20008: CatalogueEntry("test credentials cannot do this",
        "Use live credentials, or the sandbox; test credentials only create messages, calls and "
        "numbers.", _YOU, _NO),
    20009: CatalogueEntry("the record is not finished yet, so it cannot be deleted",
        "Wait until the message has its final status, then delete it.", _YOU, _LATER),
    20404: CatalogueEntry("no resource exists at this path",
        "Check the SID, the case of the path, and that it belongs to this account.", _YOU, _NO),
    20429: CatalogueEntry("too many requests were made at the same time",
        "Wait a moment, then retry with fewer at a time: this one was not "
        "processed.", _YOU, _LATER),
    20500: CatalogueEntry("Twilio had an internal error",
        "Read again freely, but look in the message log before sending again: it may have gone "
        "out.", _TWILIO, _DEPENDS),
    20503: CatalogueEntry("Twilio is overloaded or temporarily unavailable",
        "Read again later, but look in the message log before sending again.", _TWILIO, _DEPENDS),
    21481: CatalogueEntry("the page token is not valid",
        "Start reading again from the first page.", _YOU, _NO),
    30400: CatalogueEntry("this change to the message is not possible",
        "Only two changes are possible: removing its body, and canceling its "
        "schedule.", _YOU, _NO),
    30409: CatalogueEntry("the message is past the point where it could be canceled",
        "Read its status: only a scheduled message can be canceled.", _YOU, _NO),
    90010: CatalogueEntry("the account is not active",
        "Ask the account's administrator to reactivate it.", _ADMIN, _NO),
    # Creating a message: the recipient.
    21211: CatalogueEntry("the recipient is not a phone number",
        "Write it as + and the country code, then the number.", _YOU, _NO, "to"),
    21265: CatalogueEntry("the recipient is a short code, which cannot receive messages",
        "Send to a full phone number.", _YOU, _NO, "to"),
    21266: CatalogueEntry("the recipient is also the sender",
        "Choose another recipient or sender.", _YOU, _NO, "to"),
    21408: CatalogueEntry("the account is not allowed to send to this country",
        "Ask the account's administrator to enable the country in its messaging geographic "
        "permissions.", _ADMIN, _NO, "to"),
    21604: CatalogueEntry("the message has no recipient",
        "Give a recipient with to=.", _YOU, _NO, "to"),
    21608: CatalogueEntry(
        "the recipient is not verified, and this account sends to verified numbers only",
        "Verify the number in the Twilio console, or upgrade the account and complete its "
        "profile.", _ADMIN, _NO, "to"),
    21610: CatalogueEntry("the recipient has opted out of messages from this sender",
        "Do not message them: only they can undo it, by replying START.", _RECIPIENT, _NO, "to"),
    21612: CatalogueEntry("the recipient cannot be reached from this sender",
        "Try another sender: this kind of sender may not be allowed in that "
        "country.", _YOU, _NO, "to"),
    21614: CatalogueEntry("the recipient cannot receive SMS",
        "Check that it is a mobile number.", _YOU, _NO, "to"),
    21635: CatalogueEntry("the recipient is a landline, which cannot receive SMS",
        "Ask the recipient for a mobile number.", _YOU, _NO, "to"),
    63031: CatalogueEntry("the recipient is also the sender on this channel",
        "Choose another recipient or sender.", _YOU, _NO, "to"),
    # Creating a message: the sender.
    21212: CatalogueEntry("the sender is not a number or name Twilio can send from",
        "Use one of the account's numbers, an approved name, or a messaging "
        "service.", _YOU, _NO, "from_"),
    21601: CatalogueEntry("the sender is not a number that can send SMS",
        "Use a number of the account whose capabilities include SMS.", _YOU, _NO, "from_"),
    21603: CatalogueEntry("the message has no sender",
        "Give from_= or messaging_service_sid=.", _YOU, _NO, "from_"),
    21606: CatalogueEntry("the sender cannot send messages to this recipient from this account",
        "Use a number of this account that can send messages to that country.", _YOU, _NO, "from_"),
    21607: CatalogueEntry("a trial account may only send from its trial number",
        "Use the trial number, or upgrade the account.", _YOU, _NO, "from_"),
    21611: CatalogueEntry("the sender's queue is full",
        "Wait until it empties, or spread the messages over more senders.", _YOU, _LATER, "from_"),
    21616: CatalogueEntry("the sender matches more than one number",
        "Write the whole number in E.164 form.", _YOU, _NO, "from_"),
    21621: CatalogueEntry("the sender cannot send MMS",
        "Use a number whose capabilities include MMS, or leave the media out.", _YOU, _NO, "from_"),
    21622: CatalogueEntry("the account cannot send MMS",
        "Ask the account's administrator to enable MMS, or leave the media "
        "out.", _ADMIN, _NO, "media_url"),
    21659: CatalogueEntry("the sender is not a Twilio number, or a short code of another country",
        "Use a number of this account, or a short code of the recipient's "
        "country.", _YOU, _NO, "from_"),
    21660: CatalogueEntry("the sender belongs to another account",
        "Use a number of this account, or the credentials of the account that owns "
        "it.", _YOU, _NO, "from_"),
    21701: CatalogueEntry("the messaging service does not exist",
        "Check its SID, and that it belongs to this account.", _YOU, _NO, "messaging_service_sid"),
    21702: CatalogueEntry("the messaging service is not available",
        "Look at the service in the Twilio console, or use another "
        "sender.", _ADMIN, _DEPENDS, "messaging_service_sid"),
    21703: CatalogueEntry("no sender of the messaging service fits this message",
        "Add a sender that can reach this recipient with this "
        "content.", _ADMIN, _NO, "messaging_service_sid"),
    21704: CatalogueEntry("the messaging service has no senders",
        "Add a number to its sender pool.", _ADMIN, _NO, "messaging_service_sid"),
    21705: CatalogueEntry("the messaging service's SID is not valid",
        "Give MG followed by 32 characters 0-9 or a-f.", _YOU, _NO, "messaging_service_sid"),
    63007: CatalogueEntry("the sender is not registered for this channel",
        "Register it in the Twilio console, or check how the channel address is "
        "spelled.", _ADMIN, _NO, "from_"),
    # Creating a message: its content and schedule.
    21602: CatalogueEntry("the message has no content",
        "Give body=, media_url= or content_sid=.", _YOU, _NO, "body"),
    21605: CatalogueEntry("the body is longer than this legacy endpoint allows",
        "Send it through the Messages resource, which allows 1,600 characters.", _YOU, _NO, "body"),
    21609: CatalogueEntry("the status callback is not a usable URL",
        "Give a public https:// address with no underscore in its host "
        "name.", _YOU, _NO, "status_callback"),
    21617: CatalogueEntry("the body is longer than 1,600 characters",
        "Shorten it or send it in several messages.", _YOU, _NO, "body"),
    21618: CatalogueEntry("the body cannot be sent",
        "Look for unusual characters in it.", _YOU, _NO, "body"),
    21619: CatalogueEntry("Twilio could not create the record of this message",
        "Look in the message log, then try again.", _TWILIO, _DEPENDS),
    21620: CatalogueEntry("a media URL is not valid",
        "Give a public address that begins with https:// or http://.", _YOU, _NO, "media_url"),
    21623: CatalogueEntry("the message has more than ten media",
        "Give at most ten.", _YOU, _NO, "media_url"),
    21624: CatalogueEntry("the validity period is out of range",
        "Give whole seconds from 1 to 36,000.", _YOU, _NO, "validity_period"),
    21652: CatalogueEntry("the subject is too long",
        "Keep it to 40 characters.", _YOU, _NO),
    21654: CatalogueEntry("the message needs a content template",
        "Give content_sid=; on WhatsApp, free text only works within 24 hours of the last "
        "reply.", _YOU, _NO, "content_sid"),
    21655: CatalogueEntry("the content template's SID is not valid",
        "Check it, and that the template belongs to this account.", _YOU, _NO, "content_sid"),
    21656: CatalogueEntry("the content variables do not match the template",
        "Give a mapping with a text for each of the template's "
        "variables.", _YOU, _NO, "content_variables"),
    30029: CatalogueEntry("the content retention is not a known value",
        "Give retain or discard.", _YOU, _NO, "content_retention"),
    30030: CatalogueEntry("the address retention is not a known value",
        "Give retain or obfuscate.", _YOU, _NO, "address_retention"),
    35111: CatalogueEntry("a scheduled message has no time",
        "Give send_at= as an aware time.", _YOU, _NO, "send_at"),
    35114: CatalogueEntry("the scheduled time is out of range",
        "Choose a time from 5 minutes to 35 days ahead.", _YOU, _NO, "send_at"),
    35115: CatalogueEntry("the scheduled time is out of range",
        "Choose a time from 5 minutes to 35 days ahead.", _YOU, _NO, "send_at"),
    35117: CatalogueEntry("the scheduled time is out of range",
        "Choose a time from 5 minutes to 35 days ahead.", _YOU, _NO, "send_at"),
    35118: CatalogueEntry("a scheduled message needs a messaging service",
        "Give messaging_service_sid=.", _YOU, _NO, "messaging_service_sid"),
    35125: CatalogueEntry("the account reached its limit of scheduled messages",
        "Wait until some have gone out, or cancel some.", _YOU, _LATER, "send_at"),
    # Delivery: the status becomes failed or undelivered.
    11751: CatalogueEntry("a media file is too large for the recipient's network",
        "Send a smaller file, or a link to it.", _YOU, _NO, "media_url"),
    14107: CatalogueEntry("two numbers replied to each other too often within 30 seconds",
        "Look for two automatic replies that answer each other.", _YOU, _NO),
    14109: CatalogueEntry("one inbound message was answered with more than ten messages",
        "Reply with fewer, or send the others through the API.", _YOU, _NO),
    30001: CatalogueEntry("the sender's queue overflowed",
        "Send more slowly, or spread the messages over more senders.", _YOU, _LATER),
    30002: CatalogueEntry("the account was suspended between acceptance and delivery",
        "Ask the account's administrator to look at its state in the Twilio console.", _ADMIN, _NO),
    30003: CatalogueEntry("the recipient's phone cannot be reached",
        "Try again later: it may be off or out of reach.", _RECIPIENT, _LATER),
    30004: CatalogueEntry("the recipient blocks this message",
        "Ask the recipient whether their phone or plan refuses such messages.", _RECIPIENT, _NO),
    30005: CatalogueEntry("the recipient is unknown to the network",
        "Check the number: it may no longer be in use.", _YOU, _NO),
    30006: CatalogueEntry("the recipient is a landline, or on a network that cannot be reached",
        "Ask the recipient for a mobile number.", _YOU, _NO),
    30007: CatalogueEntry("the message was filtered as unwanted",
        "Check that recipients agreed to it, and that the sender is registered for this "
        "use.", _CARRIER, _NO),
    30008: CatalogueEntry("the message was not delivered, and the network did not say why",
        "Send to another phone on the same network to see whether it is the phone or the "
        "route.", _CARRIER, _DEPENDS),
    30009: CatalogueEntry("a part of an inbound message never arrived",
        "Ask the sender to send it again.", _CARRIER, _LATER),
    30010: CatalogueEntry("the message would have cost more than its maximum price",
        "Leave max_price= out: Twilio no longer uses it.", _YOU, _NO, "max_price"),
    30011: CatalogueEntry("the recipient's network does not take MMS",
        "Send the text with a link instead of media.", _CARRIER, _NO),
    30017: CatalogueEntry("the carrier's network is congested",
        "Try again later.", _CARRIER, _LATER),
    30018: CatalogueEntry("the recipient's country requires this sender to be registered",
        "Register the sender for that country in the Twilio console.", _ADMIN, _NO),
    30019: CatalogueEntry("the content is too large for the carrier",
        "Send smaller media or a shorter text.", _YOU, _NO),
    30022: CatalogueEntry("the campaign sent faster than the carriers allow",
        "Send more slowly.", _YOU, _LATER),
    30023: CatalogueEntry("the brand reached the carrier's daily limit",
        "Send the rest tomorrow.", _YOU, _LATER),
    30024: CatalogueEntry("the sender's number is not set up with the carrier",
        "Ask Twilio's support to check how the number is provisioned.", _TWILIO, _NO),
    30027: CatalogueEntry("the brand reached T-Mobile's daily limit",
        "Send the rest tomorrow.", _YOU, _LATER),
    30032: CatalogueEntry("the toll-free sender is not verified",
        "Complete the toll-free verification in the Twilio console.", _ADMIN, _NO),
    30033: CatalogueEntry("the sender's campaign is suspended",
        "Look at the campaign in the Twilio console and fix the problem it reports.", _ADMIN, _NO),
    30034: CatalogueEntry(
        "the sender is a United States number that is not registered for A2P 10DLC",
        "Add the number to a registered campaign.", _ADMIN, _NO),
    30035: CatalogueEntry("the sender's number is still being set up",
        "Wait until its registration is finished, then send again.", _TWILIO, _LATER),
    30410: CatalogueEntry("a provider on the route did not respond in time",
        "Check whether the message arrived before you send it again.", _CARRIER, _DEPENDS),
    30450: CatalogueEntry("messages like this one are temporarily blocked",
        "Wait before you send again, and read Twilio's page if it persists.", _TWILIO, _LATER),
    # Channels such as WhatsApp.
    63001: CatalogueEntry("the channel does not accept the sender's credentials",
        "Connect the channel again in the Twilio console.", _ADMIN, _NO),
    63003: CatalogueEntry("the recipient is not on this channel",
        "Check the address, or send by SMS.", _YOU, _NO, "to"),
    63005: CatalogueEntry("the channel refused the content",
        "Check it against what the channel allows.", _YOU, _NO),
    63009: CatalogueEntry("the channel's provider failed",
        "Try again later if it has not arrived.", _CARRIER, _DEPENDS),
    63012: CatalogueEntry("the channel's provider had an internal error",
        "Try again later if it has not arrived.", _CARRIER, _DEPENDS),
    63013: CatalogueEntry("the message breaks a policy of the channel",
        "Read the channel's policy and change the message.", _YOU, _NO),
    63015: CatalogueEntry("the recipient has not joined Twilio's WhatsApp sandbox",
        "Ask the recipient to send the join words to the sandbox number.", _RECIPIENT, _NO),
    63016: CatalogueEntry(
        "the recipient has not written within 24 hours, so free text is not allowed",
        "Send an approved template with content_sid=.", _YOU, _NO),
    63018: CatalogueEntry("the channel's rate limit is reached",
        "Send more slowly, and try again.", _YOU, _LATER),
    63019: CatalogueEntry("the media could not be fetched",
        "Check that the address is public and returns the file "
        "itself.", _YOU, _NO, "media_url"),
    63021: CatalogueEntry("the content is not valid on this channel",
        "Check the text, the media and the template's variables.", _YOU, _NO),
    63024: CatalogueEntry("the recipient is not valid on this channel",
        "Check the number, and that the person uses the channel.", _YOU, _NO, "to"),
    63032: CatalogueEntry("WhatsApp limits the messages this recipient receives",
        "Do not send again at once; use SMS where it matters.", _CARRIER, _NO),
    63033: CatalogueEntry("the recipient has blocked this sender",
        "Remove them from your list of recipients.", _RECIPIENT, _NO),
    63034: CatalogueEntry("a media file is larger than 5 MB",
        "Send a smaller file.", _YOU, _NO),
    63038: CatalogueEntry("the account reached its daily limit of messages",
        "Send the rest tomorrow, or ask the account's administrator to have it "
        "raised.", _ADMIN, _LATER),
    63040: CatalogueEntry("the template was rejected",
        "Change the template in the Twilio console and submit it again.", _ADMIN, _NO),
    # Webhooks and their responses.
    11200: CatalogueEntry("the webhook did not return a successful response",
        "Open its URL: it must be public and respond with success within 15 "
        "seconds.", _YOU, _DEPENDS),
    11205: CatalogueEntry("Twilio could not connect to the webhook",
        "Check that its host is running and accepts connections from Twilio.", _YOU, _DEPENDS),
    11206: CatalogueEntry("the webhook broke the HTTP protocol",
        "Look at the server or proxy in front of it.", _YOU, _DEPENDS),
    11210: CatalogueEntry("the webhook's host name could not be found",
        "Check the name, and that it resolves in public DNS.", _YOU, _DEPENDS),
    11215: CatalogueEntry("the webhook redirected too often",
        "Give Twilio the final address.", _YOU, _NO),
    11220: CatalogueEntry("the TLS handshake with the webhook failed",
        "Check the certificate of the webhook's host: its chain, its name and its "
        "dates.", _YOU, _NO),
    11235: CatalogueEntry("the webhook's certificate was not accepted",
        "Check the certificate of the webhook's host: its chain, its name and its "
        "dates.", _YOU, _NO),
    11236: CatalogueEntry("the webhook's certificate was not accepted",
        "Check the certificate of the webhook's host: its chain, its name and its "
        "dates.", _YOU, _NO),
    11237: CatalogueEntry("the webhook's certificate was not accepted",
        "Check the certificate of the webhook's host: its chain, its name and its "
        "dates.", _YOU, _NO),
    11750: CatalogueEntry("the webhook's response is larger than Twilio accepts",
        "Keep the TwiML under 64 kB.", _YOU, _NO),
    12100: CatalogueEntry("the webhook's response is not valid XML",
        "Respond with TwiML, and escape & and < in texts.", _YOU, _NO),
    12200: CatalogueEntry("the webhook's TwiML contains something Twilio does not recognize here",
        "Check the names of its elements and attributes, including their case.", _YOU, _NO),
    12300: CatalogueEntry("the webhook's response has a content type Twilio does not accept",
        "Respond with text/xml, or with text/plain for a plain reply.", _YOU, _NO),
    57012: CatalogueEntry("Twilio advises checking the signatures of its webhooks",
        "Verify X-Twilio-Signature with the account's auth token.", _YOU, _DEPENDS),
}
"""Every error code with an explanation."""
# fmt: on
