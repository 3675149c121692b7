"""Look-alikes: what a person may replace to win back GSM-7."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twilio_widgets.core.text.segments import GSM_BASIC, GSM_EXTENSION, segments
from twilio_widgets.core.text.smart_encoding import (
    Replacement,
    _smart_table,
    smart,
    smart_replacements,
)


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("It’s “fine”", 'It\'s "fine"'),
        ("«oui» „ja“ ‹si›", '"oui" "ja" <si>'),
        ("5′ 6″ `code´", "5' 6\" 'code'"),
        ("1–2 — 3‑4 −5", "1-2 - 3-4 -5"),
        ("wait…", "wait..."),
        ("what‽", "what‽"),
        ("no‼ what⁇ why⁉ oh⁈", "no!! what?? why!? oh?!"),
        ("•\u00a0one\u2003two\tthree", "- one two three"),
        ("either⁄or", "either/or"),
        (
            "soft\u00adhyphen zero\u200bwidth \ufeffmark \u202atext\u202c",
            "softhyphen zerowidth mark text",
        ),
        ("one\u2028two\u2029three", "one\ntwo\nthree"),
        ("ＡＢＣ　１２３！", "ABC 123!"),
        ("cafe\u0301 man\u0303ana A\u030angstrom", "café mañana Ångstrom"),
        ("shelf\u200cful of tea\u200d, \u200cplease", "shelfful of tea, please"),
        ("★ five", "* five"),
        ("plain", "plain"),
        ("", ""),
    ],
)
def test_look_alikes_are_replaced(text: str, plain: str):
    assert smart(text) == plain


@pytest.mark.parametrize(
    "text", ["1½ hours", "ça va", "👨‍👩‍👧‍👦", "می‌روم", "क्\u200dष", "می‌", "❤️", "αβγ", "\r\n\f{}€"]
)
def test_replacements_that_change_the_meaning_are_not_made(text: str):
    assert (smart(text), smart_replacements(text)) == (text, ())


def test_each_replacement_says_where_and_what_it_is():
    assert smart_replacements("“Hi” – cafe\u0301") == (
        Replacement(0, "“", '"', "quote"),
        Replacement(3, "”", '"', "quote"),
        Replacement(5, "–", "-", "dash"),
        Replacement(10, "e\u0301", "é", "split accent"),
    )


def test_two_curly_quotes_cost_a_segment_that_smart_wins_back():
    text = "“" + "a" * 98 + "”"
    assert (segments(text).count, segments(smart(text)).count) == (2, 1)


def test_the_table_takes_nothing_from_gsm_and_gives_only_gsm():
    gsm = GSM_BASIC | GSM_EXTENSION
    table, _ = _smart_table()
    assert all(gsm.issuperset(to) for to, _ in table.values())
    assert not [char for char in table if gsm.issuperset(char)]


@given(st.text(st.one_of(st.characters(), st.sampled_from("’“–…\u00a0\u0301aeｗ")), max_size=60))
def test_the_replacements_made_by_hand_are_the_smart_text(text: str):
    made = text
    for found in reversed(smart_replacements(text)):
        assert text.startswith(found.character, found.index)
        made = made[: found.index] + found.replacement + made[found.index + len(found.character) :]
    assert made == smart(text)
