"""How bodies are cut: the alphabet, the sums, and what stays whole."""

from __future__ import annotations

import re

import pytest
import regex
from hypothesis import given, settings
from hypothesis import strategies as st

from twilio_widgets.core.text.segments import (
    _ALONE,
    GSM_BASIC,
    GSM_EXTENSION,
    Segments,
    _graphemes,
    segments,
)
from twilio_widgets.errors import InvalidMessage

FAMILY = "👨‍👩‍👧‍👦"  # 11 code units, one grapheme
FLAG = "🇬🇧"  # 4
THUMB = "👍"  # 2
DARK_THUMB = "👍🏿"  # 4
KEYCAP = "1️⃣"  # 3
RAINBOW = "🏳️‍🌈"  # 6
WALES = "🏴󠁧󠁢󠁷󠁬󠁳󠁿"  # 14: a flag spelled in tags
ACUTE = "e\u0301"  # 2, in two code points
KSHI = "क्षि"  # 4
HANGUL = "\u1112\u1161\u11ab"  # 3: one syllable from three letters
ZALGO = "a" + "\u0301" * 79  # 80: longer than a part

TWILIOS_VECTORS = [
    ("a" * 160, 1),
    ("a" * 161, 2),
    ("a" * 306, 2),
    ("a" * 307, 3),
    ("a" * 1600, 11),
    ("{" * 80, 1),
    ("{" * 81, 2),
    ("a" * 152 + "{" + "a" * 152, 3),
    ("я" * 70, 1),
    ("я" * 71, 2),
    ("я" * 134, 2),
    ("я" * 135, 3),
    (THUMB * 35, 1),
    (THUMB * 36, 2),
    ("a" * 66 + THUMB + "a" * 66, 3),
    (FAMILY * 10, 2),
    ("€" * 80, 1),
    ("", 1),
]

