"""A URL for Twilio that takes more query parameters: they belong before its fragment."""

from __future__ import annotations

from urllib.parse import urlencode


class CallbackUrl(str):
    """A URL as text, whose fragment tells Twilio how to repeat a webhook.

    What is appended to the text would become part of the fragment, which is not sent. So ``+`` puts
    a query where it belongs, and refuses everything else.
    """

    __slots__ = ()

    def with_query(self, **parameters: object) -> CallbackUrl:
        """Return the URL with more query parameters, such as ``row=7``."""
        return self._with(urlencode(parameters)) if parameters else self

    def __add__(self, other: str) -> CallbackUrl:
        """Append a query that begins with ``?`` or ``&``.

        Raises:
            ValueError: It is not a query.
        """
        if not isinstance(other, str):
            return NotImplemented
        if other[:1] not in {"?", "&"} or "#" in other:
            raise ValueError(
                "Only a query can be appended to this URL: url.with_query(row=7), or "
                "url + '?row=7'."
            )
        return self._with(other[1:])

    def _with(self, query: str) -> CallbackUrl:
        address, mark, fragment = self.partition("#")
        joint = "&" if "?" in address else "?"
        return CallbackUrl(f"{address}{joint}{query}{mark}{fragment}")
