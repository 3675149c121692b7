"""The routes by which Twilio can reach a listener, each with what it exposes."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from twilio_widgets.core.credentials.secret import Secret
from twilio_widgets.errors import ConfigurationError
from twilio_widgets.listener.control.address import check_public_url
from twilio_widgets.listener.ingress.public_base import public_base, why_unreachable
from twilio_widgets.listener.jupyter import announcement as announced
from twilio_widgets.listener.jupyter import registry
from twilio_widgets.listener.webhooks.fields import shown

if TYPE_CHECKING:
    from twilio_widgets.core.credentials.connection import Connection

Kind = Literal["sandbox", "public", "jupyter", "proxy", "none"]


@dataclass(frozen=True, slots=True)
class RouteProbe:
    """One route that was considered, and the result."""

    kind: Kind
    usable: bool
    why: str
    """A sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressRoute:
    """How Twilio reaches a listener, and what that exposes."""

    kind: Kind
    """``sandbox`` (this machine calls itself), ``public`` (a URL the user named), ``jupyter`` (our
    server extension), ``proxy`` (jupyter-server-proxy with the server's login in the URL) or
    ``none`` (Twilio cannot reach it)."""
    public_url: str | None = field(default=None, repr=False)
    """The start of the listener's URLs, if known before the listener runs."""
    exposes: str
    """What it makes reachable from outside, in one or two sentences."""
    why: str
    """Why this route was chosen, in a sentence."""
    warnings: tuple[str, ...] = ()
    looked_at: tuple[RouteProbe, ...] = ()
    """Every route that was considered, in order."""
    login: Secret | None = None
    """The server's token, which the URLs of a ``proxy`` route contain."""

    def explain(self) -> str:
        """Return the reason, the exposure, the warnings and all routes considered, as text."""
        lines = [self.why, f"Exposes: {self.exposes}", *(f"Warning: {w}" for w in self.warnings)]
        lines += [
            f"{'✓' if look.usable else '·'} {look.kind}: {look.why}" for look in self.looked_at
        ]
        return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _KernelEnvironment:
    """What this kernel knows about its Jupyter server."""

    environ: Mapping[str, str]
    page_url: str | None
    where: Path | None


def choose(
    connection: Connection,
    public_url: str | None = None,
    *,
    page_url: str | None = None,
    hand_out_login: bool = False,
    environ: Mapping[str, str] | None = None,
    where: Path | None = None,
) -> IngressRoute:
    """Choose how Twilio reaches a listener, with the reason and what it exposes.

    Addresses are never guessed: they come from the user, the open page or JupyterHub.

    Args:
        connection: The account whose webhooks are received; a sandbox never leaves this machine.
        public_url: The address of a tunnel or reverse proxy that forwards to the listener.
        page_url: The address of the notebook's page, as the browser shows it.
        hand_out_login: Allow the route through jupyter-server-proxy, whose URL contains the
            server's token: anyone who reads that URL can run code in this account.
        environ: The environment variables; those of this process by default.
        where: The folder that servers and listeners share; in Jupyter's runtime folder by default.

    Raises:
        ConfigurationError: `public_url` is not a valid address.
    """
    kernel = _KernelEnvironment(
        os.environ if environ is None else environ, page_url, where or _shared()
    )
    looks: list[RouteProbe] = []
    tries: list[Callable[[], IngressRoute | RouteProbe]] = [
        lambda: _public(connection, public_url),
        lambda: _sandbox(connection),
        lambda: _jupyter(kernel),
        lambda: _proxy(kernel, hand_out_login=hand_out_login),
    ]
    for attempt in tries:
        found = attempt()
        if isinstance(found, IngressRoute):
            looks.append(RouteProbe(found.kind, True, found.why))
            return replace(found, looked_at=tuple(looks))
        looks.append(found)
    return replace(_NO_ROUTE, looked_at=tuple(looks))


def _shared() -> Path | None:
    try:
        return registry.folder()
    except ConfigurationError:
        return None


