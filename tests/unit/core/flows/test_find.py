"""What the log proves about a message whose outcome is unknown, with no HTTP and a set clock."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from twilio_widgets import AuthTokenConnection, Message, NotSureYet
from twilio_widgets.core.flows.find import MOST_PAGES, find
from twilio_widgets.core.flows.flow import RetryPolicy
from twilio_widgets.core.request import Reply
from twilio_widgets.core.system.clock import ClockReading, boot_id
from twilio_widgets.errors import ConfigurationError, OutcomeUnknown

ACCOUNT = "AC" + "0" * 31 + "1"
TO, FROM, SERVICE = "+14155550123", "+15005550006", "MG" + "0" * 32
STARTED = datetime(2026, 1, 15, 12, 0, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, init=False, repr=False)
class Standing(AuthTokenConnection):
    """A connection whose clocks stand where they are put."""

    def __init__(self, wall: datetime, boot: float = 0.0) -> None:
        object.__setattr__(self, "clocks", (wall, boot))
        super().__init__(ACCOUNT, "token")

    def now(self) -> datetime:
        return self.clocks[0]

    def monotonic(self) -> float:
        return self.clocks[1]


def outcome(**parameters: str) -> OutcomeUnknown:
    given = {"To": TO, "From": FROM, "Body": "Only once"} | parameters
    latest = STARTED + timedelta(seconds=3)
    lost = OutcomeUnknown(
        "lost",
        parameters={name: (value,) for name, value in given.items() if value},
        started_at=STARTED,
        latest_arrival=latest,
    )
    lost.moments = ClockReading(STARTED, 100.0, boot_id()), ClockReading(latest, 103.0, boot_id())
    return lost


def entry(number: int = 1, *, after: float = 1, **changes: object) -> dict[str, object]:
    created = STARTED + timedelta(seconds=after)
    return {
        "sid": f"SM{number:032x}",
        "status": "queued",
        "direction": "outbound-api",
        "to": TO,
        "from": FROM,
        "body": "Only once",
        "date_created": format_datetime(created),
    } | changes


def looked(
    error: OutcomeUnknown,
    *pages: list[dict[str, object]],
    after: float = 300,
    twilio_is_ahead: float = 0,
    clock_was_set: float = 0,
    more: bool = False,
    known: frozenset[str] = frozenset(),
) -> tuple[object, int]:
    """Ask the log some seconds after the send; return the verdict and how many pages were read."""
    connection = Standing(STARTED + timedelta(seconds=after + clock_was_set), 100 + after)
    served = connection.now() + timedelta(seconds=twilio_is_ahead)
    flow = find(connection, RetryPolicy, error, known=known)
    request = next(flow)
    for number, rows in enumerate(pages, start=1):
        goes_on = more or number < len(pages)
        link = f"{request.path}?Page={number}" if goes_on else None
        body = json.dumps({"messages": rows, "next_page_uri": link}).encode()
        headers = {"date": format_datetime(served, usegmt=True)}
        try:
            request = flow.send(Reply(status=200, headers=headers, content=body))
        except StopIteration as end:
            return end.value, number
    raise AssertionError("it asked for more pages than there are")


OLD = [entry(9, after=-86_400)]


def test_the_one_message_it_can_be_is_found():
    found, _ = looked(outcome(), [entry(1), *OLD])
    assert isinstance(found, Message)
    assert found.sid == entry(1)["sid"]


def test_a_log_without_it_proves_absence_only_once_it_has_settled():
    first, _ = looked(outcome(), OLD, after=10)
    assert isinstance(first, NotSureYet)
    assert first.again_after == STARTED + timedelta(seconds=63)
    assert looked(outcome(), OLD, after=64) == (None, 1)


@pytest.mark.parametrize("ahead", [-3600, -300, 0, 300, 3600])
def test_a_clock_that_is_wrong_hides_no_message(ahead):
    """The times in the log are Twilio's; how far ours is off, its Date header tells."""
    found, _ = looked(outcome(), [entry(1, after=1 + ahead)], twilio_is_ahead=ahead)
    assert isinstance(found, Message)
    other, _ = looked(outcome(), [entry(1, after=1 + ahead + 900)], twilio_is_ahead=ahead)
    assert other is None