OURS = [  # text, encoding, units, count, units of the last part
    ("a", "GSM-7", 1, 1, 1),
    (" ", "GSM-7", 1, 1, 1),
    ("@£$¥", "GSM-7", 4, 1, 4),
    ("ÄÖÑÜ§¿äöñüà", "GSM-7", 11, 1, 11),
    ("ΔΦΓΛΩΠΨΣΘΞ", "GSM-7", 10, 1, 10),
    ("Ç", "GSM-7", 1, 1, 1),
    ("ç", "UCS-2", 1, 1, 1),
    ("`", "UCS-2", 1, 1, 1),
    ("\t", "UCS-2", 1, 1, 1),
    ("\u00a0", "UCS-2", 1, 1, 1),
    ("\x00", "UCS-2", 1, 1, 1),
    ("\x1b", "UCS-2", 1, 1, 1),
    ("\x7f", "UCS-2", 1, 1, 1),
    ("á", "UCS-2", 1, 1, 1),
    (ACUTE, "UCS-2", 2, 1, 2),
    ("é", "GSM-7", 1, 1, 1),
    ("…", "UCS-2", 1, 1, 1),
    ("“", "UCS-2", 1, 1, 1),
    ("\f", "GSM-7", 2, 1, 2),
    ("\n", "GSM-7", 1, 1, 1),
    ("\r", "GSM-7", 1, 1, 1),
    ("\r\n", "GSM-7", 2, 1, 2),
    ("\r\n" * 80, "GSM-7", 160, 1, 160),
    ("\r\n" * 81, "GSM-7", 162, 2, 9),
    ("a" * 152 + "\r\n" + "a" * 152, "GSM-7", 306, 2, 153),
    ("я" * 66 + "\r\n" + "я" * 66, "UCS-2", 134, 2, 67),
    ("^{}\\[~]|€", "GSM-7", 18, 1, 18),
    ("a" * 158 + "€", "GSM-7", 160, 1, 160),
    ("a" * 159 + "€", "GSM-7", 161, 2, 8),
    ("€" + "a" * 158, "GSM-7", 160, 1, 160),
    ("€" + "a" * 159, "GSM-7", 161, 2, 8),
    ("a" * 151 + "€" + "a" * 153, "GSM-7", 306, 2, 153),
    ("a" * 152 + "€" + "a" * 151, "GSM-7", 305, 2, 153),
    ("a" * 152 + "€" + "a" * 152, "GSM-7", 306, 3, 1),
    ("a" * 153 + "€" + "a" * 151, "GSM-7", 306, 2, 153),
    ("€" * 76, "GSM-7", 152, 1, 152),
    ("€" * 77, "GSM-7", 154, 1, 154),
    ("€" * 152, "GSM-7", 304, 2, 152),
    ("€" * 153, "GSM-7", 306, 3, 2),
    ("€" * 228, "GSM-7", 456, 3, 152),
    ("a" + "€" * 152, "GSM-7", 305, 2, 152),
    ("a" * 305 + "€", "GSM-7", 307, 3, 2),
    ("a" * 459, "GSM-7", 459, 3, 153),
    ("a" * 460, "GSM-7", 460, 4, 1),
    ("a" * 69 + "я", "UCS-2", 70, 1, 70),
    ("a" * 70 + "я", "UCS-2", 71, 2, 4),
    ("я" * 201, "UCS-2", 201, 3, 67),
    ("я" * 202, "UCS-2", 202, 4, 1),
    (THUMB, "UCS-2", 2, 1, 2),
    ("a" * 68 + THUMB, "UCS-2", 70, 1, 70),
    ("a" * 69 + THUMB, "UCS-2", 71, 2, 4),
    ("a" * 65 + THUMB + "a" * 67, "UCS-2", 134, 2, 67),
    ("a" * 66 + THUMB + "a" * 65, "UCS-2", 133, 2, 67),
    ("a" * 67 + THUMB + "a" * 65, "UCS-2", 134, 2, 67),
    (THUMB * 66, "UCS-2", 132, 2, 66),
    (THUMB * 67, "UCS-2", 134, 3, 2),
    (DARK_THUMB, "UCS-2", 4, 1, 4),
    (DARK_THUMB * 17, "UCS-2", 68, 1, 68),
    (DARK_THUMB * 18, "UCS-2", 72, 2, 8),
    (FLAG, "UCS-2", 4, 1, 4),
    (FLAG * 18, "UCS-2", 72, 2, 8),
    ("a" * 64 + FLAG + "a" * 10, "UCS-2", 78, 2, 14),
    ("a" * 63 + FLAG + "a" * 10, "UCS-2", 77, 2, 10),
    ("a" * 65 + FLAG + FLAG, "UCS-2", 73, 2, 8),
    (FAMILY, "UCS-2", 11, 1, 11),
    (FAMILY * 6, "UCS-2", 66, 1, 66),
    (FAMILY * 7, "UCS-2", 77, 2, 11),
    (FAMILY * 12, "UCS-2", 132, 2, 66),
    (FAMILY * 13, "UCS-2", 143, 3, 11),
    ("a" * 57 + FAMILY + "a" * 3, "UCS-2", 71, 2, 14),
    ("a" * 56 + FAMILY + "a" * 4, "UCS-2", 71, 2, 4),
    (KEYCAP, "UCS-2", 3, 1, 3),
    ("a" * 65 + KEYCAP * 2, "UCS-2", 71, 2, 6),
    (RAINBOW, "UCS-2", 6, 1, 6),
    ("a" * 62 + RAINBOW + "abc", "UCS-2", 71, 2, 9),
    (WALES, "UCS-2", 14, 1, 14),
    ("a" * 54 + WALES + "abc", "UCS-2", 71, 2, 17),
    ("a" * 66 + ACUTE + "abc", "UCS-2", 71, 2, 5),
    ("a" * 65 + ACUTE + "abcd", "UCS-2", 71, 2, 4),
    ("a" * 64 + KSHI + "abc", "UCS-2", 71, 2, 7),
    ("a" * 65 + HANGUL + "abc", "UCS-2", 71, 2, 6),
    ("日" * 70, "UCS-2", 70, 1, 70),
    ("日" * 68 + "本語", "UCS-2", 70, 1, 70),
    ("𠀋" * 35, "UCS-2", 70, 1, 70),
    ("𠀋" * 36, "UCS-2", 72, 2, 6),
    (ZALGO, "UCS-2", 80, 2, 13),
    ("b" * 60 + ZALGO, "UCS-2", 140, 3, 6),
    ("a" + "\u0301" * 66 + "bcde", "UCS-2", 71, 2, 4),
    ("a" + "\u0301" * 69, "UCS-2", 70, 1, 70),
    ("👩" + "\u200d👩" * 30, "UCS-2", 92, 2, 26),
    ("\ud83d", "UCS-2", 1, 1, 1),
    ("\udc4d" * 71, "UCS-2", 71, 2, 4),
    ("\ud83d\udc4d", "UCS-2", 2, 1, 2),
    ("a" * 66 + "\ud83d\udc4d" + "abc", "UCS-2", 71, 2, 5),
    ("a" * 66 + "\udc4d\ud83d" + "abc", "UCS-2", 71, 2, 4),
]


