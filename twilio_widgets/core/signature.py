"""The signature Twilio puts on a webhook, as Twilio makes it.

Source: Twilio, "Security" (validating requests); the vectors in the tests are from there.
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
    """Make the ``X-Twilio-Signature`` of a request, exactly for the URL given.

    Nothing about the URL is repaired: ports, user names, fragments and trailing slashes are signed
    as they stand, because choosing among those forms belongs to whoever verifies.

    Args:
        url: The full URL, from the scheme to the end of the query string.
        params: The parameters of a form body, decoded; a repeated name has a sequence of values,
            each of which is signed once. Empty for GET, and for a JSON body, whose hash
            (`body_sha256`) stands in the URL as ``bodySHA256``.
        auth_token: The account's primary auth token, also when requests are made with an API key.

    Returns:
        The HMAC-SHA1 in Base64: 28 characters.
    """
    token = auth_token.reveal() if isinstance(auth_token, Secret) else auth_token
    message = url + "".join(_signed_parts(params))
    # SHA-1 is Twilio's choice; as an HMAC it is not known to be weak.
    digest = hmac.new(_bytes(token), _bytes(message), hashlib.sha1).digest()
    return base64.b64encode(digest).decode("ascii")


def _signed_parts(params: Mapping[str, str | Sequence[str]]) -> Iterator[str]:
    for name in sorted(params):
        given = params[name]
        values = [given] if isinstance(given, str) else sorted(set(given))
        yield from (name + value for value in values)


def _bytes(text: str) -> bytes:
    # A lone surrogate cannot come over HTTP, but a hand-made call must fail on the signature,
    # not in here.
    return text.encode("utf-8", "surrogatepass")


def body_sha256(body: bytes) -> str:
    """Hash a raw body as Twilio writes it in ``bodySHA256``: SHA-256 in lower-case hex."""
    return hashlib.sha256(body).hexdigest()
