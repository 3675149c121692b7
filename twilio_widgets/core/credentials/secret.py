"""`Secret`: a credential that is displayed as bullets."""

from __future__ import annotations

import hmac
import re
from collections.abc import Mapping
from typing import Any, Never

BULLETS = "••••••••"

_NAMES = re.compile(r"(?:.*_)?(?:auth_?token|secret|password)", re.IGNORECASE)


class Secret:
    """Text that only ``reveal()`` returns.

    ``str``, ``repr`` and formatting give bullets; pickling and JSON raise `TypeError`; ``copy``
    returns the same object. The text is kept in a closure, not in an attribute, so that tools which
    print an object's attributes (verbose tracebacks, debuggers) cannot show it.

    Args:
        text: The credential, or another ``Secret`` with the same text.
    """

    __slots__ = ("_text_of",)

    def __init__(self, text: str | Secret) -> None:
        revealed = text.reveal() if isinstance(text, Secret) else text
        object.__setattr__(self, "_text_of", _closure_over(revealed))

    def reveal(self) -> str:
        """Return the text itself. Nothing else does."""
        text: str = self._text_of()  # type: ignore[attr-defined]
        return text

    def __repr__(self) -> str:
        return f"Secret({BULLETS})"

    def __str__(self) -> str:
        return BULLETS

    def __format__(self, _spec: str) -> str:
        return BULLETS

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self.reveal().encode(), other.reveal().encode())

    def __hash__(self) -> int:
        return hash((Secret, self.reveal()))

    def __bool__(self) -> bool:
        return bool(self.reveal())

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _memo: object) -> Secret:
        return self

    def __setattr__(self, name: str, value: object) -> Never:
        raise AttributeError("a Secret cannot be changed")

    def __reduce_ex__(self, _protocol: object) -> Never:
        raise TypeError("a Secret cannot be pickled: its text would be stored unencrypted")


def _closure_over(text: str):  # type: ignore[no-untyped-def]  # its type would add nothing
    return lambda: text


def concealed(given: Any) -> Any:
    """Return an argument that may hold credentials, each text in it as a `Secret`.

    A public callable does this first: its frame is in the traceback of whatever fails in it, and
    a verbose traceback shows the arguments of every frame.
    """
    if isinstance(given, str):
        return Secret(given)
    if isinstance(given, Mapping):
        return {name: concealed(value) for name, value in given.items()}
    if isinstance(given, list | tuple | set | frozenset):
        return tuple(map(concealed, given))
    return given


def kind_of(given: object) -> str:
    """Return the class name of an argument for an error message; of a concealed text, ``str``."""
    return "str" if isinstance(given, Secret) else type(given).__name__


def names_a_secret(name: str) -> bool:
    """Return whether a field of this name, such as ``auth_token``, contains a credential."""
    return _NAMES.fullmatch(name) is not None


def sealed(document: Any) -> Any:
    """Return decoded JSON with each credential in it wrapped in a `Secret`."""
    if isinstance(document, list):
        return [sealed(item) for item in document]
    if isinstance(document, dict):
        return {
            name: Secret(value)
            if isinstance(value, str) and names_a_secret(name)
            else sealed(value)
            for name, value in document.items()
        }
    return document
