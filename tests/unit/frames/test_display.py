"""Whatever strangers write, a frame shows it as text; and it says what it does not show."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pandas as pd
import pytest

from twilio_widgets.frames.build import message_frame
from twilio_widgets.frames.decode import MessageRecord
from twilio_widgets.frames.message_frame import MessageFrame

HOSTILE = [
    "<script>__x()</script>",
    "<img src=x onerror=__x()>",
    "<svg/onload=__x()>",
    "</td></tr></table><script>__x()</script>",
    "</style><script>__x()</script>",
    "</script><script>__x()</script>",
    "--><script>__x()</script><!--",
    "]]><script>__x()</script>",
    "<iframe srcdoc='<script>parent.__x()</script>'>",
    "<iframe src=javascript:__x()>",
    "<a href=javascript:__x()>pay</a>",
    '<a href="&#106;avascript:__x()">pay</a>',
    "<form action=//evil.test><button>OK</button>",
    "<input autofocus onfocus=__x()>",
    "<details open ontoggle=__x()>",
    "<video><source onerror=__x()>",
    "<audio src=x onerror=__x()>",
    "<body onload=__x()>",
    "<math><mi//xlink:href='data:x,<script>__x()</script>'>",
    "<math><mtext></mtext><mglyph><style><img src=x onerror=__x()>",
    "<base href=//evil.test/>",
    "<link rel=stylesheet href=//evil.test>",
    "<meta http-equiv=refresh content='0;//evil.test'>",
    "<object data=//evil.test></object>",
    "<embed src=//evil.test>",
    "<style>*{display:none}</style>",
    "<style>@import'//evil.test'</style>",
    "<div style=position:fixed;inset:0>covered",
    "<marquee onstart=__x()>",
    "<template><script>__x()</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=__x()>'>",
    "<select><option></select><img src=x onerror=__x()>",
    "<textarea></textarea><script>__x()</script>",
    "<title></title><script>__x()</script>",
    "<xmp><script>__x()</script></xmp>",
    "<plaintext>",
    "<!doctype html><html>",
    "<!--",
    "<![CDATA[<script>__x()</script>]]>",
    "<?php __x() ?>",
    '" onmouseover="__x()',
    "' onmouseover='__x()",
    "` onmouseover=`__x()",
    "&lt;script&gt;__x()&lt;/script&gt;",
    "&#60;script&#62;__x()&#60;/script&#62;",
    "&amp;lt;b&amp;gt;",
    "&nbsp;&copy;&unknown;&",
    "<ScRiPt >__x()</ScRiPt >",
    "<script/x>__x()</script>",
    "<<script>__x()//<</script>",
    "<script\n>__x()</script>",
    "<\x00script>__x()</script>",
    "<b class=mathjax_process>$x$</b>",
    "＜script＞__x()＜/script＞",
    "$$\\href{javascript:__x()}{pay}$$",
    "$\\unicode{x3c}$",
    "\\(\\require{html}\\style{position:fixed}{x}\\)",
    "\\[\\def\\x{\\x\\x}\\x\\]",
    "\\begin{equation}\\x\\end{equation}",
    "\\ref{x} \\eqref{y}",
    "costs $5 or \\$6 or $7",
    "$" * 50,
    "\\" * 50,
    "$<$ \\<\\ $&$",
    "{{7*7}} ${7*7} <%= 7*7 %> {% raw %}",
    "javascript:__x()",
    "data:text/html,<script>__x()</script>",
    "http://evil.test/?q=<b>",
    "\u202egnp.exe",
    "\u2066\u2067<b>\u2069",
    "a\nb\r\nc\td",
    "\x1b]52;c;X19\x07\x1b[2J",
    "",
    " ",
]
assert len(set(HOSTILE)) == len(HOSTILE) >= 60

TAGS = {"div", "style", "table", "thead", "tbody", "tr", "th", "td", "span", "p"}
ATTRIBUTES = {
    ("border", "1"),
    ("class", "dataframe tex2jax_ignore mathjax_ignore"),
    ("scoped", None),
    ("style", "text-align: right;"),
}

SPANS = {"colspan", "rowspan", "halign", "valign"}


class Reader(HTMLParser):
    """Reads HTML as a page does: the tags, the attributes, the runs of text, the cells."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags, self.attributes = set(), set()
        self.runs, self.cells, self.comments, self.in_cell = [], [], [], False
        self.feed(html)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes.update(attrs)
        if tag in {"td", "th"}:
            self.in_cell = True
            self.cells.append("")

    def handle_endtag(self, tag):
        self.in_cell = self.in_cell and tag not in {"td", "th"}

    def handle_data(self, data):
        self.runs.append(data)
        if self.in_cell:
            self.cells[-1] += data

    def handle_comment(self, data):
        self.comments.append(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


@pytest.fixture
def whole_texts():
    """Let pandas show all of every text, row and column, and put its options back."""
    names = ("display.max_colwidth", "display.max_rows", "display.max_columns")
    with pd.option_context(*(part for name in names for part in (name, None))):
        yield


CONTROL = r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]"


def as_shown(text: str) -> str:
    """Write control characters and marks of direction out, as no page should obey them."""
    return re.sub(CONTROL, lambda found: ascii(found[0])[1:-1], text)


