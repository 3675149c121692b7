"""The public function `check_signature`, for requests received by any web framework."""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeGuard
from urllib.parse import urlencode

from twilio_widgets.core.credentials.secret import Secret, concealed
from twilio_widgets.signature.causes.guess import shown
from twilio_widgets.signature.doctor import diagnose
from twilio_widgets.signature.findings import UNREADABLE, refused
from twilio_widgets.signature.keys import Keys
from twilio_widgets.signature.presented import FORM, SIGNATURE, Pairs, SignedRequest
from twilio_widgets.signature.verdict import Verdict

Token = str | Secret
Parameters = Mapping[str, Any] | Iterable[tuple[str, Any]] | str | bytes

_WSGI_NAMES: Final = frozenset({"CONTENT_TYPE", "CONTENT_LENGTH"})
_JSON: Final = re.compile(rb"\s*[\[{]")


def check_signature(
    *,
    url: str,
    params: Parameters | None = None,
    body: bytes | str | None = None,
    signature: str | None = None,
    auth_token: Token | None = None,
    headers: Mapping[str, Any] | Iterable[tuple[str, Any]] | None = None,
    method: str | None = None,
    shared_keys: Mapping[str, Token] | None = None,
    secondary_tokens: Iterable[Token] = (),
    other_tokens: Iterable[Token] = (),
    api_secrets: Iterable[Token] = (),
) -> Verdict:
    """Return whether Twilio signed a webhook request and, if the signature does not match, why.

    It never raises: a request that cannot be read is not valid. A cause is named only when undoing
    it makes the signature match. The credentials other than `auth_token` and `shared_keys` never
    make a request valid; they are only tried to explain a mismatch.

    >>> import twilio_widgets as tw
    >>> tw.check_signature(
    ...     url="http://example.com/sms",
    ...     params={"Body": "Héllo 👍 & more", "From": "+15005550006"},
    ...     signature="CR8eXEG8BBpN6XLO1lPiX8PhoqM=",
    ...     auth_token="12345",
    ... )
    Not valid: The signature matches with https instead of http.
      Cause:       scheme
      What to do:  Use https:// in the public URL, as configured in Twilio.

    Args:
        url: The public URL as configured in Twilio, with its query string.
        params: The parameters of a form: a mapping (a framework's multi-dict too), pairs, or the
            form as text. None for GET, whose parameters are in the URL.
        body: The raw body, instead of `params`. Without a Content-Type header, a body that starts
            with ``{`` or ``[`` is read as JSON and any other as a form.
        signature: ``X-Twilio-Signature``, when `headers` are not given.
        auth_token: The account's primary auth token.
        headers: The request's headers. Headers set by proxies help to find a cause.
        method: ``"POST"`` or ``"GET"``; by default POST when there are parameters or a body.
        shared_keys: Secrets of shared keys, by the ID that the request names.
        secondary_tokens: Secondary auth tokens. Twilio never signs with them.
        other_tokens: Auth tokens of other accounts.
        api_secrets: Secrets of API keys. Twilio never signs with them.

    Returns:
        A verdict; it is true when Twilio signed the request.
    """
    auth_token, shared_keys = concealed(auth_token), concealed(shared_keys)
    secondary_tokens, other_tokens = concealed(secondary_tokens), concealed(other_tokens)
    api_secrets = concealed(api_secrets)
    try:
        named = _headers(headers, signature)
        content_type, raw = _body(params, body, named)
    except _UnusableArgument as problem:
        return refused("arguments", str(problem), "Pass it as received, as text.")
    except Exception:  # noqa: BLE001 - a foreign mapping may raise anything; then nothing is valid
        return UNREADABLE
    try:
        keys = Keys(
            auth_tokens=_secrets((auth_token,)),
            shared_keys={key: _secret(secret) for key, secret in (shared_keys or {}).items()},
            secondary_tokens=_secrets(secondary_tokens),
            other_tokens=_secrets(other_tokens),
            api_secrets=_secrets(api_secrets),
        )
    except Exception:  # noqa: BLE001 - a foreign mapping may raise anything; then nothing is valid
        return _NO_TOKENS
    if raw is None:
        return _BOTH
    presented = SignedRequest(
        method=method if method is not None else ("POST" if raw else "GET"),
        url=url,
        body=raw,
        content_type=content_type,
        headers=named,
    )
    return diagnose(presented, keys)


