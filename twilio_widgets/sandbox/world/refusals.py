"""The errors of the sandbox's API: Twilio's codes and HTTP statuses, with messages of our own.

HTTP 400 was observed for some codes and is assumed for the rest; 404 for 21701, 403 for 20008, 401
for 20003, 429 for 20429 and 5xx for 205xx follow Twilio's pages. 409 for 30409, 400 for 20009, and
403 for a Standard key without access are UNCONFIRMED.
"""

from __future__ import annotations

_KNOWN: dict[int, tuple[int, str]] = {
    20001: (400, "Invalid parameter"),  # for dates it cannot read: UNCONFIRMED
    20003: (401, "Authenticate"),
    20004: (405, "Method not allowed"),
    20005: (401, "Account not active"),
    20006: (403, "Access denied"),
    20008: (403, "Resource not accessible with Test Account Credentials"),
    20009: (400, "Cannot delete message before it is complete"),
    20403: (403, "These credentials may not access this resource"),
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too many requests"),
    20500: (500, "An internal server error has occurred"),
    20503: (503, "Service unavailable"),
    21211: (400, "Invalid 'To' phone number"),
    21212: (400, "Invalid 'From' number or sender id"),
    21265: (400, "'To' number cannot be a short code"),
    21266: (400, "'To' and 'From' number cannot be the same"),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region of the 'To' number",
    ),
    21205: (400, "A 'Url' or 'Twiml' is required, and must be valid"),
    21210: (400, "The 'From' number is not verified for this account"),
    21220: (400, "The call is not in a state that can be changed"),
    21421: (400, "The 'PhoneNumber' is not valid"),
    21422: (400, "The 'PhoneNumber' is not available"),
    21451: (400, "The 'AreaCode' is not valid"),
    21481: (400, "Invalid page token"),
    21601: (400, "The 'From' phone number is not an SMS-capable incoming number"),
    21602: (400, "Message body is required"),
    21603: (400, "A 'From' phone number is required"),
    21604: (400, "A 'To' phone number is required"),
    21605: (400, "The body is longer than 160 characters"),
    21606: (400, "The 'From' number cannot send messages to this destination"),
    21607: (400, "The 'From' number must be the sandbox number of the trial account"),
    21608: (400, "The 'To' number is unverified, and this account can send to verified ones only"),
    21609: (400, "The 'StatusCallback' URL is not valid"),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21611: (400, "The queue of the 'From' number is full"),
    21612: (400, "The 'To' number cannot be reached with this 'From'"),
    21614: (400, "The 'To' number is not a mobile number"),
    21616: (400, "The 'From' number matches several numbers"),
    21617: (400, "The message body exceeds the 1600 character limit"),
    21618: (400, "The message body cannot be sent"),
    21619: (400, "The message could not be created"),
    21620: (400, "Invalid media URL(s)"),
    21621: (400, "The 'From' number is not enabled for MMS"),
    21622: (400, "This account is not enabled for MMS"),
    21623: (400, "The number of media files exceeds the limit of 10"),
    21624: (400, "The 'ValidityPeriod' must be a number of seconds from 1 to 36000"),
    21635: (400, "The 'To' number is a landline"),
    21654: (400, "A 'ContentSid' is required"),
    21655: (400, "The 'ContentSid' is invalid"),
    21656: (400, "The 'ContentVariables' are invalid"),
    21659: (400, "The 'From' is not a Twilio phone number, or its country does not match"),
    21660: (400, "The 'From' number belongs to another account"),
    21701: (404, "The messaging service does not exist"),
    21702: (400, "The messaging service is not available"),
    21703: (400, "The messaging service has no sender for this message"),
    21704: (400, "The messaging service has no senders"),
    21705: (400, "The messaging service SID is invalid"),
    30029: (400, "Invalid 'ContentRetention'"),
    30030: (400, "Invalid 'AddressRetention'"),
    30400: (400, "The update is not valid"),
    30409: (409, "The message is already in a final state"),
    35111: (400, "'SendAt' is required for a scheduled message"),
    35114: (400, "'SendAt' is too soon: it must be at least 300 seconds ahead"),
    35115: (400, "'SendAt' is too far: it must be at most 35 days ahead"),
    35117: (400, "'SendAt' is out of the window for scheduling"),
    35118: (400, "'MessagingServiceSid' is required for a scheduled message"),
    35125: (400, "The limit of 500000 scheduled messages is reached"),
    63007: (400, "No channel was found for this 'From' address"),
    63031: (400, "'To' and 'From' address cannot be the same"),
    63038: (429, "Account exceeded the 50 daily messages limit"),
}

CREATE_ERRORS = tuple(
    code
    for code, (status, _text) in _KNOWN.items()
    if status in (400, 404) and code >= 21211 and code not in {21220, 21421, 21422, 21451}
)
"""Codes with which a message creation may be refused; `Sandbox.fail` triggers any of them."""


class ApiRefusal(Exception):  # an ordinary reply, so not one of the package's error classes
    """The request is refused; the reply is an error body.

    Args:
        code: Twilio's error code.
        message: The error message, instead of the one in the table.
        status: The HTTP status, instead of the one in the table.
        retry_after: Seconds for a ``Retry-After`` header.
    """

    def __init__(
        self,
        code: int,
        message: str | None = None,
        *,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        default_status, default_message = _KNOWN.get(code, (400, "The request was refused"))
        self.code = code
        self.status = status or default_status
        self.message = message or default_message
        self.retry_after = retry_after
        super().__init__(self.message)

    @property
    def body(self) -> dict[str, object]:
        """The error body of the 2010-04-01 API."""
        return {
            "code": self.code,
            "message": self.message,
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": self.status,
        }


def not_found(path: str) -> ApiRefusal:
    """Return the 404 error, which quotes the requested path."""
    return ApiRefusal(20404, f"The requested resource {path} was not found")


def of_status(status: int, retry_after: float | None = None) -> ApiRefusal:
    """Return the error that belongs to an HTTP status without a special code, such as 503."""
    code = 20003 if status == 401 else 20004 if status == 405 else 20000 + status
    return ApiRefusal(code, status=status, retry_after=retry_after)
