"""The panel that connects to Twilio and provides a client to other panels."""

from __future__ import annotations

from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from twilio_widgets.core.credentials.connection import Connection
from twilio_widgets.core.credentials.secret import concealed, kind_of
from twilio_widgets.core.credentials.sources import available_sources
from twilio_widgets.errors import ApiError, ConfigurationError, NotConnected, TwilioWidgetsError
from twilio_widgets.panels.code.snippets import Snippet, connect_snippet
from twilio_widgets.panels.connection import state as steps
from twilio_widgets.panels.connection.form import ConnectionForm
from twilio_widgets.panels.connection.open_client import OpenClient, connection_of
from twilio_widgets.panels.connection.state import ConnectionState, Identity, Phase
from twilio_widgets.panels.inputs.ordered_button import NOT_NOW
from twilio_widgets.panels.kit.elements import foot
from twilio_widgets.panels.kit.panel import Panel, refuse_unknown, sentence_of
from twilio_widgets.panels.kit.results import result

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.secret import Secret
    from twilio_widgets.core.guardrails.policy import Policy
    from twilio_widgets.panels.kit.saved_picture import Static

_TOO_LATE_TO_CANCEL = "Too late to cancel: it is already connected. Press Disconnect instead."


class ConnectionPanel(Panel[ConnectionState]):
    """A card that connects to Twilio without saving a secret in the notebook.

    Once it is connected, ``panel.twilio`` and ``panel.connection`` are available to the next cell.
    Running its cell again creates a new card; creating one sends nothing.

    Args:
        connection: Check and use this connection at once, instead of asking for one.
        policy: The guard rails of the client that the panel creates; see `Twilio`.
        static: Whether the notebook file keeps a picture of the card: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    title = "Connection"

    def __init__(
        self,
        connection: Connection | None = None,
        *,
        policy: Policy | None = None,
        static: Static = True,
        **unknown: object,
    ) -> None:
        connection = concealed(connection)
        refuse_unknown("ConnectionPanel", unknown, known=("connection", "policy", "static"))
        if connection is not None and not isinstance(connection, Connection):
            raise TypeError(
                "connection must be an ApiKeyConnection, an AuthTokenConnection or the connection "
                f"of a sandbox, not {kind_of(connection)}."
            )
        self._begin(ConnectionState())
        self._policy = policy
        self._link: OpenClient | None = None
        self._attempt = 0
        self._on_connect: list[Callable[[Twilio], object]] = []
        self._on_disconnect: list[Callable[[], object]] = []
        self._form = form = ConnectionForm(available_sources())
        self._wire(form)
        self._assemble(
            form.rows, foot(*form.actions, right=(form.help, form.more, self._code_button))
        )
        self._keep_picture(static)
        if connection is not None:
            self._link = link = OpenClient.to(connection, policy)
            self._try(lambda: link, Identity.of(connection))

    @result
    def connection(self) -> Connection:
        """The connection in use.

        Raises:
            NotConnected: The panel is not connected.
        """
        return self._in_use().connection

    @result
    def twilio(self) -> Twilio:
        """The client of the connection in use; the panel closes it when it disconnects.

        Raises:
            NotConnected: The panel is not connected.
        """
        return self._in_use().twilio

    @result
    def value(self) -> Connection | None:
        """The connection in use or None, for `ipywidgets.interactive_output`."""
        return None if self._link is None else self._link.connection

    def _tokens(self) -> Mapping[str, object]:
        return dict.fromkeys(("connection", "twilio", "value"), self._link)

    def on_connect(self, callback: Callable[[Twilio], object]) -> Callable[[], None]:
        """Call back with the client each time the panel connects, and now if it is connected.

        Later calls run on a thread of the panel; an exception in them is shown on the card.

        Returns:
            A function that removes the callback.
        """
        with self._lock:
            self._on_connect.append(callback)
            link = self._link
        if link is not None:
            callback(link.twilio)
        return partial(_forget, self._on_connect, callback)

    def on_disconnect(self, callback: Callable[[], object]) -> Callable[[], None]:
        """Call back each time the panel closes its client; return a function that removes it."""
        with self._lock:
            self._on_disconnect.append(callback)
        return partial(_forget, self._on_disconnect, callback)

    def in_use(self) -> bool:
        """Return whether it must stay when its cell has run again: another panel uses it."""
        return bool(self._on_connect) or super().in_use()

    def _in_use(self) -> OpenClient:
        link = self._link
        if link is None:
            raise NotConnected(
                "The connection panel is not connected yet. "
                "Press Connect in it, then run this cell again."
            )
        return link

    def _wire(self, form: ConnectionForm) -> None:
        self._read_fields((form.kind, *form.texts.values()))
        form.kind.on_change(lambda _name, kind: self._guarded(partial(self._choose, kind)))
        for name, control in form.texts.items():
            self._on_change(control, partial(self._typed, name))
        for pressed in (form.connect, form.secret, form.token):
            self._on_press(pressed, self._ask)
        self._on_click(form.cancel, self._cancel)
        self._on_click(form.disconnect, self._disconnect)
        self._on_press(form.use_source, self._use_found)
        self._on_press(form.try_sandbox, self._try_sandbox)
        self._on_click(form.more, partial(self._apply, steps.toggled_more))
        self._on_click(form.help, partial(self._apply, steps.toggled_help))

    def _choose(self, kind: object) -> None:
        self._apply(steps.selected, kind)
        self._form.clear_secrets()  # typed for another kind

    def _typed(self, name: str, text: str) -> None:
        with self._lock:
            # Drawing a connected panel clears its fields, which is not input.
            if self._state.phase == "idle" and text != getattr(self._state, name):
                self._apply(steps.typed, name, text)
                self._form.draw(self._state)  # a rejected text is removed from the control, too

    def _ask(self) -> str:
        """Validate the fields and, if they are valid, request the secret from the page."""
        with self._lock:
            if self._state.phase != "idle":
                return NOT_NOW
            self._apply(steps.reviewed)
            if self._state.problems:
                return ""  # they are shown below their fields
            if self._state.kind == "sandbox":
                return self._try(partial(OpenClient.to_new_sandbox, self._policy))
            ask_token = partial(self._ask_token, self._state, self._page)
            self._form.secret.ask(partial(self._guarded, ask_token), self._page)
            return ""

    def _ask_token(self, pressed: ConnectionState, page: str, secret: Secret) -> None:
        if pressed.kind == "API key":
            self._form.token.ask(partial(self._guarded, self._use_fields, pressed, secret), page)
        else:
            self._use_fields(pressed, secret)

    def _use_fields(
        self, pressed: ConnectionState, secret: Secret, token: Secret | None = None
    ) -> None:
        """Connect with the fields as they were at the press, and the secrets that answered it."""
        with self._lock:
            if self._state.phase != "idle":
                return
            try:
                connection = connection_of(pressed, secret, token or None)
            except ConfigurationError as error:
                self._apply(steps.refused, str(error), error.field)
                return
            self._try(partial(OpenClient.to, connection, self._policy), Identity.of(connection))

    def _use_found(self) -> str:
        return self._try(partial(OpenClient.to_found_credentials, self._policy))

    def _try_sandbox(self) -> str:
        self._choose("sandbox")
        return self._try(partial(OpenClient.to_new_sandbox, self._policy))

    def _try(self, open_link: Callable[[], OpenClient], identity: Identity | None = None) -> str:
        """Open and check a client in the background; a newer attempt replaces an older one."""
        with self._lock:
            if self._state.phase != "idle":
                return NOT_NOW
            self._attempt += 1
            self._apply(steps.began, identity)
            self._start(self._check, open_link, self._attempt)
            return ""

    def _check(self, open_link: Callable[[], OpenClient], attempt: int) -> None:
        try:
            link = open_link()
        except TwilioWidgetsError as error:
            self._close_client(steps.refused, str(error), attempt=attempt)
            return
        with ExitStack() as undo:
            undo.callback(link.close)
            verdict = link.twilio.check()
            if not verdict:
                if isinstance(verdict.error, ApiError):  # else it may be right: try it again
                    self._form.clear_secrets()
                self._close_client(steps.refused, verdict.text, attempt=attempt)
            elif self._take(link, verdict.text, attempt):
                undo.pop_all()

    def _take(self, link: OpenClient, verdict: str, attempt: int) -> bool:
        """Use a client that was checked; return False if the attempt was cancelled meanwhile."""
        with self._lock:
            if attempt != self._attempt:
                return False
            callbacks = () if self._link is link else tuple(self._on_connect)
            self._link = link
            self._apply(steps.connected, Identity.of(link.connection), verdict)
            self._form.clear_secrets()
        # Outside the lock: a callback may acquire the lock of another panel that waits for ours.
        for callback in callbacks:
            self._guarded(callback, link.twilio)
        return True

    def _close_client(
        self, step: Callable[..., ConnectionState], *args: object, attempt: int | None = None
    ) -> None:
        """Close the client and cancel a running attempt; an older attempt may not do this."""
        with self._lock:
            if attempt not in {None, self._attempt}:
                return
            self._attempt += 1
            link, self._link = self._link, None
            callbacks = tuple(self._on_disconnect)
            self._apply(step, *args)
        if link is not None:
            link.close()
            for callback in callbacks:
                self._guarded(callback)

    def _cancel(self) -> str:
        if self._state.phase == "connected":
            return _TOO_LATE_TO_CANCEL
        return self._close_client_in("checking")

    def _disconnect(self) -> str:
        return self._close_client_in("connected")

    def _close_client_in(self, phase: Phase) -> str:
        """Close the client if the panel is in the phase that the pressed button belongs to."""
        with self._lock:
            attempt, is_current = self._attempt, self._state.phase == phase
        if not is_current:
            return NOT_NOW
        self._close_client(steps.disconnected, attempt=attempt)
        return ""

    def _stop(self) -> None:
        self._close_client(steps.disconnected)

    def _fail(self, error: Exception) -> None:
        if self._state.phase == "connected":
            self._apply(steps.failed, sentence_of(error))
        else:
            self._close_client(steps.refused, sentence_of(error))

    def _draw(self, state: ConnectionState) -> None:
        self._head.show(*steps.pill_of(state))
        self._form.draw(state)

    def _snippet(self, state: ConnectionState) -> Snippet:
        return connect_snippet(steps.access_of(state))

    def _summary(self, state: ConnectionState) -> Iterable[tuple[str, str]]:
        return steps.summary_of(state)


def _forget(callbacks: list[Callable[..., object]], callback: Callable[..., object]) -> None:
    if callback in callbacks:
        callbacks.remove(callback)