def _secrets(tokens: Iterable[Token | None]) -> tuple[Secret, ...]:
    given = (tokens,) if isinstance(tokens, str | Secret) else tokens
    return tuple(_secret(token) for token in given if token is not None)


def _secret(token: object) -> Secret:
    if not isinstance(token, str | Secret) or not isinstance(Secret(token).reveal(), str):
        raise TypeError("a token is text")
    return Secret(token)


class _UnusableArgument(Exception):
    """An argument contains something that no request contains; the text names both."""


def _headers(headers: object, signature: object) -> Pairs:
    given = list(_pairs(headers))
    # WSGI and CGI (Django's request.META) have the headers among other things, by other names.
    if any(isinstance(name, str) and name.startswith("HTTP_") for name, _value in given):
        given = [
            (name.removeprefix("HTTP_").replace("_", "-"), value)
            for name, value in given
            if _is_wsgi_header(name)
        ]
    pairs = [(_text(name, "headers"), _text(value, "headers", name)) for name, value in given]
    if signature is not None:
        pairs = [pair for pair in pairs if pair[0].lower() != SIGNATURE]
        pairs.append(("X-Twilio-Signature", _text(signature, "signature")))
    return tuple(pairs)


def _is_wsgi_header(name: object) -> TypeGuard[str]:
    return isinstance(name, str) and (name.startswith("HTTP_") or name in _WSGI_NAMES)


def _body(params: object, body: object, headers: Pairs) -> tuple[str, bytes | None]:
    """Return the media type and the raw body; None as the body when both were passed."""
    stated = next((value for name, value in headers if name.lower() == "content-type"), "")
    form = params.encode("utf-8", "surrogatepass") if isinstance(params, str) else params
    if not isinstance(form, bytes):
        written = (
            (_text(name, "params"), _text(value, "params", name)) for name, value in _pairs(form)
        )
        form = urlencode([*written], errors="surrogatepass").encode()
    raw = _raw(body)
    if form and raw:
        return "", None
    if form:
        return FORM, form
    return stated or ("application/json" if _JSON.match(raw) else FORM), raw


def _raw(body: object) -> bytes:
    if body is None:
        return b""
    if isinstance(body, str):
        return body.encode("utf-8", "surrogatepass")
    if isinstance(body, bytes | bytearray | memoryview):
        return bytes(body)
    raise _UnusableArgument(f"body= is {type(body).__name__}, not bytes or text.")


def _pairs(given: Any) -> Iterable[tuple[object, object]]:
    """Yield the pairs of a mapping, of any framework's multi-dict, or of an iterable of pairs."""
    if given is None:
        return
    many = getattr(given, "getlist", None) or getattr(given, "getall", None)
    if many is not None:
        yield from ((name, value) for name in dict.fromkeys(given.keys()) for value in many(name))
        return
    for name, value in given.items() if hasattr(given, "items") else given:
        if isinstance(value, list | tuple):
            yield from ((name, one) for one in value)
        else:
            yield name, value


def _text(value: object, argument: str, name: object = None) -> str:
    """Return a name or a value as text; a whole number is written in decimal.

    Raises:
        _UnusableArgument: It is neither, so it cannot be what was received.
    """
    if isinstance(value, bytes):
        return value.decode("latin-1")
    if isinstance(value, str):
        return value
    if isinstance(value, float) and math.isfinite(value):
        return str(value)
    if hasattr(value, "__index__") and not isinstance(value, bool):
        return str(operator.index(value))  # numpy's integers too
    of = f", the value of {shown(name)}" if isinstance(name, str) else ""
    raise _UnusableArgument(f"{argument}= contains {type(value).__name__}{of}, which is not text.")


_NO_TOKENS: Final = refused(
    "arguments",
    "One of the tokens is not text, so there is nothing to verify with.",
    "Pass tokens as text, and shared_keys= as a mapping of key IDs to text.",
)
_BOTH: Final = refused(
    "arguments",
    "Both params= and body= are given, so it is unclear which was received.",
    "Pass either the raw body or the parameters of its form.",
)
