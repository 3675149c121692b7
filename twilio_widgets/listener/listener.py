"""`Listener`: the API of a separate process that receives Twilio's webhooks and stores them."""

from __future__ import annotations

import warnings
import weakref
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import EllipsisType
from typing import TYPE_CHECKING, Any, Final

from twilio_widgets.core.credentials.secret import Secret, concealed
from twilio_widgets.core.flows.listing import span_of
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import ConfigurationError, ListenerError
from twilio_widgets.listener.control.runtime_file import is_over
from twilio_widgets.listener.control.spec import Spec, secrets_of
from twilio_widgets.listener.events.event import MessageState
from twilio_widgets.listener.events.reading import Reader
from twilio_widgets.listener.events.store import check_moment
from twilio_widgets.listener.ingress.callback_url import CallbackUrl
from twilio_widgets.listener.ingress.ingress import Ingress
from twilio_widgets.listener.kernel.health import ListenerHealth
from twilio_widgets.listener.kernel.reply_handler import ReplyFunction, ReplyHandler
from twilio_widgets.listener.kernel.supervisor import ProcessSupervisor
from twilio_widgets.listener.polling.backfill import PER_SECOND, Backfill, BackfillReport, sids_of
from twilio_widgets.listener.polling.checkpoint import CheckpointFile
from twilio_widgets.listener.polling.message_log import MessageLogReader
from twilio_widgets.listener.source import EventSource, client_of, store_path
from twilio_widgets.listener.webhooks import configure as webhooks
from twilio_widgets.listener.webhooks import restore as restoring

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.flows.listing import Moment
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.listener.consumers.dispatcher import EventDispatcher
    from twilio_widgets.listener.ingress.routes import IngressRoute
    from twilio_widgets.listener.webhooks.configured import ConfiguredWebhook

_FORGET_SECONDS: Final = 600.0
"""`forget` rewrites the whole file so that no deleted bytes remain; slow disks need minutes."""

_RETRIED_LATER: Final = (
    "This is tried again when a Listener with this store next starts or stops. Until then, check "
    "the number or service in Twilio's console."
)


