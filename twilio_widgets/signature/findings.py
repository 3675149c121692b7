"""The verdicts that need no search. Each sentence is written here once."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from twilio_widgets.signature.verdict import Scheme, Verdict


def refused(cause: str | None, reason: str, mend: str | None = None) -> Verdict:
    """Return the verdict "not valid" with this cause, reason and advice."""
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


def with_user_info(verdict: Verdict) -> Verdict:
    """Return a verdict "valid" that says that the user name and password of the URL were signed."""
    return replace(
        verdict, reason=f"{verdict.reason} It covers the user name and password of the URL."
    )


UNREADABLE: Final = refused(
    "request",
    "The request cannot be read: a part of it is missing or of the wrong type.",
    "Pass the method, URL and headers as text, and the body as bytes.",
)
NO_SIGNATURE: Final = refused(
    "no signature",
    "The request has no X-Twilio-Signature header, so nothing proves that Twilio sent it.",
    "If Twilio did send it, check that no proxy removes the header.",
)
SEVERAL_SIGNATURES: Final = refused(
    "several signatures",
    "The request has more than one X-Twilio-Signature header; Twilio sends one.",
    "If Twilio did send it, find out which proxy adds the header a second time.",
)
MALFORMED_SIGNATURE: Final = refused(
    "malformed signature",
    "X-Twilio-Signature is malformed: it is not the Base64 encoding of a digest of the expected "
    "length.",
    "Pass the header on complete and unchanged.",
)
NO_TOKEN: Final = refused(
    "no auth token",
    "There is no auth token to verify with: Twilio signs with the account's primary auth token, "
    "even when API requests are made with an API key.",
    "Pass auth_token= as well; it is used only to verify signatures.",
)
BAD_SETTINGS: Final = refused(
    "signature settings",
    "X-Twilio-Webhooks-Signature-Settings does not name one key.",
    "Pass the header on unchanged: key=…,algorithm=….",
)
UNKNOWN_KEY: Final = refused(
    "unknown key",
    "The request names a shared key that is not configured here.",
    "Add its secret to shared_keys=, under the ID that the header names.",
)
UNKNOWN_ALGORITHM: Final = refused(
    "unknown algorithm",
    "The request names a signature algorithm other than HMAC_SHA1 and HMAC_SHA256.",
    "If Twilio has introduced a new one, a newer version of twilio_widgets may support it.",
)
BAD_URL: Final = refused(
    "url",
    "Twilio cannot call this URL: it needs http:// or https://, a host, a port of at most 65535 if "
    "any, and no control characters.",
    "Pass the complete public URL, as configured in Twilio.",
)
BAD_METHOD: Final = refused(
    "method",
    "The method is neither POST nor GET, the only methods that Twilio's webhooks use.",
    "If Twilio did send it, find out which proxy changes the method.",
)
WEB_SOCKET: Final = refused(
    "url",
    "This is the URL of a WebSocket. Twilio calls one for Media Streams, which are not webhooks.",
    "To verify a webhook, pass its http:// or https:// URL.",
)
UNSIGNED_BODY: Final = refused(
    "unsigned body",
    "The body is not signed: it is not the form of a POST, and the URL has no bodySHA256.",
    "Pass on the Content-Type and the complete query string unchanged.",
)
NOT_UTF_8: Final = refused(
    "charset",
    "The form is not UTF-8; Twilio's forms always are.",
    "Find out which proxy re-encodes the body.",
)
BODY_CHANGED: Final = refused(
    "body",
    "The signature matches the URL, but not the body: its SHA-256 differs from bodySHA256.",
    "Verify the raw body as received, before anything parses it.",
)
SEVERAL_HASHES: Final = refused(
    "body",
    "The signature matches the URL, but the URL has bodySHA256 more than once, with different "
    "values; Twilio adds it once.",
    "Leave bodySHA256 out of the URL that is configured in Twilio.",
)
MISMATCH: Final = refused(
    None, "The signature does not match this URL, these parameters and this key."
)
UNEXPLAINED: Final = refused(
    None, f"{MISMATCH.reason} No cause was found: none of the usual changes makes it match."
)
TOO_LARGE: Final = refused(
    None, f"{MISMATCH.reason} The request is too large to search for the cause."
)
TOO_MANY: Final = refused(
    None,
    f"{MISMATCH.reason} The cause was not searched for: too many such requests arrived at once, "
    "and only the latest are diagnosed.",
)
