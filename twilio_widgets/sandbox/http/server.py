"""The sandbox on a real socket: a uvicorn server in a daemon thread, on loopback by default."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING, Any

from twilio_widgets.errors import SandboxError
from twilio_widgets.sandbox.http.asgi import TRANSPORT, App

if TYPE_CHECKING:
    from twilio_widgets.sandbox.http.asgi import ClassEndpoints
    from twilio_widgets.sandbox.http.router import SandboxRouter

LOOPBACK = "127.0.0.1"

_NO_UVICORN = (
    "The sandbox's socket needs uvicorn, which is not installed here. Install it with "
    '"pip install uvicorn", or use sandbox.connection, which needs no socket.'
)
_READY_WITHIN = 10.0
_STOPPED_WITHIN = 5.0


class SandboxServer:
    """A running server: it accepts requests from the end of `__init__` until it is closed.

    Args:
        router: Answers the requests.
        port: The port; 0 uses any free port.
        host: The address to listen on.
        classroom: Answers the requests of a class; None without one.

    Raises:
        SandboxError: uvicorn is missing, the port is taken, or the server did not start.
    """

    def __init__(
        self,
        router: SandboxRouter,
        port: int = 0,
        host: str = LOOPBACK,
        classroom: ClassEndpoints | None = None,
    ) -> None:
        try:
            import uvicorn
        except ImportError:
            raise SandboxError(_NO_UVICORN) from None
        listening = _listen(host, port)
        # Nobody can connect to a wildcard address; the machine's name is the best other guess.
        name = socket.gethostname() if host in {"0.0.0.0", ""} else host  # noqa: S104  # compared
        self.url = f"http://{name}:{listening.getsockname()[1]}"
        ready = threading.Event()
        config = uvicorn.Config(
            App(router, classroom, everywhere=host != LOOPBACK),
            http=_protocol(),
            ws="none",
            loop="asyncio",
            lifespan="off",
            log_config=None,
            log_level="critical",  # a connection that is broken on purpose is not an error
            access_log=False,
            server_header=False,
            date_header=False,  # the router sends the date of the sandbox's clock
            timeout_graceful_shutdown=1,
        )

        class Announcing(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets=sockets)
                ready.set()

        self._server = Announcing(config)
        self._thread = threading.Thread(
            target=self._server.run,
            kwargs={"sockets": [listening]},
            name="twilio_widgets-sandbox",
            daemon=True,
        )
        self._thread.start()
        if not ready.wait(_READY_WITHIN):
            self.close()
            raise SandboxError(f"The sandbox's server did not start at {self.url}.")

    def close(self) -> None:
        """Stop the server and wait until its thread has ended."""
        self._server.should_exit = True
        self._thread.join(_STOPPED_WITHIN)


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise SandboxError(
            f"Port {port} on {host} is not free ({error.strerror}). Choose another port, or 0 "
            "for any free one."
        ) from error
    return listening


def _protocol() -> type[Any]:
    """Return uvicorn's HTTP protocol class, changed to put the connection into the scope."""
    from uvicorn.protocols.http.h11_impl import H11Protocol

    class Protocol(H11Protocol):
        def __init__(
            self, config: Any, server_state: Any, app_state: Any, _loop: Any = None
        ) -> None:
            super().__init__(config, server_state, {**app_state, TRANSPORT: self}, _loop)

    return Protocol