@pytest.mark.parametrize(("text", "count"), TWILIOS_VECTORS)
def test_the_counts_are_those_of_twilios_calculator(text: str, count: int):
    assert segments(text).count == count


@pytest.mark.parametrize(("text", "encoding", "units", "count", "last"), OURS)
def test_every_body_has_its_encoding_length_count_and_rest(
    text: str, encoding: str, units: int, count: int, last: int
):
    found = segments(text)
    assert (found.encoding, found.units, found.count, found.last_used) == (
        encoding,
        units,
        count,
        last,
    )
    assert "".join(found.parts) == text


def test_the_alphabet_has_the_127_characters_of_the_standard_and_its_ten_extensions():
    assert (len(GSM_BASIC), len(GSM_EXTENSION)) == (127, 10)
    assert GSM_BASIC.isdisjoint(GSM_EXTENSION)


def test_the_result_says_everything_about_a_long_body():
    assert segments("a" * 66 + THUMB) == Segments(
        encoding="UCS-2",
        count=1,
        units=68,
        blame=((66, THUMB),),
        per_segment=70,
        parts=("a" * 66 + THUMB,),
        last_used=68,
    )
    assert segments("a" * 152 + "{" + "b" * 8) == Segments(
        encoding="GSM-7",
        count=2,
        units=162,
        blame=(),
        per_segment=153,
        parts=("a" * 152, "{" + "b" * 8),
        last_used=10,
    )


def test_an_empty_body_is_one_empty_segment():
    assert segments("") == Segments("GSM-7", 1, 0, (), 160, ("",), 0)


def test_the_blame_names_places_and_characters_in_order():
    assert segments("It’s “fine” 👍").blame == ((2, "’"), (5, "“"), (10, "”"), (12, "👍"))


def test_the_blame_stops_at_ten():
    assert segments("a" + "я" * 1000).blame == tuple((index, "я") for index in range(1, 11))


def test_a_grapheme_that_fits_moves_whole_to_the_next_part():
    assert segments("a" * 60 + FAMILY).parts == ("a" * 60, FAMILY)


def test_a_grapheme_longer_than_a_part_is_cut_between_code_points():
    tall = "👩" + "\u200d👩" * 30
    first, second = segments(tall).parts
    assert (first, second) == (tall[:44], tall[44:])
    assert len(first.encode("utf-16-le")) // 2 == 67 - 1  # the next would be a pair, and not fit


def test_two_lone_surrogates_that_make_a_pair_on_the_wire_stay_together():
    assert segments("я" * 66 + "\ud83d\udc4d" + "abc").parts == ("я" * 66, "\ud83d\udc4dabc")


