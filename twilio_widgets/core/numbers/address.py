"""Check recipients and senders, so that an invalid address is reported before anything is sent.

Only the format is checked, because the rest depends on the account: E.164 numbers (a plus, the
country code and the number, at most 15 digits; ITU-T E.164), channel addresses such as
``whatsapp:+15005550006``, and for senders short codes, alphanumeric senders and messaging services.
A channel's recipient is checked like a number: ``whatsapp:`` and ``rcs:`` need E.164 (or
a WhatsApp user ID, ``US.1349…``), ``messenger:`` needs digits. Channel names become lower case.
A number that no numbering plan contains is not refused here, because Twilio's own test numbers are
such numbers; `describe_number` returns a note about it.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final, NoReturn

from twilio_widgets.errors import InvalidMessage

_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_CHANNEL: Final = re.compile(r"([A-Za-z][A-Za-z0-9_-]*):(.*)")
_SERVICE: Final = re.compile(r"MG[0-9a-fA-F]{32}")
_BY_NUMBER: Final = frozenset({"whatsapp", "rcs"})
"""Channels whose recipients are phone numbers."""
_IDS: Final = {
    "whatsapp": (re.compile(r"[A-Z]{2}\.[0-9A-Za-z]+"), "a number or a business-scoped user ID"),
    "messenger": (re.compile(r"[0-9]+"), "the digits of a Messenger ID"),
}
"""What else a recipient on a channel can be, and its name."""
_SID: Final = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")
_GIVE: Final = "Write + and the country code, then the number, such as +15005550006."
_SENDERS_NOT: Final = {
    "AC": "an account",
    "AP": "an application",
    "CA": "a call",
    "HX": "a content template (give it as content_sid)",
    "ME": "a medium",
    "MM": "a message",
    "PN": "a phone number resource (give the number itself)",
    "SK": "an API key",
    "SM": "a message",
}
_LONGEST_ALPHANUMERIC: Final = 11
_LONGEST_ECHO: Final = 24
_BLANK: Final = "\u034f\u115f\u1160\u2800\u3164\uffa0" + "".join(map(chr, range(0xFE00, 0xFE10)))
"""Invisible characters of otherwise visible categories: joiners, fillers, variation selectors."""


def check_recipient(to: str) -> str:
    """Return a recipient without surrounding spaces, after checking its format.

    Args:
        to: A number in E.164 format, or a channel address.

    Raises:
        InvalidMessage: Twilio would refuse it; the message says why, with the number masked.
    """
    to = _readable(to, "to", hint=_GIVE)
    if channel := _CHANNEL.fullmatch(to):
        return _checked_channel(*channel.groups(), field="to")
    if _SID.fullmatch(to):
        _refuse(f"to is a SID ({to[:2]}…), which cannot receive a message. {_GIVE}", "to")
    if not _E164.fullmatch(to):
        _refuse(f"{_echo(to)} {_why_not_e164(to)}", "to")
    return to


def is_service(sender: str) -> bool:
    """Return whether a sender is a messaging service, by the form of its SID."""
    return _SERVICE.fullmatch(sender) is not None


def is_channel_id(channel: str, rest: str) -> bool:
    """Return whether this is how a channel names a recipient that is not a phone number."""
    known = _IDS.get(channel.lower())
    return known is not None and known[0].fullmatch(rest) is not None


def check_sender(from_: str) -> str:
    """Return a sender without surrounding spaces, after checking its format.

    Args:
        from_: A number, a short code, an alphanumeric sender, a channel address or the SID of a
            messaging service.

    Raises:
        InvalidMessage: Twilio would refuse it; the message says why, with the number masked.
    """
    from_ = _readable(from_, "from_", hint="Give a number, a short code, a name or an MG… SID.")
    if channel := _CHANNEL.fullmatch(from_):
        return _checked_channel(*channel.groups(), field="from_")
    if _SID.fullmatch(from_):
        if from_[:2] in _SENDERS_NOT:
            _refuse(f"from_ is the SID of {_SENDERS_NOT[from_[:2]]}, not a sender.", "from_")
        return from_
    if from_.startswith("+") and not _E164.fullmatch(re.sub(r"[ ().-]", "", from_)):
        _refuse(f"{_echo(from_)} {_why_not_e164(from_)}", "from_")
    if from_.isdigit() and len(from_) > 15:
        _refuse(f"from_ has {len(from_)} digits; a phone number has at most 15.", "from_")
    if re.fullmatch(r"MG[0-9a-zA-Z]{10,}", from_):
        _refuse(
            "from_ is not a valid SID of a messaging service, which is MG followed by 32 "
            f"characters 0-9 or a-f (it has {len(from_)} characters).",
            "from_",
        )
    if re.search(r"[A-Za-z]", from_) and len(from_) > _LONGEST_ALPHANUMERIC:
        _refuse(
            f"from_ has {len(from_)} characters; an alphanumeric sender has at most "
            f"{_LONGEST_ALPHANUMERIC}. Shorten it, or give a number or a messaging service.",
            "from_",
        )
    return from_


def _refuse(text: str, field: str) -> NoReturn:
    raise InvalidMessage(text, field=field)


def _readable(value: str, field: str, *, hint: str) -> str:
    """Return the text without surrounding spaces, after checking for invisible characters."""
    if not isinstance(value, str):  # a DataFrame's column may contain numbers
        _refuse(
            f"{field} must be text, not {type(value).__name__}. Read the column as text: as a "
            "number it loses its + and leading zeros.",
            field,
        )
    value = value.strip(" ")
    if not value:
        _refuse(f"{field} is empty. {hint}", field)
    suspects = () if value.isascii() and value.isprintable() else enumerate(value, start=1)
    for place, char in suspects:
        if problem := _unreadable(char):
            _refuse(f"{field} contains {problem} at position {place}. Type it again.", field)
    if damage := _spreadsheet_damage(value):
        _refuse(f"{_echo(value)} {damage}", field)
    return value


def _unreadable(char: str) -> str | None:
    category = unicodedata.category(char)
    name = unicodedata.name(char, f"U+{ord(char):04X}")
    if category == "Cc":
        names = {"\n": "a line break", "\r": "a line break", "\t": "a tab", "\0": "a NUL"}
        return names.get(char, f"a control character ({name})")
    if category in {"Cf", "Zl", "Zp", "Cs", "Co", "Cn"} or char in _BLANK:
        return f"an invisible character ({name})"
    if category == "Zs" and char != " ":
        return f"a special space ({name})"
    if (category == "Nd" and not "0" <= char <= "9") or char in "＋﹢":
        plain = unicodedata.decimal(char, "+")
        return f"{name}, which only looks like {plain}"
    return None


def _spreadsheet_damage(value: str) -> str | None:
    if re.fullmatch(r"[+-]?[0-9]+([.,][0-9]+[eE]\+?|[eE]\+)[0-9]+", value):
        return (
            "is in scientific notation: a spreadsheet converted it and lost its last digits. "
            "Format the column as text and enter the numbers again."
        )
    if re.fullmatch(r"\+?[0-9]{7,}[.,]0+", value):
        return "was read as a decimal number. Read the column as text, and start it with +."
    if re.fullmatch(r"#+", value):
        return "is what a spreadsheet shows in a narrow column. Widen the column and export again."
    if value[0] in "'=\"":
        return f"begins with {value[0]}, which spreadsheets put before text. Remove it."
    return None


def _checked_channel(channel: str, rest: str, *, field: str) -> str:
    if channel.lower() in {"tel", "sms", "smsto"}:
        _refuse(f"{field} begins with {channel}:, which is for links. Give only the number.", field)
    if not rest:
        _refuse(f"{field} has no address after {channel}:.", field)
    if rest != rest.strip():
        _refuse(f"{field} has a space after {channel}:. Remove it.", field)
    known = channel.lower()
    if _E164.fullmatch(rest) or is_channel_id(known, rest):
        return f"{known}:{rest}"
    if rest.startswith("+") or (field == "to" and (known in _BY_NUMBER or known in _IDS)):
        damage = _spreadsheet_damage(rest) or _why_not_e164(rest)
        also = f" {known}: takes {_IDS[known][1]}." if known == "messenger" else ""
        _refuse(f"{known}:{_echo(rest)} {damage}{also}", field)
    if field == "to" and (problem := _not_an_id(rest)):
        _refuse(f"{known}:{_echo(rest)} {problem}", field)
    return f"{known}:{rest}"


def _not_an_id(rest: str) -> str | None:
    """Return why no channel can have such an address, or None."""
    if re.search(r"[\s()]", rest):
        return "contains spaces or brackets, which no channel address has. Remove them."
    if rest.lower() in {"nan", "nat", "none", "null", "<na>"}:
        return "is what a program writes for a missing value."
    return _spreadsheet_damage(rest)


def _why_not_e164(value: str) -> str:
    digits = re.sub(r"[^0-9]", "", value)
    bare = re.sub(r"[ ()./-]", "", value)
    if re.search(r"[0-9][,;|/&] *[+0-9]{7,}", value) or re.search(r"[0-9] *\+", value):
        return "contains more than one number. Send one message to each."
    if re.search(r"(?i)(ext\.?|x|#) *[0-9]+$", value):
        return "has an extension, which cannot receive a message. Remove it."
    if value.startswith("++"):
        return "begins with two plus signs. Remove one."
    if len(digits) >= 3 and re.search(r"[A-Za-z]", value):
        return "contains letters. Write digits only."
    if not digits or re.search(r"[^0-9+ ()./-]", value):
        return f"is not a phone number. {_GIVE}"
    if value.startswith("00"):
        return "begins with 00. Write + instead of 00."
    if bare.isdigit() and 3 <= len(bare) <= 6 and value[0] != "0":
        return f"is a short code, which cannot receive a message. {_GIVE}"
    if not value.startswith("+"):
        return "must begin with + and the country code."
    if digits[:1] == "0":
        return "has 0 after the +, but no country code begins with 0. Write + and the country code."
    if len(digits) > 15:
        return f"has {len(digits)} digits; a phone number has at most 15."
    if len(digits) < 7:
        return f"has {len(digits)} digits, too few for a country code and a number."
    return "must be written without spaces or punctuation, like +15005550006."


def _echo(value: str) -> str:
    """Return a short address with most digits hidden; a longer text may be a secret."""
    if len(value) > _LONGEST_ECHO:
        return f"This address ({len(value)} characters)"
    digits = [place for place, char in enumerate(value) if char.isdigit()]
    hidden = set(digits[1:-3]) if len(digits) >= 7 else set()
    return "".join("•" if place in hidden else char for place, char in enumerate(value))