def _public(connection: Connection, public_url: str | None) -> IngressRoute | RouteProbe:
    if public_url is None:
        return RouteProbe(
            "public", False, "No public_url was given (the address of a tunnel or reverse proxy)."
        )
    url = check_public_url(public_url)
    warnings = []
    unreachable = why_unreachable(url)
    if connection.wire is not None and not unreachable:
        warnings.append("A sandbox only calls this machine, so it will not use this URL.")
    if connection.wire is None and unreachable:
        warnings.append(f"Webhooks may not arrive: {unreachable}.")
    if url.startswith("http:") and not unreachable:
        warnings.append("http:// transmits messages unencrypted: use https:// if you can.")
    return IngressRoute(
        kind="public",
        public_url=url,
        exposes="Whatever your tunnel or proxy forwards to. If that is the listener's port, only "
        "the listener, which rejects every request that Twilio did not sign.",
        why=f"You gave the address {shown(url)}.",
        warnings=tuple(warnings),
    )


def _sandbox(connection: Connection) -> IngressRoute | RouteProbe:
    if connection.wire is None:
        return RouteProbe("sandbox", False, "The connection is to Twilio, not to a sandbox.")
    return IngressRoute(
        kind="sandbox",
        exposes="Nothing: the sandbox calls 127.0.0.1.",
        why="Sandbox: webhooks stay on this machine.",
    )


def _jupyter(kernel: _KernelEnvironment) -> IngressRoute | RouteProbe:
    server = announced.own_server(kernel.where, kernel.environ) if kernel.where else None
    if server is None:
        return RouteProbe(
            "jupyter",
            False,
            "This kernel's Jupyter server has not loaded our extension. Install twilio_widgets in "
            "the environment the server runs in, then restart the server.",
        )
    base = public_base(server.base_url, kernel.page_url, kernel.environ)
    if base.url is None:
        return RouteProbe("jupyter", False, f"The server has our extension, but {base.source}.")
    return IngressRoute(
        kind="jupyter",
        public_url=base.url + registry.ROUTE,
        exposes="One path of the Jupyter server, without a login: anyone who knows the key in it "
        "can reach this listener and nothing else. The key expires with the listener.",
        why=f"This kernel's Jupyter server has our extension; {base.source} gives its address.",
        warnings=_clear_text(base.url),
    )


def _clear_text(url: str) -> tuple[str, ...]:
    if url.startswith("https:"):
        return ()
    return ("http:// transmits messages and the secret in the URL unencrypted.",)


def _proxy(kernel: _KernelEnvironment, *, hand_out_login: bool) -> IngressRoute | RouteProbe:
    if not hand_out_login:
        return RouteProbe(
            "proxy",
            False,
            "jupyter-server-proxy needs the server's login in the URL, which is only included if "
            "you pass hand_out_login=True.",
        )
    server = _server_info(kernel)
    if not server.get("token"):
        return RouteProbe(
            "proxy", False, "This kernel's Jupyter server has no token to put in the URL."
        )
    base = public_base(str(server.get("base_url", "/")), kernel.page_url, kernel.environ)
    if base.url is None:
        return RouteProbe("proxy", False, f"The server has a token, but {base.source}.")
    return IngressRoute(
        kind="proxy",
        public_url=f"{base.url}proxy",
        exposes="The whole Jupyter server. The URL contains its login: anyone who reads it (in "
        "Twilio's console or logs, or in a proxy's) can run code here and read every file.",
        why=f"You allowed it with hand_out_login=True; {base.source} gives the server's address.",
        warnings=(
            "Use it only in a disposable container with a test account, never on a shared server "
            "or your own machine. It was not checked whether jupyter-server-proxy is installed.",
            *_clear_text(base.url),
        ),
        login=Secret(str(server["token"])),
    )


def _server_info(kernel: _KernelEnvironment) -> Mapping[str, object]:
    """Return the content of ``jpserver-….json`` of the server that started this kernel."""
    parent = kernel.environ.get("JPY_PARENT_PID", "")
    if kernel.where is None or not parent.isdecimal():
        return {}
    try:
        info = json.loads((kernel.where.parent / f"jpserver-{parent}.json").read_bytes())
    except (OSError, ValueError):
        return {}
    return info if isinstance(info, dict) else {}


_NO_ROUTE: Final = IngressRoute(
    kind="none",
    exposes="Nothing: there is no URL that Twilio can call.",
    why="Twilio cannot reach this listener.",
    warnings=(
        "No webhooks will arrive until Twilio can reach this listener: use "
        "Listener(…, public_url=…) or listener.open_way(…). tw.Poller(…) works without a public "
        "URL: it polls Twilio's message log.",
    ),
)