GSM_TEXT = st.text(st.sampled_from(sorted(GSM_BASIC | GSM_EXTENSION)), max_size=700)
ANY_TEXT = st.lists(
    st.one_of(
        st.characters(categories=None, codec=None),  # surrogates too
        st.sampled_from([FAMILY, FLAG, THUMB, ACUTE, KSHI, KEYCAP, "\r\n", "{", "a" * 60, ZALGO]),
    ),
    max_size=90,
).map("".join)


def cost(text: str, encoding: str) -> int:
    """Count units another way than the code under test does."""
    if encoding == "GSM-7":
        return sum(2 if char in "\f^{}\\[~]|€" else 1 for char in text)
    return sum(2 if ord(char) > 0xFFFF else 1 for char in text)


@given(st.one_of(GSM_TEXT, ANY_TEXT))
def test_the_parts_are_the_body_and_each_fits(text: str):
    found = segments(text)
    used = [cost(part, found.encoding) for part in found.parts]
    assert "".join(found.parts) == text
    assert found.count == len(found.parts)
    assert max(used) <= found.per_segment
    assert (sum(used), used[-1]) == (found.units, found.last_used)
    assert found.per_segment in ((160, 70) if found.count == 1 else (153, 67))
    assert found.count == 1 or found.units > {"GSM-7": 160, "UCS-2": 70}[found.encoding]


@given(ANY_TEXT)
def test_no_cut_falls_inside_a_grapheme_that_fits(text: str):
    found = segments(text)
    cuts = set()
    place = 0
    for part in found.parts[:-1]:
        place += len(part)
        cuts.add(place)
    for grapheme in regex.finditer(r"\X", text):
        inside = cuts & set(range(grapheme.start() + 1, grapheme.end()))
        whole = grapheme[0] != "\r\n" and cost(grapheme[0], "UCS-2") <= 67
        assert not (inside and whole), grapheme


@given(st.one_of(GSM_TEXT, ANY_TEXT))
def test_no_part_could_have_held_what_begins_the_next(text: str):
    """The cut is greedy: no segment is paid for that the rules did not ask for."""
    found = segments(text)
    for part, following in zip(found.parts, found.parts[1:], strict=False):
        first = regex.match(r"\r|[\ud800-\udbff][\udc00-\udfff]|\X", following)
        assert first is not None
        whole = cost(first[0], found.encoding)
        piece = whole if whole <= found.per_segment else cost(following[0], found.encoding)
        assert cost(part, found.encoding) + piece > found.per_segment


@given(ANY_TEXT)
def test_the_blame_is_exactly_what_is_outside_the_alphabet(text: str):
    outside = [(i, c) for i, c in enumerate(text) if c not in GSM_BASIC | GSM_EXTENSION]
    found = segments(text)
    assert found.blame == tuple(outside[:10])
    assert found.encoding == ("UCS-2" if outside else "GSM-7")


def test_characters_that_are_cut_without_graphemes_never_combine():
    """Each of these characters is a grapheme of its own, wherever it stands."""
    alone = [char for char in map(chr, range(0xD800)) if _ALONE.fullmatch(char)]

    assert len(alone) > 20_000
    for text in ("".join(alone), "".join(reversed(alone)), "".join(char + char for char in alone)):
        assert _graphemes(text) == list(text)


@settings(deadline=None)
@given(st.text("aéλж’€がカ漢\u0301👍\u200d\r\n", min_size=60, max_size=300))
def test_a_text_is_cut_the_same_with_and_without_looking(text):
    quick = segments(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("twilio_widgets.core.text.segments._ALONE", re.compile("(?!)"))
        assert segments(text) == quick


@pytest.mark.parametrize("value", [5, None, b"x", 1.5])
def test_a_value_that_is_not_text_is_refused_with_a_sentence(value):
    with pytest.raises(InvalidMessage, match="A body is text, not"):
        segments(value)
