"""Undoing the cause that the doctor names makes the request valid for Twilio's own validator.

The changes are undone by the text of the verdict alone, independently of the code that found them.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from html import unescape
from urllib.parse import quote_plus, unquote, unquote_plus, urlencode, urlsplit, urlunsplit

from hypothesis import assume, given, settings
from hypothesis import strategies as some
from twilio.request_validator import RequestValidator

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.signature.doctor import diagnose
from twilio_widgets.signature.keys import Keys
from twilio_widgets.signature.presented import FORM, Pairs, SignedRequest, pairs_of
from twilio_widgets.signature.verdict import Verdict
from twilio_widgets.signature.verify import verify

TOKEN, SECONDARY = "1" * 32, "2" * 32
KEYS = Keys(auth_tokens=(Secret(TOKEN),), secondary_tokens=(Secret(SECONDARY),))

TEXT = some.text("ab7 +%2&=é€<;'\n\t", max_size=12)
NAMES = some.sampled_from(["Body", "FromCity", "Media", "ToZip", "x", "tw"])
SAID = {"MessageSid": "SM" + "3" * 32, "NumMedia": "0", "SmsSid": "SM" + "3" * 32}
FORMS = some.dictionaries(NAMES, TEXT, max_size=4).map(lambda parameters: {**SAID, **parameters})
PATHS = some.sampled_from(["", "/", "/sms", "/a/sms", "/user/ada/proxy/8000/sms/", "/A//b%20c"])
QUERIES = some.lists(
    some.sampled_from(["tw=7", "x=a%20b", "x=a+b", "it=1", "y=", "z", "u=%c3%a9"]),
    max_size=4,
    unique=True,
).map("&".join)
URLS = some.builds(
    lambda scheme, port, path, query: urlunsplit((scheme, f"h.example{port}", path, query, "")),
    some.sampled_from(["http", "https"]),
    some.sampled_from(["", ":8443", ":443", ":80"]),
    PATHS,
    QUERIES,
)


def form(request: SignedRequest, pairs: Pairs | dict[str, str]) -> SignedRequest:
    return replace(request, body=urlencode(pairs).encode())


def url(request: SignedRequest, **parts: str) -> SignedRequest:
    return replace(request, url=urlsplit(request.url)._replace(**parts).geturl())


def each(request: SignedRequest, edit: Callable[[str], str]) -> SignedRequest:
    return form(request, tuple((name, edit(value)) for name, value in pairs_of(request.body)))


def swapped(request: SignedRequest) -> SignedRequest:
    return url(request, scheme={"http": "https", "https": "http"}[urlsplit(request.url).scheme])


def slash(request: SignedRequest) -> SignedRequest:
    path = urlsplit(request.url).path
    return url(request, path=path[:-1] if path.endswith("/") else f"{path}/")


def pieces(request: SignedRequest) -> list[str]:
    return [piece for piece in urlsplit(request.url).query.split("&") if piece]


WRONGS: dict[str, Callable[[SignedRequest], SignedRequest]] = {
    "scheme": swapped,
    "trailing slash": slash,
    "method": lambda request: replace(request, method="GET"),
    "type": lambda request: replace(request, content_type="text/plain"),
    "prefix": lambda request: url(request, path=f"/proxy{urlsplit(request.url).path}"),
    "port": lambda request: url(request, netloc="h.example:5000"),
    "no query": lambda request: url(request, query=""),
    "more query": lambda request: url(request, query="&".join([*pieces(request), "more=1"])),
    "query order": lambda request: url(request, query="&".join(reversed(pieces(request)))),
    "query decoded": lambda request: url(request, query=unquote_plus(urlsplit(request.url).query)),
    "spaces": lambda request: each(request, lambda text: text.replace("+", " ")),
    "pluses": lambda request: each(request, lambda text: text.replace(" ", "+")),
    "encoded": lambda request: each(request, quote_plus),
    "trimmed": lambda request: each(request, str.strip),
    "padded": lambda request: each(request, lambda text: f"{text} "),
    "extra": lambda request: form(request, (*pairs_of(request.body), ("csrf", "x y"))),
    "query too": lambda request: form(
        request, (*pairs_of(urlsplit(request.url).query.encode()), *pairs_of(request.body))
    ),
    "empty lost": lambda request: form(
        request, tuple(pair for pair in pairs_of(request.body) if pair[1])
    ),
    "a copy lost": lambda request: form(
        request, tuple(pair for pair in pairs_of(request.body) if pair[0] != "SmsSid")
    ),
    "all lost": lambda request: replace(request, body=b""),
}


def parameters_left_out(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    pairs, query = pairs_of(request.body), pairs_of(urlsplit(request.url).query.encode())
    bodies = [pairs, tuple(pair for pair in pairs if pair not in query)]
    for body in bodies:  # two of them may have been added, or one and those of the query
        for count in (0, 1, 2):
            for left in itertools.combinations(range(len(body)), count):
                yield form(request, tuple(p for n, p in enumerate(body) if n not in left))


def parameters_added(request: SignedRequest, verdict: Verdict) -> Iterator[SignedRequest]:
    found = re.search(r"the (empty )?parameters? (.+?) added", verdict.reason)
    assert found is not None
    told, sid = {**SAID, "ApiVersion": "2010-04-01"}, SAID["MessageSid"]
    told |= {"NumSegments": "1", "SmsStatus": "received", "SmsMessageSid": sid}
    names = found[2].split(", ")
    more = tuple((name, "" if found[1] else told.get(name, "")) for name in names)
    yield form(request, (*pairs_of(request.body), *more))


def values_edited(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    def plus(text: str) -> str:
        return "+" + text[1:] if text[:1] == " " else text

    def spaces(text: str) -> str:
        return text.replace(" ", "+")

    def pluses(text: str) -> str:
        return text.replace("+", " ")

    for edit in (plus, spaces, pluses, unquote, unquote_plus, unescape):
        yield each(request, edit)


def spaces_at_the_ends(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    yield each(request, str.strip)
    pairs = pairs_of(request.body)
    for at, (name, value) in enumerate(pairs):
        for padding in (" ", "\n", "\r\n", "\t", "\u00a0"):
            for text in (value + padding, padding + value):
                yield form(request, (*pairs[:at], (name, text), *pairs[at + 1 :]))


def one_value(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    pairs = pairs_of(request.body)
    yield form(request, dict(pairs))
    yield form(request, dict(reversed(pairs)))


def lines_edited(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    yield each(request, lambda text: text.replace("\r\n", "\n"))
    yield each(request, lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n"))


def method_changed(request: SignedRequest, verdict: Verdict) -> Iterator[SignedRequest]:
    if "POST instead of GET" in verdict.reason:
        yield replace(request, method="POST")
    elif "as the form of a POST" in verdict.reason:
        query = pairs_of(urlsplit(request.url).query.encode())
        yield form(replace(url(request, query=""), method="POST"), query)
    elif "in the query string of a GET" in verdict.reason:
        for text in (request.body.decode(), urlencode(pairs_of(request.body))):
            got = url(request, query="&".join([*pieces(request), text]))
            yield replace(got, method="GET", body=b"")
    else:
        yield replace(request, body=b"")


def query_changed(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    yield url(request, query="")
    for left in range(len(pieces(request))):
        yield url(request, query="&".join(pieces(request)[:left] + pieces(request)[left + 1 :]))
    yield replace(request, url=f"{request.url}&")
    yield replace(request, url=f"{request.url}?")
    yield replace(request, url=request.url.rstrip("&"))


def query_written(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    query = urlsplit(request.url).query
    for text in (query.replace("+", "%20"), query.replace("%20", "+"), unquote_plus(query)):
        yield url(request, query=text)
    for written in itertools.product(*((unquote_plus(p), p) for p in pieces(request))):
        yield url(request, query="&".join(written))
    for again in (quote_plus, lambda text: quote_plus(text).replace("+", "%20")):
        split = [piece.partition("=") for piece in pieces(request)]
        text = "&".join(again(a) + b + again(unquote_plus(c)) for a, b, c in split)
        yield url(request, query=text)
        yield url(request, query=re.sub("%..", lambda found: found[0].lower(), text))
    yield url(request, query=re.sub("%..", lambda found: found[0].lower(), query))
    yield url(request, query=re.sub("%..", lambda found: found[0].upper(), query))
    yield url(request, query="&".join(piece.removesuffix("=") for piece in pieces(request)))
    full = [piece if "=" in piece else f"{piece}=" for piece in pieces(request)]
    yield url(request, query="&".join(full))


def path_changed(request: SignedRequest, _: Verdict) -> Iterator[SignedRequest]:
    path = urlsplit(request.url).path
    for at, char in enumerate(path):
        if char == "/":
            yield url(request, path=path[at:])
            yield url(request, path=path[:at] + "/" + path[at:])
    yield url(request, path=re.sub("/+", "/", path))
    yield url(request, path=path.lower())


def port_stated(request: SignedRequest, verdict: Verdict) -> Iterator[SignedRequest]:
    found = re.search(r"the port (\d+) in the URL", verdict.reason)
    assert found is not None
    yield url(request, netloc=f"h.example:{found[1]}")


UNDOINGS: dict[str, Callable[[SignedRequest, Verdict], Iterator[SignedRequest]]] = {
    "scheme": lambda request, _: iter(
        [swapped(request), url(swapped(request), netloc="h.example")]
    ),
    "port": port_stated,
    "trailing slash": lambda request, _: iter([slash(request)]),
    "path": path_changed,
    "query": query_changed,
    "query order": lambda request, _: (
        url(request, query="&".join(order)) for order in itertools.permutations(pieces(request))
    ),
    "query encoding": query_written,
    "method": method_changed,
    "content type": lambda request, _: iter([replace(request, content_type=FORM)]),
    "body": lambda request, _: iter([replace(request, body=b"")]),
    "extra parameter": parameters_left_out,
    "missing parameter": parameters_added,
    "parameter encoding": values_edited,
    "whitespace": spaces_at_the_ends,
    "line endings": lines_edited,
    "repeated parameter": one_value,
}


def undone(request: SignedRequest, verdict: Verdict) -> Iterator[SignedRequest]:
    assert verdict.cause is not None
    # In each order: the URL's query may say what is not of the form, and a prefix may be all that
    # stands before a slash.
    for causes in itertools.permutations(verdict.cause.split(" and ")):
        found = [request]
        for cause in causes:
            found = [more for one in found for more in UNDOINGS[cause](one, verdict)]
        yield from found


class Several(dict[str, list[str]]):
    """What Flask hands to the official validator: several values under one name."""

    def getall(self, name: str) -> list[str]:
        return self[name]


def official(request: SignedRequest) -> bool:
    """Ask twilio-python, which is given a form's parameters and nothing of a GET's."""
    if request.method == "POST" and request.body and not request.is_form:
        return False
    if request.method == "GET" and request.body:
        return False
    parameters = Several()
    for name, value in pairs_of(request.body):
        parameters.setdefault(name, []).append(value)
    signature = request.signature or ""
    return bool(RequestValidator(TOKEN).validate(request.url, parameters, signature))


@settings(deadline=None)  # a diagnosis of two changes, and every order of undoing them
@given(URLS, FORMS, some.lists(some.sampled_from([*WRONGS]), min_size=1, max_size=3, unique=True))
def test_undoing_the_named_cause_makes_the_request_valid(
    at: str, parameters: dict[str, str], wrongs: list[str]
) -> None:
    signature = RequestValidator(TOKEN).compute_signature(at, parameters)
    request = SignedRequest(
        method="POST",
        url=at,
        body=urlencode(parameters).encode(),
        content_type=FORM,
        headers=(("X-Twilio-Signature", signature),),
    )
    assert verify(request, KEYS)
    for wrong in wrongs:
        request = WRONGS[wrong](request)
    verdict = diagnose(request, KEYS)
    assume(not verdict and verdict.reason.startswith("The signature matches"))
    # A request that was signed unlike Twilio does is refused by its validator in any case.
    assume("parameter order" not in (verdict.cause or ""))
    assert any(verify(one, KEYS) and official(one) for one in undone(request, verdict)), verdict
