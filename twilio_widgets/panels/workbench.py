"""The panels together, as tabs behind one connection."""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar

import ipywidgets

from twilio_widgets.core.credentials.secret import concealed, kind_of
from twilio_widgets.panels.connection.panel import ConnectionPanel
from twilio_widgets.panels.kit.elements import close_tree, visible
from twilio_widgets.panels.kit.panel import refuse_unknown
from twilio_widgets.panels.kit.reruns import cell_panels
from twilio_widgets.panels.kit.saved_picture import SavedPicture
from twilio_widgets.panels.kit.tabs import Tabs
from twilio_widgets.panels.messages.panel import MessagesPanel
from twilio_widgets.panels.resources.panel import AccountPanel
from twilio_widgets.panels.send.panel import SendPanel
from twilio_widgets.panels.status_line import StatusLine

if TYPE_CHECKING:
    from twilio_widgets.client import Twilio
    from twilio_widgets.client.resources import RejectionSource
    from twilio_widgets.core.credentials.connection import Connection
    from twilio_widgets.core.guardrails.policy import Policy
    from twilio_widgets.core.message.message import Message
    from twilio_widgets.frames.message_frame import MessageFrame
    from twilio_widgets.panels.bulk.panel import BulkPanel
    from twilio_widgets.panels.events.panel import EventsPanel
    from twilio_widgets.panels.explore.panel import ExplorePanel
    from twilio_widgets.panels.kit.panel import Panel
    from twilio_widgets.panels.kit.saved_picture import Static
    from twilio_widgets.panels.raw.panel import RawRequestPanel
    from twilio_widgets.sandbox import Sandbox

FIRST_PAGE = 200
"""Messages read automatically after connecting; the user can load more."""

_TABS = (
    ("messages", "Send and read"),
    ("bulk", "Many messages"),
    ("explore", "Explore"),
    ("events", "Events"),
    ("account", "Account"),
    ("raw", "Raw request"),
)
"""Each tab, as the beginning of the name of its panel's attribute, and its text. A panel that a
notebook may never open, or that cannot run in a browser, is imported with its tab."""

AnyPanel = TypeVar("AnyPanel", bound="Panel[Any]")


