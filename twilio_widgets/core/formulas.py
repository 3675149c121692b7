"""Texts that a spreadsheet would run as formulas, made harmless in a way that can be undone.

A spreadsheet that opens a CSV file runs every cell that begins with ``=``, ``+``, ``-`` or ``@``,
and an SMS can begin with anything (CWE-1236; OWASP, "CSV Injection"). Some programs split at other
separators than the writer meant, so a formula may also begin after a separator inside a text.

The rule, in three sentences:

1. Wherever one of ``= + - @`` (also in its wide or small form) begins the text or follows a
   separator (``, ; |``, tab, line end) with nothing but spaces and quotes between, an apostrophe is
   put before it.
2. A text that begins with a tab or a line end, that is empty, or that is like this after
   apostrophes, gets one apostrophe more in front. (So no text is ever empty, and NA can be.)
3. A text that is exactly a phone number in E.164 form (``+447911123123``) stays as it is: it is a
   number and not a formula.

Every step adds exactly one apostrophe where another one may already stand, so `unguarded` takes
exactly that one away: ``unguarded(guarded(text)) == text`` for every text.
"""

from __future__ import annotations

import re

NOT_CALCULATED = "#FORMULA!"
"""Stands for a formula of a workbook whose result is not in the file: no program calculated it."""

_TRIGGERS = "=+@＝＋＠－﹢﹣﹦﹫−-"  # the hyphen last: a plain one inside [ ]
_SEPARATORS = r",;|\t\r\n"
# Spaces, control characters, what has no width, and the quotes of the world.
_BLANKS = (
    r"\x00-\x20\x7f-\xa0\u1680\u180e\u2000-\u200f\u2028-\u202f\u205f-\u2064\u3000\ufeff"
    r"\"'`´‘’‚‛“”„‟«»‹›＂＇"
)
_RUN = rf"[{_SEPARATORS}{_BLANKS}]"

# Possessive: each run is matched once without backtracking, so in linear time.
_BEGINNING = re.compile(rf"(\A{_RUN}*+|(?<!{_RUN}){_RUN}++)([{_TRIGGERS}])")
_SEPARATOR = re.compile(rf"[{_SEPARATORS}]")
_BARE = re.compile(r"'*(?:[\t\r\n]|\Z)")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")


def guarded(text: str) -> str:
    """Return the text in a form that a CSV file can contain without it being run."""
    if _E164.fullmatch(text):
        return text
    return _BEGINNING.sub(_with_apostrophe, never_bare(text))


def unguarded(text: str) -> str:
    """Return the text that `guarded` was given."""
    return bare(_BEGINNING.sub(_without_apostrophe, text))


def never_bare(text: str) -> str:
    """Return the text with something visible at its beginning: see the second sentence above."""
    return f"'{text}" if _BARE.match(text) else text


def bare(text: str) -> str:
    """Return the text that `never_bare` was given."""
    return text[1:] if text.startswith("'") and _BARE.match(text) else text


def _with_apostrophe(found: re.Match[str]) -> str:
    run, trigger = found.groups()
    return f"{run}'{trigger}" if _begins(found) else found[0]


def _without_apostrophe(found: re.Match[str]) -> str:
    run, trigger = found.groups()
    return f"{run[:-1]}{trigger}" if run.endswith("'") and _begins(found) else found[0]


def _begins(found: re.Match[str]) -> bool:
    """Return whether a cell could begin here for some reader of the file."""
    return found.start() == 0 or _SEPARATOR.search(found[1]) is not None