class Listener(EventSource):
    """Receives Twilio's webhooks in a separate process and stores each one durably.

    A webhook is acknowledged only once it is on disk. Requests that Twilio did not sign are
    rejected and listed in ``rejected``, with the reason. The process outlives this kernel:
    ``Listener(…)`` finds it again, with its port and its events, and settings that are not given
    here stay as they are. ``close()`` (or leaving a ``with`` block) stops the process and restores
    every webhook that was pointed at it; ``detach()`` leaves it running. It stops by itself after
    `idle` without a request or a connected kernel.

    Args:
        connection: The account whose webhooks are received. A client may be given instead; its
            settings are then used to fill gaps and to point webhooks. Signatures are checked with
            the auth token: with an API key, give ``auth_token=`` as well. With ``subaccount_sid=``
            this is the main account's token; if your webhooks are signed with the subaccount's own
            token, connect with the subaccount's SID and token.
        public_url: The address of a tunnel or reverse proxy that forwards to this listener. A
            sandbox needs none, and a Jupyter server with our extension is found automatically;
            ``way`` says which was used. If Twilio cannot reach the listener, the `repr` shows it.
        port: The port on 127.0.0.1; 0 picks a free one, which is then kept.
        store: File or folder for the events; in the user's data folder if not given.
        reply: The reply to inbound messages: a text, a function that takes the `Event` and returns
            a text within two seconds, or None for no reply.
        idle: Seconds, or a timedelta; if not given, 8 hours, or 2 minutes for a sandbox.
        shared_keys: Secrets of shared keys that sign webhooks, by key id.
        retention_days: Days an event is kept, counted back from the newest event; 30 if not
            given, and None means until ``forget()``.
        take_over: Whether to replace a running listener that does not know this auth token and
            these shared keys. The old process is stopped, which restores the webhooks pointed at
            it, and a new one starts with the same port, events and retention. Use it once after
            the token was changed or a shared key was added. A listener that knows further keys is
            used without it.

    Raises:
        ConfigurationError: An argument is invalid, or the connection has no auth token.
        OtherSecrets: A listener with a different auth token or different shared keys is running;
            it was not changed.
        ListenerError: The process cannot be started, or the store belongs to another account.
    """

    def __init__(
        self,
        connection: Connection | Twilio,
        public_url: str | None = None,
        port: int = 0,
        store: str | Path | None = None,
        reply: str | ReplyFunction | None = None,
        *,
        idle: float | timedelta | None = None,
        shared_keys: Mapping[str, str | Secret] | None = None,
        retention_days: float | EllipsisType | None = ...,
        take_over: bool = False,
    ) -> None:
        connection, shared_keys = concealed(connection), concealed(shared_keys)  # first: see there
        twilio = client_of(connection)
        whose = twilio.connection
        path = store_path(whose, store, "events.sqlite")
        self._reply_handler = ReplyHandler(reply)
        spec = Spec(
            connection=whose,
            store=path,
            root_url=whose.root_url,
            public_url=public_url,
            port=port,
            reply=self._reply_handler.text,
            idle_seconds=idle.total_seconds() if isinstance(idle, timedelta) else idle,
            shared_keys=secrets_of(shared_keys),
            retention_days=retention_days,
        )
        self._folder = webhooks.folder_of(path)
        self._ingress = Ingress(whose, self._folder, spec.public_url)
        self._supervisor = ProcessSupervisor(
            spec, self._reply_handler.answer, self._ingress.open_for, take_over=take_over
        )
        try:
            reader = Reader(path)
            super().__init__(twilio, reader, path)
            self._reply_handler.reader = reader
            self._supervisor.on_news = self._dispatcher.nudge
            if self._reply_handler.call is not None:
                self._supervisor.set_reply(None, ask=True)
        except BaseException:
            self._supervisor.abandon()
            raise
        self._filling = ThreadLock()
        self._release = weakref.finalize(self, _release, self._supervisor, self._dispatcher)
        self.restored: tuple[restoring.Restored, ...] = ()
        """The result for each webhook that was pointed here; filled by ``close()``."""

    # Addresses

    @property
    def url(self) -> str:
        """The base URL of the listener. ``way`` says who can reach it there."""
        return self._ingress.shown.base

    @property
    def inbound_url(self) -> CallbackUrl:
        """The webhook URL for inbound messages, to set on a number or a messaging service."""
        return self._ingress.shown.inbound_url

    @property
    def status_url(self) -> CallbackUrl:
        """The URL for status callbacks: ``messages.send(…, status_callback=listener.status_url)``.

        It ends in ``#rc=3&rp=all``, which makes Twilio retry after any failure. To add a query, use
        ``listener.status_url.with_query(row=7)``.
        """
        return self._ingress.shown.status_url

    def find_by_token(self, token: str) -> str | None:
        """Return the SID of the message whose status callback carried a job's token.

        ``plan.send(…, callbacks=listener)`` uses this to resolve outcomes whose response was lost.

        Returns:
            The SID; None if no such callback has arrived yet.
        """
        return self.reader.sid_of_token(token)

    def heard_of(self, sid: str) -> MessageState | None:
        """Return the state of a message according to its callbacks; None if none has arrived.

        ``plan.send(…, callbacks=listener)`` adds it to the job's outcomes.
        """
        return self.reader.message(sid)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._supervisor.client.port

    @property
    def way(self) -> IngressRoute:
        """How Twilio reaches the listener, why this route was chosen, and what it exposes."""
        way = self._ingress.route
        if way is None:
            raise ListenerError("No ingress route was chosen: the listener did not start.")
        return way

    def open_way(
        self,
        public_url: str | None = None,
        *,
        page_url: str | None = None,
        hand_out_login: bool = False,
    ) -> IngressRoute:
        """Choose again how Twilio reaches the listener, with more information.

        Args:
            public_url: The address of a tunnel or reverse proxy that forwards to this listener.
            page_url: The address of the notebook's page, as your browser shows it.
            hand_out_login: Allow the route through jupyter-server-proxy, whose URL contains the
                server's token: anyone who reads that URL can run code in this account.

        Returns:
            The route, with the reasons. ``url`` and the other URLs change with it; numbers and
            services that are already pointed here have to be pointed again.

        Raises:
            ConfigurationError: `public_url` is not a valid address; nothing was changed.
            ListenerError: The process has ended.
        """
        return self._ingress.change(
            self._supervisor.client, public_url, page_url, hand_out_login=hand_out_login
        )

    @property
    def _checkpoint_file(self) -> CheckpointFile:
        return CheckpointFile(self._path, self._reader.store_id)

    @property
    def heartbeat(self) -> ListenerHealth:
        """The current health of the process: whether it runs, since when, and its last request."""
        if not self._release.alive:
            return ListenerHealth(alive=False, problem="This listener was closed.")
        problem = self._supervisor.problem or self._dispatcher.problem
        try:
            status = self._supervisor.ask("status")
        except ListenerError as error:
            return ListenerHealth(alive=False, problem=str(error))
        answered_by = self._supervisor.client.state["answered_by"]
        if answered_by == "here":
            problem = problem or self._reply_handler.problem
        beat = ListenerHealth.of_status(status, answered_by=answered_by, problem=problem)
        return replace(beat, notices=(*self.way.warnings, *self._outdated_notices, *beat.notices))

    @property
    def _outdated_notices(self) -> tuple[str, ...]:
        """Notices about webhooks that still use an earlier address of this listener."""
        try:
            pointed = self.pointed
        except ListenerError as error:
            return (str(error),)
        return tuple(
            f"{mask(one.name) or one.sid} still sends its messages to an earlier address of this "
            f'listener, which no longer works: listener.point("{one.sid}") updates it.'
            for one in pointed
            if not one.comes_to(f"{self.url}/inbound")
        )

    # Replies

    @property
    def reply(self) -> str | ReplyFunction | None:
        """The reply to inbound messages: a text, a function of the event, or None.

        The last value set applies to all kernels. None may also mean that another kernel's function
        replies: see ``heartbeat.answered_by``.
        """
        state = self._supervisor.client.state
        return self._reply_handler.call if state["answered_by"] == "here" else state["reply"]

    @reply.setter
    def reply(self, reply: str | ReplyFunction | None) -> None:
        wanted = ReplyHandler(reply)
        self._supervisor.set_reply(wanted.text, ask=wanted.call is not None)
        self._reply_handler.become(wanted)

    # Missed events

    def fill_gap(
        self, sids: Iterable[str] | str = (), *, since: Moment | None = None
    ) -> BackfillReport:
        """Store events that were missed while no listener was running, from Twilio's message log.

        Messages younger than a day whose status is not final are read one by one, at most five per
        second. Inbound messages are listed since the log was last read. Events that arrived as
        webhooks are not stored again.

        Args:
            sids: SIDs of further messages to check, such as those sent before the listener started.
            since: Start of the listing of inbound messages: a date, an aware datetime or ISO text.
                If None, it starts an hour before the last call, or at the first event, but not
                before the retention period. A given moment also fetches events that were forgotten
                since then; earlier messages are left to a later call.

        Returns:
            The numbers of requests made, messages checked and events added.

        Raises:
            ConfigurationError: `sids` or `since` is invalid; no request was made.
            TwilioWidgetsError: A request failed; call again to continue.
        """
        asked_for = sids_of(sids)
        log = MessageLogReader(self._twilio, per_second=PER_SECOND)
        gap = Backfill(self._reader, log, self._supervisor.commit, self._checkpoint_file)
        start = None if since is None else span_of(since, name="since")[0]
        with self._filling:
            now, wall = self.connection.now(), datetime.now(UTC)
            days = self._supervisor.client.state["retention_days"]
            filled = gap.fill(now=now, wall=wall, sids=asked_for, since=start, retention_days=days)
        self._dispatcher.nudge()
        return filled

    def forget(self, before: datetime | None = None) -> int:
        """Delete events received before a moment, or all events, permanently.

        ``fill_gap()`` does not fetch them again unless ``since`` is given.

        Args:
            before: An aware datetime; None deletes everything.

        Returns:
            The number of deleted events.

        Raises:
            ConfigurationError: `before` is not an aware datetime.
            ListenerError: The process has ended, or the store could not be written.
        """
        check_moment(before)
        now = self.connection.now()
        at = None if before is None else before.isoformat()
        deleted = int(self._supervisor.ask("forget", timeout=_FORGET_SECONDS, before=at)["deleted"])
        self._checkpoint_file.forgotten(now if before is None else min(before, now))
        return deleted

    def replay(
        self, to_url: str | None = None, events: Any = None, *, signed_as: str | None = None
    ) -> SafeFrame:
        """Send stored events again, freshly signed, to a program on this machine.

        An event received as JSON is sent as a form, because its original bytes are not stored.

        Args:
            to_url: The target, ``http://127.0.0.1:PORT/…``; None sends to this listener, which
                counts each event as a duplicate.
            events: An event id, several ids, rows of ``events``, or a mask over it; None is all.
            signed_as: The URL to sign, if the program checks signatures against another one.

        Returns:
            One row per event: the HTTP status of the response, or why there was none.

        Raises:
            Refused: The URL does not lead to this machine; nothing was sent.
            ConfigurationError: `events` is not understood, or `signed_as` is not a URL.
            ListenerError: The target is this listener, and its process has ended.
        """
        if to_url is None:
            # If the process has ended, another program may be using its port by now.
            self._supervisor.ask("status")
        here = f"http://127.0.0.1:{self.port}/"
        targets = {"inbound": f"{here}inbound", "status": f"{here}status"}
        return self._replayed(targets if to_url is None else to_url, events, signed_as)

    # Webhook configuration

    def point(self, number_or_service: str) -> ConfiguredWebhook:
        """Point a number's or messaging service's webhooks at this listener; save the old settings.

        The old settings are restored when the process ends, however it ends. Settings that someone
        else has changed since are left alone.

        Args:
            number_or_service: A phone number, or the SID of a number (``PN…``) or of a messaging
                service (``MG…``), whose status callbacks are then sent here too.

        Returns:
            The number or service, its previous settings, and in ``notes`` what else decides where
            its messages go.

        Raises:
            ConfigurationError: Twilio cannot reach this listener, or there is no such number.
            ListenerError: The process has ended, or Twilio did not make the change.
            OutcomeUnknown: The change may have been made; the old settings are saved.
            TwilioWidgetsError: Twilio refused or could not be reached; nothing was changed.
        """
        if self._ingress.endpoint is None:
            raise ConfigurationError(
                "Twilio cannot reach this listener, so no webhook was changed. Give the address "
                "of a tunnel: Listener(…, public_url=…). listener.way.explain() tells you more.",
                field="public_url",
            )
        # A process that has ended would receive nothing and restore nothing.
        self._supervisor.ask("status")
        pointed = webhooks.configure_webhook(
            self._twilio,
            self._folder,
            number_or_service,
            self.inbound_url,
            status_url=self.status_url,
        )
        if is_over(self._path):  # it restored the webhooks before this one was changed
            restored = self.restore(pointed.sid).text
            raise ListenerError(
                f"The listener's process ended in the meantime, so it receives nothing. {restored}"
            )
        return pointed

    @property
    def pointed(self) -> tuple[ConfiguredWebhook, ...]:
        """The numbers and services that are pointed here, with their previous settings."""
        return webhooks.configured_webhooks(self._folder)

    def restore(self, sid: str, *, overwrite: bool = False) -> restoring.Restored:
        """Restore the settings that a number or service had before it was pointed here.

        Args:
            sid: The SID of an entry in ``pointed``.
            overwrite: Also restore settings that someone else has changed since.

        Returns:
            The result, in ``state`` and ``text``. If it failed, the old settings stay saved.

        Raises:
            ListenerError: The file with the saved settings cannot be read, or is locked.
        """
        return restoring.restore(
            self._twilio, webhooks.folder_of(self._path), sid, overwrite=overwrite
        )

    # Closing

    def close(self) -> None:
        """Stop the process, after storing pending events and restoring the webhooks pointed here.

        ``restored`` then contains the result for each webhook; failures also raise a warning.
        """
        if self._release.alive:
            try:
                ended = self._supervisor.stop()["restored"]
                self.restored = tuple(restoring.Restored(**each) for each in ended)
            finally:
                self._release()
            if failed := [one.text for one in self.restored if one.state == "failed"]:
                warnings.warn(f"{' '.join(failed)} {_RETRIED_LATER}", RuntimeWarning, stacklevel=2)

    def detach(self) -> None:
        """Leave the process running; ``Listener(…)`` with the same store finds it again."""
        self._release()

    def __repr__(self) -> str:
        how = "" if self._ingress.endpoint is not None else ", no public URL"
        state = how if self._release.alive else ", closed"
        return f"<Listener of {self.connection.masked_account}{state}>"


def _release(supervisor: ProcessSupervisor, dispatcher: EventDispatcher) -> None:
    dispatcher.stop()
    supervisor.detach()
