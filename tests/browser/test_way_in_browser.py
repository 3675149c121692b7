"""A webhook from outside, through a JupyterLab with the extension, to a row before one's eyes."""

from __future__ import annotations

import http.client
from typing import TYPE_CHECKING
from urllib.parse import urlencode, urlsplit

import pytest
from playwright.sync_api import expect
from twilio.request_validator import RequestValidator

from tests.browser.harness import Notebook
from tests.browser.server import JupyterLab
from tests.jupyter_host import FORM, behind_the_hub

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.browser.harness import Watch

pytestmark = pytest.mark.browser

ACCOUNT, TOKEN, HOST = "AC" + "1" * 32, "2" * 32, "hub.example.org"
LISTENING = f"""
from pathlib import Path
from twilio_widgets import AuthTokenConnection
from twilio_widgets.listener.listener import Listener
listener = Listener(AuthTokenConnection({ACCOUNT!r}, {TOKEN!r}), store=Path("events.sqlite"))
way = listener.open_way(page_url="https://{HOST}%slab/tree/a.ipynb")
listener.table
"""


def post(port: int, url: str, body: str, token: str = TOKEN) -> int:
    """Call as Twilio would from outside, with no login; return the status of the answer."""
    form = {
        "AccountSid": ACCOUNT, "Body": body, "From": "+15005550006", "To": "+14155550100",
        "MessageSid": f"SM{sum(body.encode()):032x}", "NumMedia": "0", "SmsStatus": "received",
    }  # fmt: skip
    signature = RequestValidator(token).compute_signature(url, form)
    headers = FORM | {"Host": HOST, "X-Forwarded-Proto": "https", "X-Twilio-Signature": signature}
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        line.request("POST", urlsplit(url).path, urlencode(form), headers)
        return line.getresponse().status
    finally:
        line.close()


def only_what_twilio_signed_reaches_the_table(notebook: Notebook, port: int, base: str) -> None:
    notebook.open([LISTENING % base])
    notebook.run_all()
    card = notebook.page.locator(".tw-card.tw-events-table")
    top = card.locator(".tw-row[aria-rowindex='2']")
    assert notebook.execute("print(way.kind)").strip() == "jupyter"
    url = notebook.execute("print(listener.inbound_url)").strip().partition("#")[0]
    assert url.startswith(f"https://{HOST}{base}twilio-widgets/")

    assert post(port, url, "From outside") == 200
    expect(top).to_contain_text("From outside")
    expect(top).to_contain_text("valid")

    assert post(port, url, "Forged", token="0" * 32) == 403
    expect(top).to_contain_text("rejected")
    notebook.screenshot("way-in", of=card)
    key = url.split("/")[-2]
    assert post(port, url.replace(key, "A" * len(key)), "An unknown key") == 404
    notebook.execute("listener.close()")
    assert post(port, url, "To a closed listener") == 404
    assert card.get_by_text("From outside").count() == 1
    for stranger in ("Forged", "An unknown key", "To a closed listener"):
        assert card.get_by_text(stranger).count() == 0


def test_a_signed_webhook_from_outside_reaches_the_table(
    lab: JupyterLab, notebook: Notebook
) -> None:
    port = urlsplit(lab.url).port
    assert port is not None
    only_what_twilio_signed_reaches_the_table(notebook, port, "/")


@pytest.mark.long
def test_the_same_behind_the_proxy_of_jupyterhub_with_a_base_url(
    page: Page, watch: Watch, tmp_path: Path
) -> None:
    base = "/user/ada/"
    with JupyterLab(base) as lab:
        inner = urlsplit(lab.url).port
        assert inner is not None
        with behind_the_hub(inner, tmp_path) as port:
            lab.url = f"http://127.0.0.1:{port}{base}".rstrip("/")
            notebook = Notebook(lab, page, watch, "behind the hub")
            only_what_twilio_signed_reaches_the_table(notebook, port, base)
