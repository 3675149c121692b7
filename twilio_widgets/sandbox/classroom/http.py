"""Requests to the class's own endpoints, with the standard library's HTTP client."""

from __future__ import annotations

import base64
import http.client
import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from twilio_widgets.errors import SandboxError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from twilio_widgets.core.credentials.secret import Secret

_SECONDS = 10.0
_ROOT = re.compile(r"http://([A-Za-z0-9.-]+):(\d{1,5})/?")


class ClassUrl:
    """The root URL of a class.

    Args:
        url: The URL as it was printed, ``http://host:port``.

    Raises:
        SandboxError: It has another form.
    """

    def __init__(self, url: str) -> None:
        found = _ROOT.fullmatch(url.strip())
        if found is None:
            raise SandboxError("The URL of a class is http://host:port, as it was printed.")
        self._host, self._port = found[1], int(found[2])

    def __str__(self) -> str:
        return f"http://{self._host}:{self._port}"

    def get(self, path: str, query: Mapping[str, object], who: tuple[str, Secret]) -> Any:
        """Return the reply to a GET request as a member of the class; see `post`."""
        return self._exchange("GET", f"/class/{path}?{urlencode(query)}", None, who)

    def post(
        self, path: str, payload: Mapping[str, object], who: tuple[str, Secret] | None = None
    ) -> Any:
        """Return the reply to a POST request.

        Args:
            path: The endpoint, such as ``"join"``.
            payload: Its parameters.
            who: The account SID and auth token; None before joining.

        Raises:
            SandboxError: There is no class at this URL, or it refuses the request.
        """
        return self._exchange("POST", f"/class/{path}", json.dumps(payload), who)

    def _exchange(
        self, method: str, target: str, body: str | None, who: tuple[str, Secret] | None
    ) -> Any:
        connection = http.client.HTTPConnection(self._host, self._port, timeout=_SECONDS)
        try:
            connection.request(method, target, body, {} if who is None else _identity(who))
            response = connection.getresponse()
            reply = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise SandboxError(
                f"There is no class at {self} ({type(error).__name__}). Check the URL, and that "
                "the class is still running."
            ) from None
        finally:
            connection.close()
        if response.status != 200:
            raise SandboxError(str(reply.get("problem")))
        return reply


def _identity(who: tuple[str, Secret]) -> dict[str, str]:
    name, secret = who
    pair = f"{name}:{secret.reveal()}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode()}
