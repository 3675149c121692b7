"""Code equivalent to a raw request: this library, twilio-python if possible, httpx, curl.

The functions are pure and do not validate, since the form may be incomplete. Credentials and
``$TWILIO_ACCOUNT_SID`` become environment look-ups; everything typed becomes a quoted literal.
"""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, quote

from twilio_widgets.core.credentials.connection import API_VERSION
from twilio_widgets.core.http.hosts import product_of
from twilio_widgets.panels.code.access import SANDBOX_NOTE, Access
from twilio_widgets.panels.code.quoting import Expression, call, curl, environment, literal
from twilio_widgets.panels.code.snippets import Snippet
from twilio_widgets.panels.raw.draft import RawDraft, keywords_of, used

if TYPE_CHECKING:
    from collections.abc import Sequence

    from twilio_widgets.panels.inputs.file_upload import ChosenFile

Rows = list[tuple[str, str]]

_OWN_SID = re.compile(r"\$\{TWILIO_ACCOUNT_SID\}|\$TWILIO_ACCOUNT_SID\b|\{AccountSid\}")
_URL = re.compile(r"https://([a-z0-9.-]+)/", re.IGNORECASE | re.ASCII)
_API = "api"
_NO_RETRIES = "# Sent once: only twilio_widgets applies the retry settings."
_ONE_PAGE = "# One page. Its next_page_uri is the path of the next page."
_ONE_PAGE_OF_OTHERS = "# One page. next_page_url in its meta is the URL of the next page."


@dataclass(frozen=True, slots=True)
class RawSnippet(Snippet):
    """One request in four languages."""

    httpx: str

    @property
    def tabs(self) -> tuple[tuple[str, str], ...]:
        """The title and text of each tab of the code area."""
        return (
            ("twilio_widgets", self.ours),
            ("twilio-python", self.official),
            ("httpx", self.httpx),
            ("curl", self.curl),
        )


def raw_snippet(access: Access, draft: RawDraft) -> RawSnippet:
    """Return the code of a request.

    Args:
        access: How the code authenticates.
        draft: The request.
    """
    return RawSnippet(
        ours=_ours(access, draft),
        official=_official(access, draft),
        curl=_curl(access, draft),
        httpx=_httpx(access, draft),
    )


def _ours(access: Access, draft: RawDraft) -> str:
    keywords = keywords_of(draft, content=_path)
    given: list[object] = [draft.path.strip()]
    if draft.method != "GET":
        given.append(draft.method)
    return _with_path(access.ours(call("response = twilio.raw", given, **keywords)), draft)


def _official(access: Access, draft: RawDraft) -> str:
    # The client puts its own edge and region into every URL, so they must be those of the URL.
    if (host := _host(draft)) is not None:
        access = replace(access, host=_API + host[len(product_of(host) or "") :])
    if draft.body in {"multipart", "text"}:
        what = "multipart bodies" if draft.body == "multipart" else "bodies of plain text"
        return f"# twilio-python cannot send {what}: see the other tabs."
    keywords: dict[str, object] = {}
    if query := _query(draft):
        keywords["params"] = _literals(query)
    if draft.body == "data":
        keywords["data"] = keywords_of(draft)["data"]
    if headers := used(draft.headers):
        keywords["headers"] = {pair.name.strip(): pair.value for pair in headers}
    action = call("response = client.request", [draft.method, _url(access, draft)], **keywords)
    read = "response.text" if draft.answer != "json" else "json.loads(response.text)"
    code = access.official("\n".join([*_notes(draft), action, f"data = {read}"]))
    return code.replace("import os\n", "import json\nimport os\n", 1) if "json.l" in read else code


def _httpx(access: Access, draft: RawDraft) -> str:
    keywords: dict[str, object] = {}
    if query := _query(draft):
        keywords["params"] = _literals(query)
    if draft.body == "data":
        keywords["data"] = keywords_of(draft)["data"]
    elif draft.body == "text":
        keywords["content"] = draft.text
    elif draft.body == "multipart":
        keywords["files"] = Expression(f"[{', '.join(_parts(draft))}]")
    if headers := _headers(draft):
        keywords["headers"] = _literals(headers)
    user, secret = access.login
    login = f"({environment(user)}, {environment(secret)})"
    keywords |= {"auth": Expression(login), "timeout": draft.timeout}
    if draft.answer == "binary":
        keywords["follow_redirects"] = (
            True  # httpx drops the credentials when redirected to another host
        )
    action = call("response = httpx.request", [draft.method, _url(access, draft)], **keywords)
    read = {"binary": "response.content", "text": "response.text"}.get(
        draft.answer, "response.json()"
    )
    note = SANDBOX_NOTE if access.kind == "sandbox" else ""
    lines = [*_notes(draft), action, "response.raise_for_status()", f"data = {read}"]
    blocks = (note, "import os", "import httpx", "\n".join(lines))
    return _with_path("\n\n".join(block for block in blocks if block), draft)