def assert_nothing_was_interpreted(html: str) -> Reader:
    reader = Reader(html)
    assert reader.tags <= TAGS
    assert {(name, value) for name, value in reader.attributes if name not in SPANS} <= ATTRIBUTES
    assert all(value.isalnum() for name, value in reader.attributes if name in SPANS)
    assert reader.comments == []
    for run in reader.runs:
        # MathJax looks for both ends of a formula in one run of text: there is never room for one.
        assert run in {"$", "\\"} or not re.search(r"[$\\]", run)
    return reader


def frame_of(*rows: MessageRecord, **attrs: object) -> MessageFrame:
    return message_frame(rows, attrs=attrs)


@pytest.mark.parametrize("field", ["body", "from_", "error_message", "status", "price_unit", "sid"])
def test_texts_are_shown_and_never_interpreted(field, whole_texts):
    rows = [MessageRecord("SM1") for _ in HOSTILE]
    for row, text in zip(rows, HOSTILE, strict=True):
        setattr(row, field, text)

    reader = assert_nothing_was_interpreted(frame_of(*rows)._repr_html_())

    cells = {cell.strip() for cell in reader.cells}
    assert [text for text in HOSTILE if as_shown(text).strip() not in cells] == []


def test_column_and_index_names_are_shown_as_text_too(whole_texts):
    names = [text + "!" for text in HOSTILE]
    frame = MessageFrame([[1] * len(names)] * len(names), columns=names)
    frame.index = pd.MultiIndex.from_arrays([HOSTILE, names], names=["<i>$x$</i>", "\\(x\\)"])
    frame.columns.name = "<b>\\[x\\]"

    html = frame._repr_html_()

    assert_nothing_was_interpreted(html)
    assert {as_shown(name).strip() for name in names} <= set(Reader(html).cells)
    assert_nothing_was_interpreted(frame.T._repr_html_())


def test_texts_in_object_columns_and_attrs_are_shown_as_text_too(whole_texts):
    frame = frame_of(
        *(MessageRecord("SM1") for _ in HOSTILE), complete=False, cut_off=" ".join(HOSTILE)
    )
    frame["mine"] = pd.Series([[text, {"k": text}] for text in HOSTILE], dtype=object)

    assert_nothing_was_interpreted(frame._repr_html_())


def test_no_control_character_reaches_a_terminal(whole_texts):
    shown = repr(frame_of(*(MessageRecord("SM1", body=text) for text in HOSTILE))[["body"]])

    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", shown)
    assert r"\x1b]52;c;X19\x07\x1b[2J" in shown


def test_no_control_character_reaches_a_page_or_a_terminal(whole_texts):
    frame = frame_of(
        *(MessageRecord("SM1", body=text, from_=text, status=text) for text in HOSTILE)
    )

    for shown in (frame._repr_html_(), repr(frame), repr(frame["body"]), repr(frame["status"])):
        assert not re.search(CONTROL.replace(r"\x1f", r"\x09\x0b-\x1f"), shown)


def rows_shown(frame: MessageFrame) -> int:
    cells = Reader(frame._repr_html_()).cells
    return sum(bool(re.fullmatch(r"SM\d+", cell.strip())) for cell in cells)


def lines(frame: MessageFrame) -> list[str]:
    return re.findall(r"<p>(.*?)</p>", frame._repr_html_())


def many(count: int, **attrs: object) -> MessageFrame:
    return frame_of(*(MessageRecord(f"SM{i}", body="x") for i in range(count)), **attrs)


@pytest.mark.parametrize("total", [0, 1, 2, 11, 61, 1062])
@pytest.mark.parametrize(("most", "few"), [(None, 10), (0, 10), (1, 1), (2, 10), (5, None)])
@pytest.mark.parametrize("wider", [0, 55, 56])
def test_the_stated_number_of_rows_is_the_number_shown(total, most, few, wider):
    frame, most = many(total)[["sid"]], most and most + wider
    with pd.option_context("display.max_rows", most, "display.min_rows", few):
        shown, notes = rows_shown(frame), lines(frame)

    assert notes == ([] if shown == total else [f"showing {shown:,} of {total:,} rows"])
    assert shown == total or 0 < shown <= most


@pytest.mark.parametrize("most", [None, 0, 1, 2, 5, 16, 17, 20])
def test_the_stated_number_of_columns_is_the_number_shown(most):
    frame = many(1)
    with pd.option_context("display.max_columns", most):
        cells, notes = set(Reader(frame._repr_html_()).cells), lines(frame)
    shown = len(cells & {*frame.columns})

    assert notes == ([] if shown == 17 else [f"showing {shown} of 17 columns"])


def test_pandas_own_options_are_followed_and_left_alone():
    before = {name: pd.get_option(name) for name in ("display.max_rows", "display.max_columns")}
    with pd.option_context("display.notebook_repr_html", False):
        assert many(3)._repr_html_() is None

    assert {name: pd.get_option(name) for name in before} == before


def test_a_log_that_was_not_read_to_its_end_says_so_everywhere():
    frame = many(200, complete=False)
    sentence = "200 messages read, the log has more: limit=None reads all"

    assert lines(frame) == ["showing 10 of 200 rows", sentence]
    assert lines(frame.head(3)) == [sentence]
    assert repr(frame).endswith(sentence)
    assert lines(many(3, complete=True)) == []
    assert lines(many(3, complete=True).head(2)) == []


def test_an_interrupted_reading_can_say_it_in_its_own_words():
    assert lines(many(3, complete=False, cut_off="stopped after 3 messages")) == [
        "stopped after 3 messages"
    ]