class Workbench(SavedPicture, ipywidgets.VBox):
    """All panels behind one connection, as tabs below the card that connects.

    A line above them shows the account, its region, its balance and today's spend against the
    policy's daily limits. It is updated after connecting and after a send.

    After connecting, the newest messages are read automatically. A message that is sent appears in
    the table at once, and its row is updated until its status is final. The other tabs send to a
    table of recipients, explore the log, receive events, list what the account has, and send any
    request. The results are available to the next cell: ``bench.twilio``, ``bench.message``,
    ``bench.frame``, and those of a panel, such as ``bench.account_panel.frame``.

    Args:
        connection: The connection to use; None lets the user type one.
        sandbox: The sandbox to use instead; it is closed with the workbench.
        policy: The sending limits of the client it creates; see `Twilio`.
        to: The initial recipient.
        from_: The initial sender.
        body: The initial text.
        listener: A `Listener`, to link alerts about its webhooks to its own rejected requests.
        static: Whether the notebook file keeps a picture of the cards: True with masked numbers,
            ``"unmasked"`` with whole ones, False none.
    """

    _open = False

    def __init__(
        self,
        connection: Connection | None = None,
        *,
        sandbox: Sandbox | None = None,
        policy: Policy | None = None,
        to: str = "",
        from_: str = "",
        body: str = "",
        listener: RejectionSource | None = None,
        static: Static = True,
        **unknown: object,
    ) -> None:
        connection, sandbox = concealed(connection), concealed(sandbox)
        listener = concealed(listener)
        known = ("connection", "sandbox", "policy", "to", "from_", "body", "listener", "static")
        refuse_unknown("Workbench", unknown, known)
        if sandbox is not None and connection is not None:
            raise TypeError("A workbench has one connection: give connection= or sandbox=.")
        if sandbox is not None and not hasattr(sandbox, "connection"):
            raise TypeError(f"sandbox is a Sandbox, not {kind_of(sandbox)}.")
        self.sandbox = sandbox
        """The sandbox that closes with the workbench, where there is one."""
        given = sandbox.connection if sandbox else connection
        self.connection_panel = ConnectionPanel(given, policy=policy, static=static)
        """The card that connects."""
        self.send_panel = SendPanel(
            self.connection_panel, to=to, from_=from_, body=body, static=static
        )
        """The card that sends."""
        self.messages_panel = MessagesPanel(self.connection_panel, limit=FIRST_PAGE, static=static)
        """The card that reads."""
        self.account_panel = AccountPanel(self.connection_panel, listener=listener, static=static)
        """The card of the account's numbers, services, usage and alerts."""
        self._static = static
        self._late: dict[str, Panel[Any]] = {}
        self._tabs = Tabs("Panels", _TABS)
        self._tabs.observe(lambda _change: self._show_tab(), "value")
        self._status = StatusLine()
        cards = self.send_panel, self.messages_panel, self.account_panel
        super().__init__([self._status, self.connection_panel, self._tabs, *cards])
        self.add_class("tw-workbench")
        self._open = True
        self._show_tab()
        self._begin_picture(static)
        for panel in self._panels:
            panel.on_drawn(self._picture_changed)
        if (panels := cell_panels()) is not None:
            panels.made(self)
        self._ends = ExitStack()
        self._ends.callback(self.send_panel.on_message(self.messages_panel.show))
        self._ends.callback(self.send_panel.on_message(lambda _message: self._status.refresh()))
        self._ends.callback(self.connection_panel.on_connect(self._status.use))
        self._ends.callback(self.connection_panel.on_disconnect(partial(self._status.use, None)))
        self._ends.callback(self.messages_panel.on_reply(self.send_panel.reply_to))
        # Callbacks run in order of registration, so the messages panel is connected by then.
        self._ends.callback(self.connection_panel.on_connect(self._connected))

    @property
    def connection(self) -> Connection:
        """The connection in use.

        Raises:
            NotConnected: There is none yet.
        """
        return self.connection_panel.connection

    @property
    def twilio(self) -> Twilio:
        """The client of the connection in use.

        Raises:
            NotConnected: There is no connection yet.
        """
        return self.connection_panel.twilio

    @property
    def message(self) -> Message | None:
        """The message sent last, as Twilio last described it; None before there is one."""
        return self.send_panel.message

    @property
    def frame(self) -> MessageFrame | None:
        """The messages read last; None before the first load."""
        return self.messages_panel.frame

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the work started by the cards has finished; return whether it has.

        Args:
            timeout: Seconds to wait for each piece of work; None: no limit.
        """
        # The connection panel first: connecting starts the work of the others.
        joined = all(panel.join(timeout) for panel in self._panels)
        return self._status.join(timeout) and joined

    def in_use(self) -> bool:
        """Return whether it must stay when its cell has run again."""
        others = self._panels[1:]  # the connection panel is used by them
        return any(panel.in_use() for panel in others)

    def close(self) -> None:
        """Stop the work of the cards and remove them from every page."""
        if not self._open:  # already closed, or the constructor raised
            return
        self._open = False
        self._end_picture()
        self._ends.close()
        for panel in reversed(self._panels):
            panel.close()
        close_tree(self)
        if self.sandbox is not None:
            self.sandbox.close()

    @cached_property
    def bulk_panel(self) -> BulkPanel:
        """The card that sends to a table of recipients; created when it is first used."""
        from twilio_widgets.panels.bulk.panel import BulkPanel

        return self._add("bulk", BulkPanel(self.connection_panel, static=self._static))

    @cached_property
    def explore_panel(self) -> ExplorePanel:
        """The card that explores the log; created when it is first used."""
        from twilio_widgets.panels.explore.panel import ExplorePanel

        return self._add("explore", ExplorePanel(self.connection_panel, static=self._static))

    @cached_property
    def events_panel(self) -> EventsPanel:
        """The card that receives events; created when it is first used."""
        from twilio_widgets.panels.events.panel import EventsPanel

        return self._add("events", EventsPanel(self.connection_panel, static=self._static))

    @cached_property
    def raw_panel(self) -> RawRequestPanel:
        """The card that sends any request; created when it is first used."""
        from twilio_widgets.panels.raw.panel import RawRequestPanel

        return self._add("raw", RawRequestPanel(self.connection_panel, static=self._static))

    def _add(self, tab: str, panel: AnyPanel) -> AnyPanel:
        """Add the card of a tab, which is hidden until the tab is chosen."""
        self._late[tab] = panel
        visible(panel, self._tabs.value == tab)
        panel.on_drawn(self._picture_changed)
        self.children = (*self.children, panel)
        return panel

    def _show_tab(self) -> None:
        chosen = self._tabs.value
        getattr(self, f"{chosen}_panel")  # creates it if need be
        visible(self.send_panel, chosen == "messages")
        visible(self.messages_panel, chosen == "messages")
        visible(self.account_panel, chosen == "account")
        for tab, panel in self._late.items():
            visible(panel, chosen == tab)

    def _connected(self, _twilio: Twilio) -> None:
        self.messages_panel.load()

    @property
    def _panels(self) -> tuple[Panel[Any], ...]:
        early = self.connection_panel, self.send_panel, self.messages_panel, self.account_panel
        return *early, *self._late.values()

    def __repr__(self) -> str:
        return f"Workbench({', '.join(map(repr, self._panels))})"

    def _repr_mimebundle_(self, **kwargs: object) -> dict[str, object]:
        if (panels := cell_panels()) is not None:
            panels.shown(self)
        bundle: dict[str, object] = super()._repr_mimebundle_(**kwargs)
        return self._bundle_with_picture(bundle)

    def _picture_html(self) -> str:
        return "\n".join(panel._picture_html() for panel in self._panels)
