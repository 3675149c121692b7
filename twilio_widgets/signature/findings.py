"""The verdicts that need no search, each said once."""

from __future__ import annotations

from typing import Final

from twilio_widgets.signature.verdict import Scheme, Verdict


def refused(cause: str | None, reason: str, mend: str | None = None) -> Verdict:
    """Make the verdict on a request that Twilio did not sign."""
    return Verdict(valid=False, reason=reason, cause=cause, mend=mend)


VALID: Final[dict[Scheme, Verdict]] = {
    "auth token": Verdict(
        valid=True,
        reason="The signature is Twilio's, made with the auth token.",
        scheme="auth token",
    ),
    "shared key": Verdict(
        valid=True,
        reason="The signature is Twilio's, made with the shared key it names.",
        scheme="shared key",
    ),
}
UNREADABLE: Final = refused(
    "request",
    "The request cannot be read: a part of it is missing or of the wrong type.",
    "Give the method, URL and headers as text and the body as bytes.",
)
NO_SIGNATURE: Final = refused(
    "no signature",
    "The request has no X-Twilio-Signature header, so nothing says that Twilio sent it.",
    "If it did come from Twilio, see that no proxy on the way removes the header.",
)
SEVERAL_SIGNATURES: Final = refused(
    "several signatures",
    "The request has more than one X-Twilio-Signature header; Twilio sends one.",
    "If it did come from Twilio, see what on the way adds the header again.",
)
MALFORMED_SIGNATURE: Final = refused(
    "malformed signature",
    "X-Twilio-Signature is not a signature: Twilio's is Base64 of the algorithm's length.",
    "Pass the header on as it came, whole and unchanged.",
)
NO_TOKEN: Final = refused(
    "no auth token",
    "There is no auth token to check with: Twilio signs with the account's primary auth token, "
    "also when requests are made with an API key.",
    "Give auth_token= as well; it is used for checking only.",
)
BAD_SETTINGS: Final = refused(
    "signature settings",
    "X-Twilio-Webhooks-Signature-Settings does not name one key.",
    "Pass the header on as it came: key=…,algorithm=….",
)
UNKNOWN_KEY: Final = refused(
    "unknown key",
    "The request names a shared key that is not known here.",
    "Give its secret in shared_keys=, under the id that the header names.",
)
UNKNOWN_ALGORITHM: Final = refused(
    "unknown algorithm",
    "The request names a signature algorithm other than HMAC_SHA1 and HMAC_SHA256.",
    "If Twilio has a new one, a newer twilio_widgets may know it.",
)
BAD_URL: Final = refused(
    "url",
    "The URL is none that Twilio can call: it is http:// or https://, a host, at most a port to "
    "65535, and no control characters.",
    "Give the whole public URL, as it stands in Twilio's settings.",
)
BAD_METHOD: Final = refused(
    "method",
    "The method is neither POST nor GET; Twilio's webhooks use no other.",
    "If it did come from Twilio, see what on the way changes the method.",
)
UNSIGNED_BODY: Final = refused(
    "unsigned body",
    "Nothing signs this body: it is no form of a POST, and the URL holds no bodySHA256.",
    "Pass on the Content-Type and the whole query string as they came.",
)
NOT_UTF_8: Final = refused(
    "charset",
    "The form is not UTF-8, and Twilio's always are.",
    "See what on the way writes the body in another charset.",
)
BODY_CHANGED: Final = refused(
    "body",
    "The URL is signed, but the body is not the one it was signed with: bodySHA256 is another's.",
    "Check the raw body as it came, before anything parses it.",
)
MISMATCH: Final = refused(
    None, "The signature is not the one for this URL, these parameters and this key."
)
UNEXPLAINED: Final = refused(
    None, f"{MISMATCH.reason} It was looked into, and no difference that was tried makes it match."
)
TOO_LARGE: Final = refused(
    None, f"{MISMATCH.reason} Why was not looked into: the request is too large for that."
)
TOO_MANY: Final = refused(
    None,
    f"{MISMATCH.reason} Why was not looked into: too many such requests came at once, and only the "
    "latest are.",
)
