"""What a button says about its press, whatever the kernel does: its script, on a bare page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from twilio_widgets.panels.inputs.ordered_button import OrderedButton
from twilio_widgets.panels.inputs.secret_input import SecretInput

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.browser

DRAW = """async ([source, kernel]) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { default: element } = await import(url);
  const state = { text: "Send", turn: 0 };
  let receive = () => {};
  window.sent = [];
  window.say = (message) => receive({ id: window.sent[0].id, ...message });
  const model = {
    get: (name) => state[name],
    on: (event, handler) => { if (event === "msg:custom") receive = handler; },
    off: () => {},
    send(message) {
      if (kernel === "gone") throw new Error("no kernel");
      window.sent.push(message);
      if (kernel === "confirms" && message.t === "press") window.say({ t: "ready" });
      if (kernel === "confirms" && message.t === "act") window.say({ t: "answer", text: "" });
      if (kernel === "dies" && message.t === "press") window.say({ t: "ready" });
    },
  };
  document.body.innerHTML = '<div class="tw-card"><div id="here"></div></div>';
  element.render({ model, el: document.querySelector("#here") });
}"""

WAITING = "Waiting for the kernel…"
NOT_DONE = (
    "The kernel was busy or could not be reached, so nothing was done. Press again when it is idle."
)
NOT_CONFIRMED = (
    "The kernel has not confirmed this. It may have been done: look before you press again."
)


DRAW_SECRET = """async (source) => {
  const url = URL.createObjectURL(new Blob([source], { type: "text/javascript" }));
  const { initialize, render } = (await import(url)).default();
  const handlers = [];
  const sent = [];
  window.ask = () => {
    for (const handler of handlers) handler({ t: "ask", n: "1", page: window.twPage });
    const [, , buffers] = sent.find(([message]) => message.t === "secret");
    return new TextDecoder().decode(buffers[0]);
  };
  const model = {
    get: () => "",
    on: (event, handler) => { if (event === "msg:custom") handlers.push(handler); },
    off: () => {},
    send: (...message) => sent.push(message),
  };
  document.body.innerHTML = '<div class="tw-card"><div id="here"></div></div>';
  initialize({ model });
  render({ model, el: document.querySelector("#here") });
}"""


def open_bare(page: Page) -> None:
    """Open an empty page in a secure context, as JupyterLab's page is."""
    bare = {"body": "<body></body>", "content_type": "text/html"}
    page.route("http://127.0.0.1/**", lambda route: route.fulfill(**bare))
    page.goto("http://127.0.0.1/")


def draw(page: Page, kernel: str) -> None:
    """Draw a button whose kernel ``"confirms"``, is ``"silent"``, ``"gone"``, or ``"dies"``."""
    page.clock.install(time=0)
    open_bare(page)
    page.clock.pause_at(60)
    page.evaluate(DRAW, [str(OrderedButton._esm), kernel])


def note(page: Page) -> str:
    return page.locator("output").evaluate("(note) => note.hidden ? '' : note.textContent")


@pytest.mark.parametrize(
    ("kernel", "sent", "said"),
    [
        ("confirms", ["press", "act"], ["", "", ""]),
        ("silent", ["press"], ["", WAITING, NOT_DONE]),
        ("dies", ["press", "act"], ["", WAITING, NOT_CONFIRMED]),
        ("gone", [], [NOT_DONE, NOT_DONE, NOT_DONE]),
    ],
    ids=["confirms", "silent", "dies", "gone"],
)
def test_a_card_says_whether_the_kernel_confirmed_a_press(
    page: Page, kernel: str, sent: list[str], said: list[str]
) -> None:
    """The sentences: at once, after a moment, and when the press is given up."""
    draw(page, kernel)
    page.get_by_role("button").click()
    notes = [note(page)]
    for milliseconds in (800, 10_000):
        page.clock.run_for(milliseconds)
        notes.append(note(page))

    assert notes == said
    assert page.evaluate("() => window.sent.map(({ t }) => t)") == sent


def test_presses_of_an_unanswered_button_are_one_press(page: Page) -> None:
    draw(page, "silent")
    for _ in range(3):
        page.get_by_role("button").click()

    assert page.evaluate("() => window.sent.length") == 1


def test_a_kernel_that_is_ready_too_late_is_not_asked_to_act(page: Page) -> None:
    draw(page, "silent")
    page.get_by_role("button").click()
    page.clock.run_for(10_001)
    page.evaluate("() => window.say({ t: 'ready' })")

    assert page.evaluate("() => window.sent.map(({ t }) => t)") == ["press"]
    assert note(page) == NOT_DONE


def test_a_secret_is_sent_as_it_was_at_the_press(page: Page) -> None:
    open_bare(page)
    page.evaluate(DRAW_SECRET, str(SecretInput._esm))
    field = page.locator("input")
    field.fill("at the press")
    field.press("Enter")
    field.fill("typed later")

    assert page.evaluate("() => window.ask()") == "at the press"
