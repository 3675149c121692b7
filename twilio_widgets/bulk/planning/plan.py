"""`tw.plan`: turn a table of recipients into checked messages, without any request."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from twilio_widgets.bulk.planning.column_mapping import ColumnMapping, column_mapping
from twilio_widgets.bulk.planning.content import given_for
from twilio_widgets.bulk.planning.csv_table import InputTable
from twilio_widgets.bulk.planning.display import Preview, text_of
from twilio_widgets.bulk.planning.estimate import Per, check_rate
from twilio_widgets.bulk.planning.opt_outs import missing_from, opt_outs_of, without_channel
from twilio_widgets.bulk.planning.placeholders import placeholder_warnings
from twilio_widgets.bulk.planning.planned import PlannedRow, RowPlanner
from twilio_widgets.bulk.planning.problems import Problem, problem
from twilio_widgets.bulk.planning.reach import reach_of
from twilio_widgets.bulk.planning.summary import Summary, summary_of
from twilio_widgets.bulk.planning.table import read_table, ready_frame, rejected_frame
from twilio_widgets.bulk.run.pacing import MOST_AT_ONCE, UNDO_SECONDS
from twilio_widgets.core.credentials.secret import concealed, sealed
from twilio_widgets.core.numbers.masking import mask
from twilio_widgets.core.numbers.price_sources import price_source
from twilio_widgets.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

    from twilio_widgets.bulk.job import Job
    from twilio_widgets.client import AsyncTwilio, Twilio
    from twilio_widgets.core.numbers.account_prices import PriceTable
    from twilio_widgets.core.templates.template import ContentTemplate
    from twilio_widgets.frames.safe_frame import SafeFrame
    from twilio_widgets.journal.reconcile import Callbacks

_SHOWN = 5
_SENDERS = {"from_", "messaging_service_sid"}
_LATE = "send_at has passed: an existing job is shown, a new one is refused."


@dataclass(frozen=True, eq=False, repr=False)
class Plan:
    """Checked messages, not sent yet: the ready ones, the rejected rows, and the estimated cost.

    Every row of the input is in exactly one of `ready` and `rejected`, in the input's order. A
    plan is immutable; make a new one if the table changes. It contains phone numbers and texts.
    """

    rows: tuple[PlannedRow, ...]
    """The messages that are ready."""

    problems: tuple[Problem, ...]
    """Why the other rows are not ready."""

    summary: Summary
    """Counts, cost and duration of the plan."""

    template: str | None = field(repr=False)
    """The body as it was given."""

    sender: str | None
    """The sender or the messaging service of all messages; None when each row has its own."""

    @property
    def ready(self) -> SafeFrame:
        """The messages that are ready, a row each, as a DataFrame.

        ``row`` is the position in the input (``df.iloc[row]``), ``original`` the recipient as
        written there; ``blame`` names the characters that force UCS-2 and their positions in the
        body, from 0; ``segments`` and ``cost`` (US dollars) are estimates.
        """
        return ready_frame(self.rows)

    @property
    def rejected(self) -> SafeFrame:
        """The problems, a row each, as a DataFrame: ``row``, ``column``, ``value``, ``reason``.

        Values are as written in the input, so that you can find and correct them; reasons mask
        phone numbers.
        """
        return rejected_frame(self.problems)

    @cached_property
    def fingerprint(self) -> str:
        """A hash of the messages and their order: equal for equal plans, in any process."""
        digest = sha256(json.dumps(["plan 1", self.template, self.sender]).encode())
        for row in self.rows:
            sent = [row.n, row.to, sorted(row.parameters.items())]
            digest.update(json.dumps(sent, default=str).encode())
        return digest.hexdigest()

    def preview(self, n: int = _SHOWN) -> Preview:
        """Return the first messages as they would be sent, with masked recipients.

        Args:
            n: The maximum number of messages.
        """
        return Preview(self.rows[: max(n, 0)], total=len(self.rows))

    def send(
        self,
        twilio: Twilio | AsyncTwilio,
        name: str,
        *,
        folder: str | Path | None = None,
        rate: float | Literal["as planned"] | None = "as planned",
        per: Per | None = None,
        on_unknown: Literal["hold", "abandon"] = "hold",
        undo_seconds: float = UNDO_SECONDS,
        concurrency: int = MOST_AT_ONCE,
        callbacks: Callbacks | None = None,
    ) -> Job:
        """Start a job that sends the plan in the background, each row at most once; don't wait.

        Running the same cell again shows the existing job and sends nothing, also if some of its
        times have passed or some recipients have opted out since: the job's note says what differs.

        Args:
            twilio: The client to send with; its policy is checked before the first request.
            name: The job's name, unique for each plan you want to send.
            folder: The folder of the job's journal; by default your data folder.
            rate: Messages or segments a second for each sender, by default as planned; None is
                unlimited.
            per: Whether the rate counts messages or segments, by default as planned.
            on_unknown: ``"hold"`` keeps rows unknown for which there is no evidence; ``"abandon"``
                gives them up. Neither sends them again.
            undo_seconds: Undo window: seconds before the first request in which you can cancel. A
                sandbox with a frozen clock advances it immediately, so there is no window.
            concurrency: The maximum number of concurrent requests.
            callbacks: A listener whose status callbacks show what became of a lost response.

        Returns:
            The job: ``.progress``, ``.wait()``, ``.outcomes``.

        Raises:
            PolicyRefused: The client's policy forbids the job; nothing was sent.
            InvalidMessage: A new job is scheduled for a time that has passed; nothing was sent.
            JobError: The name belongs to another plan, or another process is running the job.
        """
        twilio, callbacks = concealed(twilio), concealed(callbacks)
        from twilio_widgets.bulk.job import Job

        return Job.start(
            self,
            twilio,
            name=name,
            folder=folder,
            rate=self.summary.pace.rate if rate == "as planned" else rate,
            per=per or self.summary.pace.per,
            on_unknown=on_unknown,
            undo_seconds=undo_seconds,
            concurrency=concurrency,
            callbacks=callbacks,
        )

    def __len__(self) -> int:
        return len(self.rows)

    def __repr__(self) -> str:
        return text_of(self.summary, self.problems)


def plan(
    rows: object,
    to: str = "to",
    body: str | None = None,
    from_: str | None = None,
    messaging_service_sid: str | None = None,
    *,
    columns: Mapping[str, str] | None = None,
    region: str | None = None,
    opt_outs: object = (),
    duplicates: Literal["reject", "allow"] = "reject",
    prices: Mapping[str, object] | PriceTable | None = None,
    lookup: object = None,
    template: ContentTemplate | None = None,
    rate: float | None = 1.0,
    per: Per = "message",
    now: datetime | None = None,
    **parameters: object,
) -> Plan:
    """Check a table of recipients and texts, without any request.

    Every row is checked by the rules of `messages.send`, so a ready row is one that `send` would
    accept. An invalid row does not stop the others: it is in ``plan.rejected``, with its reason.

    Args:
        rows: A DataFrame, a list of mappings, a `csv.DictReader`, or a CSV file or Excel workbook
            (path, bytes, text or open file). A CSV file is read as text, so numbers keep their plus
            and leading zeros; an apostrophe that an export added before a formula is removed, with
            a note on the row. The first visible sheet of a workbook is read, including its hidden
            rows, which get a note. A row with more cells than the header is rejected.
        to: The column of the recipients.
        body: The text, with ``{column}`` for a row's value: ``"Hi {name}"``, ``"{amount:.2f}"``,
            ``"{when:%d %B}"``. Without a format a number is written as the table shows it (``3``,
            ``19.99``), and a time as ``2026-01-31 09:30``. Whitespace around a value is removed
            within a longer text. ``{{`` is a literal brace: the summary warns of other tools'
            placeholders (``{{name}}``, ``[name]``, ``%name%``). A row without a value is rejected.
        from_: The sender of all rows.
        messaging_service_sid: The messaging service of all rows.
        columns: The column of each parameter that differs by row: ``{"media_url": "picture",
            "send_at": "when"}``. Several URLs in a cell are separated by whitespace, or by a comma,
            semicolon or vertical bar before the next ``https://``. An empty cell uses the value
            given for all rows, if any; else the parameter is left out (an empty ``send_at`` rejects
            the row).
        region: The country of numbers without a plus: two letters, such as ``"GB"``.
        opt_outs: The opted-out recipients: numbers, a file or a frame of them, or the message log,
            where the latest of STOP and START counts. Read the log completely (``limit=None``), or
            the summary warns. An entry that cannot be read is an error.
        duplicates: ``"reject"`` keeps the first row of each recipient; ``"allow"`` keeps them all.
        prices: The account's prices, from ``tw.prices(twilio)``; or your own: US dollars for a
            segment by country, ``{"GB": "0.05"}``. The summary names the source of the estimate.
        lookup: The result of ``twilio.lookup(numbers)``, or a list of results: rows whose recipient
            is a landline or not a valid number are rejected.
        template: A content template, from ``twilio.templates.get(sid)``, in place of `body`. Its
            variables are given as ``content_variables``; a missing or unknown one is an error. With
            it, the plan knows the text, its segments and its cost.
        rate: Messages or segments a second for each sender; None: as fast as Twilio accepts them.
        per: Whether the rate counts messages or segments.
        now: The time (aware) against which ``send_at`` is checked; by default the current time. If
            one ``send_at`` for all rows has passed, ``plan.send`` refuses it, unless the job
            exists.
        parameters: Any other parameter of `messages.send`, the same for all rows. The values of
            ``content_variables`` are templates like the body.

    Returns:
        The plan: ``.ready``, ``.rejected``, ``.summary``.

    Raises:
        ConfigurationError: A column or a parameter does not exist, or the input cannot be read.
        InvalidMessage: A parameter that is the same for all rows is invalid.

    Example:
        >>> plan([{"phone": "+14155550123", "name": "Ada"}], to="phone", body="Hi {name}",
        ...      from_="+15005550006")
        1 of 1 rows is ready: 1 segment, about $0.01 (an estimate; prices of 2026-11-09).
        At 1 message a second: 0 s.
    """
    parameters = sealed(parameters)
    check_rate(rate, per)
    if duplicates not in ("reject", "allow"):
        raise ConfigurationError('duplicates must be "reject" or "allow".', field="duplicates")
    if now is None:
        now = datetime.now(UTC)
    elif not isinstance(now, datetime) or now.tzinfo is None:
        raise ConfigurationError("now must be a datetime with a time zone.", field="now")
    table = read_table(rows)
    given = {**parameters, "body": body, "from_": from_}
    given["messaging_service_sid"] = messaging_service_sid
    if template is not None:
        given |= given_for(template, given, columns or {})
    recipe = column_mapping(
        table, to=to, region=region, columns=columns or {}, given=given, now=now
    )
    opted_out = opt_outs_of(opt_outs, recipe.region, column=to)
    judged_at, late = recipe.judged_at(now), _LATE if recipe.is_late(now) else None
    warnings = (
        *table.warnings,
        *placeholder_warnings(recipe.body, table.columns),
        late,
        missing_from(opt_outs),
    )
    source, reach = price_source(prices), reach_of(lookup)
    maker = RowPlanner(table, recipe, now=judged_at, prices=source, reach=reach, template=template)
    made, problems = _made(table, maker, opted_out, to=to, twice=duplicates == "allow")
    warnings = (*warnings, reach.warning_about([row.to for row in made]))
    return Plan(
        rows=tuple(made),
        problems=tuple(problems),
        summary=summary_of(
            total=table.rows,
            rows=made,
            problems=problems,
            unused=_unused(table, recipe),
            warnings=tuple(filter(None, warnings)),
            rate=rate,
            per=per,
            prices=source.described,
        ),
        template=body,
        sender=None if _SENDERS & recipe.columns.keys() else messaging_service_sid or from_,
    )


def _made(
    table: InputTable, maker: RowPlanner, opted_out: Mapping[str, str], *, to: str, twice: bool
) -> tuple[list[PlannedRow], list[Problem]]:
    """Plan every row, and reject opted-out and duplicate recipients."""
    made: list[PlannedRow] = []
    problems: list[Problem] = []
    first: dict[str, int] = {}
    for n in range(table.rows):
        row = maker.make(n)
        if not isinstance(row, PlannedRow):
            problems.extend(row)
        elif why := opted_out.get(without_channel(row.to)):
            reason = f"{mask(row.to)} {why}"
            problems.append(problem(n, to, row.original, "opted out", reason))
        elif not twice and (known := first.setdefault(row.to, n)) != n:
            reason = f"{mask(row.to)} is already the recipient of row {known:,}."
            problems.append(problem(n, to, row.original, "duplicate", reason))
        else:
            made.append(row)
    return made, problems


def _unused(table: InputTable, recipe: ColumnMapping) -> tuple[str, ...]:
    used: Collection[str] = recipe.used
    return tuple(name for name in table.columns if name not in used)
