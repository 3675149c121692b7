"""`StatusLine`: the account, its region, its balance and today's spend on one line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from twilio_widgets.core.guardrails.limits import counted
from twilio_widgets.core.guardrails.policy import Policy
from twilio_widgets.core.numbers.money import money_text
from twilio_widgets.core.system.thread_lock import ThreadLock
from twilio_widgets.errors import ApiError
from twilio_widgets.panels.connection.state import Identity
from twilio_widgets.panels.kit import work
from twilio_widgets.panels.kit.assets import asset
from twilio_widgets.panels.kit.elements import Facts

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.client import Twilio

_NOT_CONNECTED: Final = (("Account", "not connected"),)
_READING: Final = "reading…"
_FORBIDDEN: Final = 403


class StatusLine(Facts):
    """The account in use, its balance, and today's usage against the policy's daily limits.

    `refresh` reads in the background. A refresh that is asked for while another one runs is done
    once, after it.
    """

    _css = asset(__file__, "status_line.css")

    def __init__(self) -> None:
        super().__init__()
        self._lock = ThreadLock()
        self._twilio: Twilio | None = None
        self._running: work.Work | None = None
        self._again = False
        self.add_class("tw-status-line")
        self.show(_NOT_CONNECTED)

    def use(self, twilio: Twilio | None) -> None:
        """Show the account of a client, or none for None."""
        with self._lock:
            self._twilio = twilio
            if twilio is None:
                self.show(_NOT_CONNECTED)
                return
            self.show((*_account_of(twilio), ("Balance", _READING), ("Today", _READING)))
        self.refresh()

    def refresh(self) -> None:
        """Read the balance and today's usage again. Returns at once; see `join`."""
        with self._lock:
            self._again = True
            if self._twilio is not None and (self._running is None or self._running.done):
                self._running = work.start(self._refresh, on_error=lambda _error: None)

    def join(self, timeout: float | None = None) -> bool:
        """Wait until the running refresh has finished; return whether it has.

        Args:
            timeout: Seconds to wait; None waits without a limit.
        """
        with self._lock:
            running = self._running
        return running is None or running.join(timeout)

    def _refresh(self) -> None:
        while (twilio := self._next()) is not None:
            balance, today = _read(_balance_of, twilio), _read(_today_of, twilio)
            with self._lock:
                if twilio is self._twilio:
                    self.show((*_account_of(twilio), ("Balance", balance), ("Today", today)))

    def _next(self) -> Twilio | None:
        """Return the client to read with; None when nothing was asked for since the last read."""
        with self._lock:
            wanted, self._again = self._again, False
            if not wanted:
                self._running = None
            return self._twilio if wanted else None


def _account_of(twilio: Twilio) -> tuple[tuple[str, str], ...]:
    identity = Identity.of(twilio.connection)
    return ("Account", identity.account), ("Region", identity.place)


def _read(read: Callable[[Twilio], str], twilio: Twilio) -> str:
    try:
        return read(twilio)
    except ApiError as error:
        reason = "this key may not read it" if error.status == _FORBIDDEN else "Twilio refused"
        return f"not available: {reason} ({error.status})"
    except Exception as error:  # noqa: BLE001  # otherwise the line would say “reading…” forever
        return f"not available ({type(error).__name__})"


def _balance_of(twilio: Twilio) -> str:
    balance = twilio.balance()
    sign = "−" if balance.amount < 0 else ""
    return f"{sign}{money_text(balance.amount, balance.currency)}"


def _today_of(twilio: Twilio) -> str:
    """Return today's usage against each daily limit; it is counted only if there is one."""
    policy = twilio.policy
    if not isinstance(policy, Policy) or not policy.per_day:
        return "not counted: no daily limit"
    used, limits = policy.today(twilio.connection), policy.per_day
    pairs = (
        ("cost", used.cost, limits.cost),
        ("recipients", used.recipients, limits.recipients),
        ("segments", used.segments, limits.segments),
    )
    parts = [
        f"{counted(name, spent).split(' ')[0]} of {counted(name, limit)}"
        for name, spent, limit in pairs
        if limit is not None
    ]
    return f"{', '.join(parts)} (UTC day)"
