"""Compute the signature with which Twilio signs a webhook.

Source: Twilio, "Security" (validating requests); the test vectors are from there.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.secret import Secret

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence


def sign(url: str, params: Mapping[str, str | Sequence[str]], auth_token: Secret | str) -> str:
    """Return the ``X-Twilio-Signature`` of a request to exactly this URL.

    The URL is not normalized: ports, user names, fragments and trailing slashes are signed as
    given. The verifier decides which variants of a URL to try.

    Args:
        url: The full URL, from the scheme to the end of the query string.
        params: The parameters of a form body, decoded; a repeated name has a sequence of values,
            and equal values are signed once. Empty for GET, and for a JSON body, whose hash
            (`body_sha256`) is in the URL as ``bodySHA256``.
        auth_token: The account's primary auth token, even if requests are made with an API key.

    Returns:
        The HMAC-SHA1 in Base64: 28 characters.
    """
    token = auth_token.reveal() if isinstance(auth_token, Secret) else auth_token
    message = url + "".join(_signed_parts(params))
    # Twilio requires SHA-1; its known collision attacks do not weaken an HMAC.
    digest = hmac.new(_bytes(token), _bytes(message), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def _signed_parts(params: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    for name in sorted(params):
        given = params[name]
        values = [given] if isinstance(given, str) else sorted(set(given))
        yield from (name + value for value in values)


def _bytes(text: str) -> bytes:
    # HTTP cannot deliver an unpaired surrogate, but a direct call can pass one; then the signature
    # must not match, rather than this raise UnicodeEncodeError.
    return text.encode("utf-8", "surrogatepass")


def body_sha256(body: bytes) -> str:
    """Return the SHA-256 of a raw body in lower-case hex, the format of ``bodySHA256``."""
    return hashlib.sha256(body).hexdigest()
