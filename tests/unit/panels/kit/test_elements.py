"""The pieces of a card show text as text, and a panel leaves nothing behind."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import ipywidgets
import pytest
from ipywidgets.widgets import widget as registry

from tests.panel_driver import PanelDriver
from twilio_widgets.errors import NotConnected
from twilio_widgets.panels.code.snippets import Snippet
from twilio_widgets.panels.inputs.line_input import LineInput
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW, OrderedButton
from twilio_widgets.panels.inputs.ordered_input import CHANGED
from twilio_widgets.panels.kit.assets import PANELS
from twilio_widgets.panels.kit.elements import (
    CardHeader,
    Code,
    Facts,
    Note,
    Stepper,
    body,
    field,
    foot,
    still_picture,
)
from twilio_widgets.panels.kit.panel import Panel, refuse_unknown, sentence_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

HOSTILE = '<img src=x onerror=alert(1)> $x$ \\(y\\) & "quoted"'


@dataclass(frozen=True)
class Count:
    number: int = 0
    problem: str = ""


def added(state: Count, number: int) -> Count:
    return replace(state, number=state.number + number)


def failed(state: Count, problem: str) -> Count:
    return replace(state, problem=problem)


class Counter(Panel[Count]):
    """The smallest panel there can be."""

    title = "Counter"

    def __init__(self, **unknown: object) -> None:
        refuse_unknown("Counter", unknown, known=("start", "step"))
        self._begin(Count())
        self.drawn: list[Count] = []
        self.go = OrderedButton("Go")
        self.note = Note()
        self._on_click(self.go, self._go)
        self.action: object = lambda: None
        self.field = LineInput("Text")
        self.add = OrderedButton("Add")
        self._read_fields([self.field])
        self._on_press(self.add, self._add)
        self._assemble(
            body(field(self.field, self.note)), foot(self.go, self.add, right=[self._code_button])
        )

    def _add(self) -> str:
        return self._take_step(added, len(self.field.value))

    def _go(self) -> None:
        self._start(self.action)  # type: ignore[arg-type]

    def _draw(self, state: Count) -> None:
        self.drawn.append(state)
        self.note.show(state.problem, "problem")

    def _fail(self, error: Exception) -> None:
        self._apply(failed, sentence_of(error))

    def _snippet(self, state: Count) -> Snippet:
        return Snippet(f"ours({state.number})", "official", "curl")

    def _summary(self, state: Count) -> list[tuple[str, str]]:
        return [("Number", str(state.number)), ("Problem", state.problem or "none")]


@pytest.fixture
def counter() -> Iterator[Counter]:
    panel = Counter()
    yield panel
    panel.close()


def test_the_elements_contain_the_texts_they_were_given() -> None:
    head, note, facts, track, code = CardHeader(title="Send"), Note(), Facts(), Stepper(), Code()
    head.show("sandbox", "good")
    note.show("careful", "warning")
    facts.show([("Account", "AC0f…9a41")])
    track.show([("queued", "done"), ("sent", "now")])
    code.show([("curl", "curl …")])

    assert (head.title, head.pill, head.tone) == ("Send", "sandbox", "good")
    assert (note.text, note.tone) == ("careful", "warning")
    assert facts.rows == [["Account", "AC0f…9a41"]]
    assert track.steps == [["queued", "done"], ["sent", "now"]]
    assert code.texts == [["curl", "curl …"]]
    for element in (head, note, facts, track, code):
        element.close()


def test_the_page_cannot_change_an_element() -> None:
    note = Note()
    note.show("hint")
    state = {"text": "forged", "tone": "good"}
    note._handle_msg({"content": {"data": {"method": "update", "state": state}}, "buffers": []})

    assert (note.text, note.tone) == ("hint", "hint")
    note.close()


@pytest.mark.parametrize("script", sorted(PANELS.rglob("*.js")), ids=lambda path: path.name)
def test_no_element_reads_text_as_html(script: object) -> None:
    source = script.read_text()  # type: ignore[attr-defined]

    assert re.findall(r"innerHTML|outerHTML|insertAdjacent|document\.write|eval\(", source) == []


OURS = re.compile(r"(?:body(?:\[[^\]]*\]|:(?:is|not)\([^)]*\))\s+)?(?::is\()?\.tw-")
"""A class of ours, perhaps only under a theme of the page."""


@pytest.mark.parametrize("sheet", sorted(PANELS.rglob("*.css")), ids=lambda path: path.name)
def test_every_rule_of_a_style_sheet_is_below_one_of_our_classes(sheet: Path) -> None:
    """Nothing else on the page may change its look."""
    css = re.sub(r"/\*.*?\*/|@import [^;]*;", "", sheet.read_text(), flags=re.DOTALL)
    css = re.sub(r"@keyframes tw-[^{]*\{(?:[^{}]*\{[^{}]*\})*\s*\}", "", css)
    selectors = [
        selector.strip()
        for block in re.findall(r"([^{}]+)\{", css)
        for selector in re.split(r",(?![^(]*\))", block)
        if not block.strip().startswith("@")
    ]

    assert selectors != []
    assert [selector for selector in selectors if not OURS.match(selector)] == []


def test_every_variable_of_a_style_sheet_is_set_somewhere() -> None:
    files = [path for path in PANELS.rglob("*.*") if path.suffix in {".css", ".js"}]
    texts = "\n".join(path.read_text() for path in files)
    used = set(re.findall(r"var\((--tw-[\w-]+|--fill)", texts))
    set_ = set(re.findall(r"(--tw-[\w-]+|--fill)\"?[:,]", texts))

    assert used - set_ == set()


def test_the_still_picture_escapes_html_and_breaks_formulas() -> None:
    assert still_picture("Connection", [("To", HOSTILE)]) == (
        '<table class="tex2jax_ignore mathjax_ignore"><caption>Connection</caption><tbody>'
        "<tr><th>To</th><td>&lt;img src=x onerror=alert(1)&gt; <span>$</span>x<span>$</span> "
        "<span>\\</span>(y<span>\\</span>) &amp; &quot;quoted&quot;</td></tr></tbody></table>"
    )


def test_a_panel_says_the_same_in_text_and_in_a_saved_notebook(counter: Counter) -> None:
    bundle = counter._repr_mimebundle_()

    assert bundle["text/plain"] == repr(counter) == "Counter(0 · none)"
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert counter._picture_html() == still_picture(
        "Counter", [("Number", "0"), ("Problem", "none")]
    )


def test_a_step_is_drawn_once_and_no_change_is_not_drawn(counter: Counter) -> None:
    counter._apply(added, 2)
    counter._apply(added, 0)

    assert counter.drawn == [Count(0), Count(2)]


def test_steps_from_many_threads_all_count(counter: Counter) -> None:
    threads = [
        threading.Thread(target=lambda: [counter._apply(added, 1) for _ in range(100)])
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert counter._state == Count(800)


def test_an_error_in_a_callback_is_shown_on_the_card(
    counter: Counter, capfd: pytest.CaptureFixture[str]
) -> None:
    counter._on_click(counter.go, lambda: 1 / 0)
    PanelDriver(counter).press_on(counter.go)

    assert counter.note.text == "Unexpected error: ZeroDivisionError: division by zero"
    assert capfd.readouterr() == ("", "")


def test_a_press_that_waits_for_its_text_is_acted_on_when_the_text_arrives(
    counter: Counter,
) -> None:
    page = PanelDriver(counter)

    assert page.press_before_its_text(counter.add, counter.field, "abc") == ""
    assert counter._state == Count(3)


def test_a_press_is_dropped_when_its_button_changes_meaning_while_it_waits(
    counter: Counter,
) -> None:
    """The text arrives when the button would act on something else than what was pressed."""
    page = PanelDriver(counter)

    def turn() -> None:
        counter.add.turn += 1

    assert page.press_before_its_text(counter.add, counter.field, "abc", turn) == CHANGED
    assert counter._state == Count(0)


def test_a_button_whose_step_changes_nothing_says_so(counter: Counter) -> None:
    assert PanelDriver(counter).press("Add") == NOT_NOW


def test_a_button_that_does_not_use_the_fields_acts_while_another_press_waits(
    counter: Counter,
) -> None:
    page, answers = PanelDriver(counter), []

    def go() -> None:
        answers.append(page.press_on(counter.go))

    page.press_before_its_text(counter.add, counter.field, "abc", go)
    assert answers == [""]


def test_an_error_in_work_is_shown_on_the_card(counter: Counter) -> None:
    def unreachable() -> None:
        raise NotConnected("Twilio was not reached. Nothing was sent.")

    counter.action = unreachable
    PanelDriver(counter).press_on(counter.go)

    assert counter.join(30)
    assert (counter.note.text, counter.note.tone) == (
        "Twilio was not reached. Nothing was sent.",
        "problem",
    )


def test_the_code_is_one_click_away_and_follows_the_state(counter: Counter) -> None:
    assert counter._code.layout.display == "none"
    PanelDriver(counter).press_on(counter._code_button)
    shown = counter._code.texts
    counter._apply(added, 1)

    assert counter._code.layout.display is None
    assert shown == [["twilio_widgets", "ours(0)"], ["twilio-python", "official"], ["curl", "curl"]]
    assert counter._code.texts[0] == ["twilio_widgets", "ours(1)"]
    PanelDriver(counter).press_on(counter._code_button)
    assert (counter._code.layout.display, counter._code_button.text) == (
        "none",
        "Show the code",
    )


def test_closing_waits_for_work_and_leaves_no_widget() -> None:
    before = set(registry._instances)
    panel = Counter()
    ended = threading.Event()
    panel.action = ended.set
    PanelDriver(panel).press_on(panel.go)
    panel.close()
    panel.close()

    assert ended.is_set()
    assert set(registry._instances) == before


def test_a_closed_panel_does_not_change(counter: Counter) -> None:
    counter.close()
    counter._apply(added, 1)

    assert counter._state == Count(0)


def test_an_unknown_option_is_refused_and_the_likely_one_named() -> None:
    with pytest.raises(TypeError, match=r"^Counter has no option 'stat'\. Did you mean start\?$"):
        Counter(stat=1)
    with pytest.raises(TypeError, match=r"^Counter has no option 'qqq'\. It has: start, step\.$"):
        Counter(qqq=1)


def test_a_foot_keeps_quiet_buttons_together_at_the_right() -> None:
    go, more = OrderedButton("Go"), OrderedButton("More", quiet=True)
    row = foot(go, right=[more])

    left, right = row.children
    assert (left, right.children) == (go, (more,))
    assert right._dom_classes == ("tw-foot-right",)
    assert isinstance(row, ipywidgets.HBox)
    for widget in (go, more, right, row):
        widget.close()