STEPS = [sign * step for sign in (1, -1) for step in (60, 3600, 40 * 86_400)]


@pytest.mark.parametrize("step", STEPS)
def test_a_clock_that_is_set_after_the_send_hides_no_message_and_proves_no_absence(step):
    """It was wrong at the send, and is right at the look: then Twilio's Date agrees with it."""
    listed = [entry(1, after=1 + step)]
    found, _ = looked(outcome(), listed, twilio_is_ahead=0, clock_was_set=step)
    assert isinstance(found, Message)
    absent, _ = looked(outcome(), OLD[:0], clock_was_set=step)
    assert isinstance(absent, NotSureYet)
    assert "its clock was changed" in absent.reason


def test_after_another_start_of_the_computer_a_missing_message_proves_nothing():
    error = outcome()
    error.moments = tuple(ClockReading(one.wall, one.boot, "another") for one in error.moments)
    assert isinstance(looked(error, [entry(1, after=-3600)])[0], Message)
    absent, _ = looked(error, [])
    assert isinstance(absent, NotSureYet)


def test_an_unsent_message_may_stand_at_the_end_of_the_log():
    """Where Twilio lists what has no sending time is not documented."""
    found, read = looked(outcome(), OLD, OLD, [entry(1)])
    assert isinstance(found, Message)
    assert read == 3


def test_a_log_too_long_to_be_read_proves_nothing():
    verdict, read = looked(outcome(), *[OLD] * MOST_PAGES, more=True)
    assert read == MOST_PAGES
    assert isinstance(verdict, NotSureYet)
    assert "longer than" in verdict.reason
    assert verdict.again_after is None


@pytest.mark.parametrize(
    ("sent", "listed"),
    [
        ("Only once", "Sent from your Twilio trial account - Only once"),
        ("Only once \n", "Only once"),
        ("a\r\nb", "a\nb"),
        ("It’s “ready” – now…", 'It\'s "ready" - now...'),
        ("Only once", ""),
    ],
)
def test_a_text_that_twilio_rewrote_is_still_the_same_text(sent, listed):
    found, _ = looked(outcome(Body=sent), [entry(body=listed)])
    assert isinstance(found, Message)


NOT_IT = {
    "another text": {"body": "Only twice"},
    "inbound": {"direction": "inbound"},
    "another sender": {"from": "+15005550001"},
    "long before": {"date_created": "Thu, 15 Jan 2026 11:00:00 +0000"},
    "no date": {"date_created": None},
    "a refused creation": {"status": "failed", "error_code": 21610},
    "a channel that does not exist": {"status": "failed", "error_code": 63007},
}


@pytest.mark.parametrize("changes", NOT_IT.values(), ids=NOT_IT)
def test_an_entry_that_differs_does_not_match(changes):
    assert looked(outcome(), [entry(**changes)])[0] is None


def test_a_message_that_failed_after_it_was_created_is_it():
    found, _ = looked(outcome(), [entry(status="failed", error_code=30008)])
    assert isinstance(found, Message)


@pytest.mark.parametrize("named", ["From", "MessagingServiceSid"])
def test_a_service_without_a_sender_yet_still_matches(named):
    error = outcome(**({"From": ""} | {named: SERVICE}))
    waiting = entry(**{"from": None, "messaging_service_sid": SERVICE})
    assert isinstance(looked(error, [waiting])[0], Message)
    other = entry(**{"from": None, "messaging_service_sid": "MG" + "1" * 32})
    assert looked(error, [other])[0] is None


def test_two_candidates_are_left_to_the_user_unless_one_is_known():
    twins = [entry(1), entry(2)]
    verdict, _ = looked(outcome(), twins)
    assert isinstance(verdict, NotSureYet)
    assert "2 messages to +1 4••• ••• 123" in verdict.reason
    found, _ = looked(outcome(), twins, known=frozenset({entry(1)["sid"]}))
    assert found.sid == entry(2)["sid"]


def test_an_error_about_another_request_cannot_be_searched_for():
    with pytest.raises(ConfigurationError, match="not about sending a message"):
        next(find(Standing(STARTED), RetryPolicy, OutcomeUnknown("a cancel")))
