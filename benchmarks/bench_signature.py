"""Compare `verify` with the official client: ``python benchmarks/bench_signature.py [rounds]``.

One inbound message of 20 parameters is verified by `verify` and by twilio-python's
`RequestValidator`, alternating in one process. The medians and their ratio are printed.

1. *Parsed*: the parameters are already in memory. Target: at most 30 µs, and less than the official
   client.
2. *Raw*: from the bytes of the body. The official client leaves parsing to the framework; here it
   gets the standard library's parser and unrepeated values, its fastest case.
3. *Forged*: the same with a wrong signature, so that every form of the URL is tried.

For reference, the time of the HMAC alone and of a diagnosis that finds no cause are also printed.
"""

from __future__ import annotations

import hmac
import platform
import statistics
import sys
import time
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, urlencode

from twilio.request_validator import RequestValidator

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.core.signature import sign
from twilio_widgets.signature.doctor import diagnose
from twilio_widgets.signature.keys import Keys
from twilio_widgets.signature.presented import FORM, SignedRequest
from twilio_widgets.signature.verify import joined, verify

if TYPE_CHECKING:
    from collections.abc import Callable

TOKEN = "0123456789abcdef0123456789abcdef"
URL = "https://hook.example/twilio/inbound"
SMS = {
    "AccountSid": "AC" + "0" * 32,
    "ApiVersion": "2010-04-01",
    "Body": "Grüße! Is the appointment still on? 👍",
    "From": "+14155550123",
    "FromCity": "SAN FRANCISCO",
    "FromCountry": "US",
    "FromState": "CA",
    "FromZip": "94107",
    "MessageSid": "SM" + "1" * 32,
    "MessagingServiceSid": "MG" + "2" * 32,
    "NumMedia": "0",
    "NumSegments": "1",
    "SmsMessageSid": "SM" + "1" * 32,
    "SmsSid": "SM" + "1" * 32,
    "SmsStatus": "received",
    "To": "+15005550006",
    "ToCity": "",
    "ToCountry": "US",
    "ToState": "CA",
    "ToZip": "94103",
}
SIGNATURE, FORGED = sign(URL, SMS, TOKEN), sign(URL, SMS, "another")
BODY = urlencode(SMS).encode()
KEYS = Keys(auth_tokens=(Secret(TOKEN),))
CALLS = 500


def request(signature: str) -> SignedRequest:
    headers = (
        ("Host", "hook.example"),
        ("User-Agent", "TwilioProxy/1.1"),
        ("Content-Type", f"{FORM}; charset=UTF-8"),
        ("I-Twilio-Idempotency-Token", "e1c9e1d8-0000-4000-8000-000000000000"),
        ("X-Twilio-Signature", signature),
    )
    return SignedRequest(method="POST", url=URL, body=BODY, content_type=FORM, headers=headers)


def microseconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    for _ in range(CALLS):
        call()
    return (time.perf_counter() - started) / CALLS * 1e6


def paired(ours: Callable[[], object], theirs: Callable[[], object], rounds: int) -> list[float]:
    """Return the median of each and the median of their ratios per round."""
    assert bool(ours()) is bool(theirs())
    taken = [(microseconds(ours), microseconds(theirs)) for _ in range(rounds)]
    ratios = [other / own for own, other in taken]
    return [statistics.median(column) for column in (*zip(*taken, strict=True), ratios)]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    validator, parsed, forged = RequestValidator(TOKEN), request(SIGNATURE), request(FORGED)

    def raw() -> bool:
        return validator.validate(URL, dict(parse_qsl(BODY.decode(), True)), SIGNATURE)

    cases = {
        "parsed": (lambda: verify(parsed, KEYS), lambda: validator.validate(URL, SMS, SIGNATURE)),
        "raw": (lambda: verify(request(SIGNATURE), KEYS), raw),
        "forged": (lambda: verify(forged, KEYS), lambda: validator.validate(URL, SMS, FORGED)),
    }
    print(f"Python {platform.python_version()}, twilio {version('twilio')}, {rounds} rounds")
    print(f"{len(SMS)} parameters, microseconds per request (medians)")
    for name, (ours, theirs) in cases.items():
        own, other, ratio = paired(ours, theirs, rounds)
        print(f"  {name:8} verify {own:6.1f}   official {other:6.1f}   {ratio:4.1f} × as fast")
    key, message = TOKEN.encode(), (URL + joined(SMS.items())).encode()
    floor = statistics.median(
        microseconds(lambda: hmac.digest(key, message, "sha1")) for _ in range(rounds)
    )
    started = time.perf_counter()
    assert diagnose(forged, KEYS).cause is None
    diagnosis = (time.perf_counter() - started) * 1e6
    print(f"  HMAC alone {floor:.1f}, diagnosis of a forged signature {diagnosis:.0f}")


if __name__ == "__main__":
    main()