def _curl(access: Access, draft: RawDraft) -> str:
    pairs: Rows = []
    query = _query(draft)
    options = [] if draft.method in {"GET", "HEAD"} else [f"--request {draft.method}"]
    if draft.method == "HEAD":
        options.append("--head")
    if draft.method == "GET" and draft.body == "none" and query:
        options.append("--get")
        pairs, query = query, []
    elif draft.method == "GET" and draft.body != "none":
        options.append("--request GET")
    options += [f"--header {_shell(f'{name}: {text}')}" for name, text in _headers(draft)]
    if draft.body == "data":
        pairs = [(pair.name.strip(), pair.value) for pair in used(draft.data)]
    elif draft.body == "text":
        options.append(f"--data-raw {_shell(draft.text)}")
    elif draft.body == "multipart":
        options += _form_options(draft)
    if draft.answer == "binary":
        options += ["--location", "--output answer"]
    command = curl(_address(access, draft, query), pairs, login=access.login, options=options)
    note = [SANDBOX_NOTE] if access.kind == "sandbox" else []
    return "\n".join([*note, *_notes(draft), command])


def _notes(draft: RawDraft) -> list[str]:
    page = _ONE_PAGE if product_of(_host(draft) or "") in {None, _API} else _ONE_PAGE_OF_OTHERS
    return [_NO_RETRIES] * bool(draft.max_retries) + [page] * (draft.answer == "frame")


def _path(file: ChosenFile) -> Expression:
    return Expression(f"Path({literal(file.file_name)})")


def _with_path(code: str, draft: RawDraft) -> str:
    """Import `Path` where the code reads files."""
    if draft.body != "multipart" or not draft.files:
        return code
    wanted = "from pathlib import Path\n"
    if "import os\n" in code:
        return code.replace("import os\n", f"import os\n{wanted}", 1)
    return f"{wanted}\n{code}"


def _parts(draft: RawDraft) -> list[str]:
    """Return the parts of a multipart body, as httpx takes them; a field has no file name."""
    fields = [
        f"({literal(pair.name.strip())}, (None, {literal(pair.value)}))"
        for pair in used(draft.form)
    ]
    return fields + [
        f"({literal(file.name.strip())}, ({literal(file.file_name)}, {_path(file)}.read_bytes()))"
        for file in draft.files
    ]


def _form_options(draft: RawDraft) -> list[str]:
    fields = [
        f"--form-string {_shell(f'{pair.name.strip()}={pair.value}')}" for pair in used(draft.form)
    ]
    return fields + [
        f"--form {_shell(f'{file.name.strip()}=@{_quoted(file.file_name)}')}"
        for file in draft.files
    ]


def _quoted(name: str) -> str:
    """Return a file name quoted for curl's --form."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _headers(draft: RawDraft) -> Rows:
    rows = [(pair.name.strip(), pair.value.strip()) for pair in used(draft.headers)]
    if draft.body == "text":
        rows.insert(0, ("Content-Type", draft.content_type.strip()))
    return rows


def _query(draft: RawDraft) -> Rows:
    """Return every query parameter, those in the path first."""
    typed = parse_qsl(draft.path.partition("?")[2], keep_blank_values=True)
    rows = [*typed, *((pair.name.strip(), pair.value) for pair in used(draft.query))]
    if draft.answer == "frame" and "PageSize" not in dict(rows):
        rows.append(("PageSize", str(min(draft.limit, 1_000))))
    return rows


def _host(draft: RawDraft) -> str | None:
    """Return the host of a URL; None for a path alone."""
    url = _URL.match(draft.path.strip())
    return url[1].lower() if url and product_of(url[1].lower()) else None


def _split(access: Access, draft: RawDraft) -> tuple[str, str]:
    """Return the fixed beginning of the URL, and the part that the user typed after it."""
    typed = draft.path.strip().partition("?")[0]
    if (host := _host(draft)) is not None:
        return f"https://{host}/", typed[len(f"https://{host}/") :]
    path = typed.lstrip("/").removeprefix(f"{API_VERSION}/")
    return f"https://{access.host}/{API_VERSION}/", path


def _url(access: Access, draft: RawDraft) -> Expression:
    """Return the URL as Python: literals, and a look-up for the account SID."""
    parts: list[str] = []
    for index, text in enumerate(_OWN_SID.split("".join(_split(access, draft)))):
        if index:
            parts.append(environment(access.account))
        if text:
            parts.append(literal(text))
    return Expression(" + ".join(parts))


def _address(access: Access, draft: RawDraft, query: Sequence[tuple[str, str]]) -> str:
    """Return the URL for a double-quoted shell string; everything typed is escaped."""
    before, below = _split(access, draft)
    # None of these has a meaning in a shell's double quotes.
    typed = [quote(text, safe="/@:+", errors="replace") for text in _OWN_SID.split(below)]
    asked = "&".join(f"{_part(name)}={_part(text)}" for name, text in query)
    path = f"${{{access.account}}}".join(typed)
    return before + path + (f"?{asked}" if asked else "")


def _part(text: str) -> str:
    return quote(text, safe="", errors="replace")


def _shell(text: str) -> str:
    """Return text quoted for a shell, without NUL, which arguments cannot contain."""
    return shlex.quote(text.replace("\x00", ""))


def _literals(rows: Rows) -> Any:
    """Return rows as a mapping if no name is repeated, else as a list of tuples."""
    if len({name.casefold() for name, _ in rows}) == len(rows):
        return dict(rows)
    return Expression(f"[{', '.join(f'({literal(a)}, {literal(b)})' for a, b in rows)}]")
