"""Presses a form, and compares what was sent with what the page showed."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    from tests.browser.pressed_forms import Form, Sent
    from tests.browser.pressing import Person, Press
    from tests.browser.slow_wire import SlowWire

PATIENCE = 25.0
"""Seconds after a press until "nothing happened" is believed."""
QUIET = 3.0
"""Seconds after a card said something until "and it did nothing else" is believed."""
AFTER = 300
"""Milliseconds that what keeps the kernel busy goes on after a press."""

Kind = Literal["as shown", "refused", "disabled", "not as shown", "nothing"]


@dataclass(frozen=True)
class Outcome:
    """What came of one press.

    Args:
        shown: What the page showed, as what should be sent; None if the button was disabled.
        sent: What was sent.
        sentences: The sentences that are on the card since the press.
    """

    shown: tuple[Sent, ...] | None
    sent: tuple[Sent, ...]
    sentences: tuple[str, ...]

    @property
    def kind(self) -> Kind:
        """Only the first three are allowed."""
        if self.sent:
            as_shown = sorted(self.sent) == sorted(self.shown or ())
            return "as shown" if as_shown else "not as shown"
        if self.shown is None:
            return "disabled"
        return "refused" if self.sentences else "nothing"

    @property
    def is_allowed(self) -> bool:
        """Whether it acted on what was shown, or did not act and the card said so."""
        return self.kind in {"as shown", "refused", "disabled"}


def press_once(
    form: Form,
    person: Person,
    account: SlowWire,
    fill: Callable[[Person], None],
    busy: AbstractContextManager[object] | None = None,
) -> Outcome:
    """Fill in a form and press it; return what came of it.

    Args:
        form: The form.
        person: The person in front of it.
        account: The wire to the account that everything is sent to.
        fill: What the person does; the last thing is the press.
        busy: Keeps the kernel busy while it is open.
    """
    before = _sent(form, account)
    person.presses()
    with busy or nullcontext():
        fill(person)
        person.page.wait_for_timeout(AFTER)
    presses = person.presses()
    if not presses:
        person.page.wait_for_timeout(1_000)
        return Outcome(None, tuple((_sent(form, account) - before).elements()), ())
    press = last = presses[-1]
    shown = form.shown(press.fields)
    if form.asks:
        asks = person.card.locator(form.asks)
        if not _wait(person, press, asks.is_visible):
            return Outcome(shown, (), _sentences(person, press))
        form.finish(person)
        last = person.presses()[-1]
    _wait(person, last, lambda: (_sent(form, account) - before).total() >= len(shown))
    person.page.wait_for_timeout(200)  # something sent twice is sent by then
    sent = (_sent(form, account) - before).elements()
    return Outcome(shown, tuple(sent), _sentences(person, last))


def summary_of(outcomes: Iterable[Outcome]) -> str:
    """Return how often each kind of outcome was seen, and what was said instead of acting."""
    outcomes = list(outcomes)
    counts = Counter(outcome.kind for outcome in outcomes)
    refusals = Counter(" | ".join(one.sentences) for one in outcomes if one.kind == "refused")
    kinds = ", ".join(f"{count} {kind}" for kind, count in counts.most_common())
    return "; ".join([kinds, *(f"{count} × “{text}”" for text, count in refusals.items())])


def _sent(form: Form, account: SlowWire) -> Counter[Sent]:
    read = (form.sent(request) for request in account.requests())
    return Counter(sent for sent in read if sent is not None)


def _sentences(person: Person, press: Press) -> tuple[str, ...]:
    return tuple((Counter(person.notes()) - Counter(press.notes)).elements())


def _wait(person: Person, press: Press, happened: Callable[[], bool]) -> bool:
    """Wait for it, for less long once the card has said something; return whether it happened."""
    now = time.monotonic()
    until, silent = now + PATIENCE, True
    while not happened():
        if silent and _sentences(person, press):
            silent, until = False, min(until, time.monotonic() + QUIET)
        if time.monotonic() > until:
            return False
        person.page.wait_for_timeout(50)
    return True
