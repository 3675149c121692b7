"""`Listener`: the face of a process that receives Twilio's webhooks and stores them durably."""

from __future__ import annotations

import threading
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
from twilio_widgets.listener.webhooks import configure as pointing
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
"""A large file is written anew, so that the bytes are gone as well. A slow disk takes long."""

_TRIED_AGAIN: Final = (
    "It is tried again when a Listener with this store next starts or ends; until then, see the "
    "number or service in Twilio's console."
)


class Listener(EventSource):
    """Receives webhooks of Twilio's in a process of its own, and stores each durably.

    A webhook is acknowledged when it is on the disk. What Twilio did not sign is turned away and
    shown in ``rejected``, with the reason. The process outlives this kernel: ``Listener(…)`` finds
    it again, with its port and its events. ``close()`` (or leaving a ``with`` block) stops it and
    puts back every webhook that was pointed here; ``detach()`` leaves it; nobody there for `idle`
    ends it. One that is found keeps what is not given here.

    Args:
        connection: Whose webhooks; or a client, which then asks for the gap and points webhooks.
            Its auth token checks signatures: with an API key give ``auth_token=`` as well. With
            ``subaccount_sid=`` that is the token given, the main account's; should your webhooks be
            signed with the subaccount's own, connect as the subaccount: its SID and its token.
        public_url: The address at which a tunnel or reverse proxy of yours leads here. A sandbox
            needs none, and a Jupyter server with our extension is found; ``way`` says what was.
            Without a way in nothing comes from Twilio, and the `repr` says so.
        port: The port on 127.0.0.1; 0 takes a free one, and keeps it.
        store: Where events are kept, a file or a folder; the user's data folder when not given.
        reply: What inbound messages are answered: a text, a function of the `Event` that returns
            one within two seconds, or None for no reply.
        idle: Seconds, or a timedelta; 8 hours when not given.
        shared_keys: Secrets of shared keys that sign webhooks, by their ids.
        retention_days: Days an event is kept, 30 when not given; None keeps it until ``forget()``.
        take_over: What to do with a listener that runs and does not know this auth token and these
            shared keys: True ends it, which puts back what was pointed at it, and starts one that
            does at the same port, with the same events, kept as long. Say so once, after the token
            was changed or a shared key added. One that knows more is found without.

    Raises:
        ConfigurationError: An argument cannot be right, or the connection has no auth token.
        OtherSecrets: A listener with another auth token or other shared keys runs here, and was
            left as it is.
        ListenerError: The process cannot be started, or the store is another account's.
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
        shared_keys = concealed(shared_keys)  # first: see there
        twilio = client_of(connection)
        whose = twilio.connection
        path = store_path(whose, store, "events.sqlite")
        self._answering = ReplyHandler(reply)
        spec = Spec(
            connection=whose,
            store=path,
            root_url=whose.root_url,
            public_url=public_url,
            port=port,
            reply=self._answering.text,
            idle_seconds=idle.total_seconds() if isinstance(idle, timedelta) else idle,
            shared_keys=secrets_of(shared_keys),
            retention_days=retention_days,
        )
        self._folder = pointing.folder_of(path)
        self._entrance = Ingress(whose, self._folder, spec.public_url)
        self._keeper = ProcessSupervisor(
            spec, self._answering.answer, self._entrance.enter, take_over=take_over
        )
        try:
            reader = Reader(path)
            super().__init__(twilio, reader, path)
            self._answering.reader = reader
            self._keeper.on_news = self._following.nudge
            if self._answering.call is not None:
                self._keeper.set_reply(None, ask=True)
        except BaseException:
            self._keeper.detach()
            raise
        self._filling = threading.Lock()
        self._let_go = weakref.finalize(self, _let_go, self._keeper, self._following)
        self.restored: tuple[restoring.Restored, ...] = ()
        """After ``close()``: what became of each webhook that had been pointed here."""

    # Where it is

    @property
    def url(self) -> str:
        """What its URLs begin with. ``way`` says who can reach it there."""
        return self._entrance.shown.base

    @property
    def inbound_url(self) -> CallbackUrl:
        """The URL for inbound messages: of a number, or of a messaging service."""
        return self._entrance.shown.inbound_url

    @property
    def status_url(self) -> CallbackUrl:
        """The URL for status callbacks: ``messages.send(…, status_callback=listener.status_url)``.

        It ends in ``#rc=3&rp=all``, which makes Twilio try again after any failure. Add a query
        with ``listener.status_url.with_query(row=7)``.
        """
        return self._entrance.shown.status_url

    def find_by_token(self, token: str) -> str | None:
        """Return the SID of the message whose status callback carried a job's token, once one came.

        With this ``plan.send(…, callbacks=listener)`` settles what became of a lost reply.
        """
        return self.reader.sid_of_token(token)

    def heard_of(self, sid: str) -> MessageState | None:
        """Return where a message stands by what was heard of it; None when nothing was.

        With ``plan.send(…, callbacks=listener)`` it is joined to the job's outcomes.
        """
        return self.reader.message(sid)

    @property
    def port(self) -> int:
        """The port on 127.0.0.1."""
        return self._keeper.link.port

    @property
    def way(self) -> IngressRoute:
        """How Twilio reaches it, why this way was chosen, and what it exposes."""
        way = self._entrance.way
        if way is None:
            raise ListenerError("No way in was chosen: the listener did not start.")
        return way

    def open_way(
        self,
        public_url: str | None = None,
        *,
        page_url: str | None = None,
        hand_out_login: bool = False,
    ) -> IngressRoute:
        """Choose again how Twilio is to reach it, knowing more.

        Args:
            public_url: The address of a tunnel or reverse proxy that leads here.
            page_url: The address of the notebook's page, as your browser shows it.
            hand_out_login: Allow the way through jupyter-server-proxy, whose URL holds the server's
                token: whoever reads that URL can run code in this account.

        Returns:
            The way, with the reasons; ``url`` and the other URLs change with it, and what is
            pointed here already has to be pointed again.

        Raises:
            ConfigurationError: `public_url` is no address; nothing was changed.
            ListenerError: The process has ended.
        """
        return self._entrance.change(
            self._keeper.link, public_url, page_url, hand_out_login=hand_out_login
        )

    @property
    def _marked(self) -> CheckpointFile:
        return CheckpointFile(self._path, self._reader.store_id)

    @property
    def heartbeat(self) -> ListenerHealth:
        """How the process is now: whether it lives, since when, and when it was called last."""
        if not self._let_go.alive:
            return ListenerHealth(alive=False, problem="This listener was closed.")
        problem = self._keeper.problem or self._following.problem
        try:
            status = self._keeper.ask("status")
        except ListenerError as error:
            return ListenerHealth(alive=False, problem=str(error))
        answered_by = self._keeper.link.state["answered_by"]
        if answered_by == "here":
            problem = problem or self._answering.problem
        beat = ListenerHealth.of_status(status, answered_by=answered_by, problem=problem)
        return replace(beat, notices=(*self.way.warnings, *self._astray, *beat.notices))

    @property
    def _astray(self) -> tuple[str, ...]:
        """Say what is still pointed at an address that this listener had before."""
        try:
            pointed = self.pointed
        except ListenerError as error:
            return (str(error),)
        return tuple(
            f"{mask(one.name) or one.sid} is still pointed at an earlier address of this listener, "
            f'by which nothing comes in any more: listener.point("{one.sid}") points it here again.'
            for one in pointed
            if not one.comes_to(f"{self.url}/inbound")
        )

    # What it answers

    @property
    def reply(self) -> str | ReplyFunction | None:
        """What inbound messages are answered: a text, a function of the event, or None.

        Whoever sets it last decides for every kernel. None may also be a function of another one:
        ``heartbeat.answered_by`` tells.
        """
        state = self._keeper.link.state
        return self._answering.call if state["answered_by"] == "here" else state["reply"]

    @reply.setter
    def reply(self, reply: str | ReplyFunction | None) -> None:
        wanted = ReplyHandler(reply)
        self._keeper.set_reply(wanted.text, ask=wanted.call is not None)
        self._answering.become(wanted)

    # What was missed

    def fill_gap(
        self, sids: Iterable[str] | str = (), *, since: Moment | None = None
    ) -> BackfillReport:
        """Ask Twilio's log what happened while nobody listened, and store what was missed.

        Messages younger than a day whose status is not final are read one by one, at most five a
        second; inbound messages are listed since the log was last read. What a webhook brought is
        not stored again.

        Args:
            sids: Messages to ask about as well, one or several, such as those sent before anybody
                listened.
            since: From when on to list inbound messages: a day, an aware datetime, or ISO text.
                None: from an hour before it was asked last, or from the first event, and nothing
                older than the retention. A moment that is named counts also where events since
                then were forgotten; what is older is left for the next time.

        Returns:
            How many requests were made, messages looked at, and events added.

        Raises:
            ConfigurationError: `sids` or `since` cannot be right; nothing was asked.
            TwilioWidgetsError: Twilio did not answer as it should; ask again to go on.
        """
        asked_for = sids_of(sids)
        log = MessageLogReader(self._twilio, per_second=PER_SECOND)
        gap = Backfill(self._reader, log, self._keeper.commit, self._marked)
        start = None if since is None else span_of(since, name="since")[0]
        with self._filling:
            now, wall = self.connection.now(), datetime.now(UTC)
            days = self._keeper.link.state["retention_days"]
            filled = gap.fill(now=now, wall=wall, sids=asked_for, since=start, retention_days=days)
        self._following.nudge()
        return filled

    def forget(self, before: datetime | None = None) -> int:
        """Delete events received before a moment, or all of them, for good.

        Filling the gap does not fetch them again, unless it is told ``since`` when.

        Args:
            before: An aware datetime; None: everything.

        Returns:
            How many events were deleted.

        Raises:
            ConfigurationError: `before` is no aware datetime.
            ListenerError: The process has ended, or the store could not be written.
        """
        check_moment(before)
        now = self.connection.now()
        at = None if before is None else before.isoformat()
        deleted = int(self._keeper.ask("forget", timeout=_FORGET_SECONDS, before=at)["deleted"])
        self._marked.forgotten(now if before is None else min(before, now))
        return deleted

    def replay(
        self, to_url: str | None = None, events: Any = None, *, signed_as: str | None = None
    ) -> SafeFrame:
        """Send stored events again, freshly signed, to a program on this machine.

        An event that came as JSON is sent as a form: its bytes were not kept.

        Args:
            to_url: Where to: ``http://127.0.0.1:PORT/…``; None is this listener, which counts each
                as a duplicate.
            events: Which: an id, several, a part of ``events``, or a mask over it; None is all.
            signed_as: The URL to sign for, when the program believes it is called at another one.

        Returns:
            A row an event: the status of the answer, or why there was none.

        Raises:
            Refused: The URL leads elsewhere; nothing was sent.
            ConfigurationError: It is not clear which events are meant, or `signed_as` is no URL.
            ListenerError: They were to come to this listener, and it has ended.
        """
        if to_url is None:
            self._keeper.ask("status")  # its port may be another program's by now
        here = f"http://127.0.0.1:{self.port}/"
        targets = {"inbound": f"{here}inbound", "status": f"{here}status"}
        return self._replayed(targets if to_url is None else to_url, events, signed_as)

    # What is pointed here

    def point(self, number_or_service: str) -> ConfiguredWebhook:
        """Let a number's or messaging service's webhooks come here; what they were is kept.

        The process puts everything back when it ends, however it ends; and never what somebody
        else has changed meanwhile.

        Args:
            number_or_service: A phone number, or the SID of one (``PN…``) or of a messaging service
                (``MG…``), whose status callbacks then come here too.

        Returns:
            What was pointed here, what it was before, and in ``notes`` what else decides where its
            messages go.

        Raises:
            ConfigurationError: Nothing leads here from Twilio, or there is no such number.
            ListenerError: The process has ended, or Twilio did not make the change.
            OutcomeUnknown: It may have been made; what was there before is saved.
            TwilioWidgetsError: Twilio refused it or was not reached; nothing was changed.
        """
        if self._entrance.entry is None:
            raise ConfigurationError(
                "Nothing leads here from Twilio, so nothing was pointed here. Name the address of "
                "a tunnel: Listener(…, public_url=…). listener.way.explain() says more.",
                field="public_url",
            )
        self._keeper.ask("status")  # who is not there takes nothing, and puts nothing back
        pointed = pointing.point(
            self._twilio,
            self._folder,
            number_or_service,
            self.inbound_url,
            status_url=self.status_url,
        )
        if is_over(self._path):  # it had put back what there was before this was
            said = self.restore(pointed.sid).text
            raise ListenerError(f"The listener's process ended meanwhile, so nothing comes. {said}")
        return pointed

    @property
    def pointed(self) -> tuple[ConfiguredWebhook, ...]:
        """Which numbers and services are pointed here, and what they were before."""
        return pointing.pointed(self._folder)

    def restore(self, sid: str, *, overwrite: bool = False) -> restoring.Restored:
        """Put back what a number or service was before it was pointed here.

        Args:
            sid: As in ``pointed``.
            overwrite: Also put back what somebody else has changed meanwhile.

        Returns:
            What became of it, in ``state`` and ``text``. What Twilio refused stays saved.

        Raises:
            ListenerError: The file of what is pointed here cannot be read, or is held by another.
        """
        return restoring.restore(
            self._twilio, pointing.folder_of(self._path), sid, overwrite=overwrite
        )

    # The end

    def close(self) -> None:
        """Stop the process: what came is stored, and what was pointed here is put back.

        ``restored`` then says what became of each webhook; for what failed there is a warning too.
        """
        if self._let_go.alive:
            try:
                ended = self._keeper.stop()["restored"]
                self.restored = tuple(restoring.Restored(**each) for each in ended)
            finally:
                self._let_go()
            if failed := [one.text for one in self.restored if one.state == "failed"]:
                warnings.warn(f"{' '.join(failed)} {_TRIED_AGAIN}", RuntimeWarning, stacklevel=2)

    def detach(self) -> None:
        """Leave the process running; ``Listener(…)`` with the same store finds it again."""
        self._let_go()

    def __repr__(self) -> str:
        how = "" if self._entrance.entry is not None else ", no way in"
        state = how if self._let_go.alive else ", closed"
        return f"<Listener of {self.connection.masked_account}{state}>"


def _let_go(keeper: ProcessSupervisor, following: EventDispatcher) -> None:
    following.stop()
    keeper.detach()
