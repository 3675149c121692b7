"""The public class `Archive`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from twilio_widgets.archive import manifest as manifests
from twilio_widgets.archive.commit import Committer
from twilio_widgets.archive.dask_frame import dask_frame
from twilio_widgets.archive.forget import (
    ForgottenNumbers,
    checked,
    forget_everything,
    forget_number,
)
from twilio_widgets.archive.handle import SyncHandle
from twilio_widgets.archive.manifest import Manifest
from twilio_widgets.archive.plan import plan_sync
from twilio_widgets.archive.reading import Condition, read_changes, read_messages
from twilio_widgets.archive.repair import repair
from twilio_widgets.archive.report import SyncProgress, SyncReport
from twilio_widgets.archive.sql import run_query
from twilio_widgets.archive.store import ArchiveFolder
from twilio_widgets.archive.sync import Sync
from twilio_widgets.core.credentials.secret import concealed
from twilio_widgets.core.flows.listing import Moment
from twilio_widgets.errors import ArchiveError, ConfigurationError
from twilio_widgets.progress import RowBar

if TYPE_CHECKING:
    from twilio_widgets.client.twilio import AsyncTwilio, Twilio
    from twilio_widgets.frames.message_frame import MessageFrame
    from twilio_widgets.frames.safe_frame import SafeFrame

DaskFrame = Any
"""A `dask.dataframe.DataFrame`, which is an optional dependency."""

LOOK_BACK_DAYS = 7
"""Days for which messages are read again, because they change after they were sent.

Twilio documents no limit: statuses and prices usually settle within hours or days, while a message
can be redacted or deleted at any time. A longer window costs a request for each day and sync.
"""

MOST_CONCURRENCY = 64


class Archive:
    """The message log in a folder: Parquet files by UTC day, and a manifest.

    One archive is of one account. `sync` copies what is new and what has changed; everything else
    reads the files, without Twilio. They contain personal data: only you can read them, `forget`
    removes them.

    Args:
        folder: The archive's folder; it is created by the first sync.

    Raises:
        ConfigurationError: It is not a path.
    """

    def __init__(self, folder: str | Path) -> None:
        try:
            path = Path(folder).expanduser().absolute()
        except (TypeError, RuntimeError):  # "~name" of an unknown user
            raise ConfigurationError(
                f"folder must be the path of a folder: got {folder!r}.", field="folder"
            ) from None
        self._folder = ArchiveFolder(path)

    @property
    def folder(self) -> Path:
        """The archive's folder."""
        return self._folder.path

    # Copying

    def sync(
        self,
        twilio: Twilio | AsyncTwilio,
        since: Moment | None = None,
        until: Moment | None = None,
        concurrency: int = 8,
        *,
        look_back: float = LOOK_BACK_DAYS,
        progress: bool | Callable[[SyncProgress], None] = True,
    ) -> SyncReport:
        """Copy the messages of a range of days, and what has changed since the last sync.

        Days that are archived completely and older than the look-back window are not read again.
        An interrupted sync keeps its finished days; the next one continues there.

        Args:
            twilio: The client of the archive's account.
            since: The first day (UTC), as a date, an aware datetime or ISO text. By default the
                archive's first day, or for a new archive all that Twilio's list contains: 400 days.
            until: The last day (UTC); by default today.
            concurrency: The most requests in flight.
            look_back: Days after which a message is no longer read again for late changes of its
                status, price or body.
            progress: True for a bar, False for none, or a function that is called with the
                `SyncProgress` ten times a second.

        Returns:
            What was copied, and whether the archive is complete: ``report.complete``.

        Raises:
            ArchiveError: The folder is in use, damaged, full, or of another account.
            ConfigurationError: An argument is invalid.
            TwilioWidgetsError: Twilio could not be read at all. Finished days are kept.
        """
        twilio = concealed(twilio)
        handle = self.start_sync(twilio, since, until, concurrency, look_back=look_back)
        if progress is not True:
            return handle.follow(progress if callable(progress) else lambda _: None)
        bar: list[RowBar] = []

        def show(now: SyncProgress) -> None:
            if not bar:
                bar.append(RowBar(now.of_days, unit="days", description="Archiving"))
            bar[0](now.days, f"{now.rows:,} messages")

        try:
            return handle.follow(show)
        finally:
            for one in bar:
                one.close()

    def start_sync(
        self,
        twilio: Twilio | AsyncTwilio,
        since: Moment | None = None,
        until: Moment | None = None,
        concurrency: int = 8,
        *,
        look_back: float = LOOK_BACK_DAYS,
        notify: Callable[[SyncProgress], None] | None = None,
    ) -> SyncHandle:
        """Start a sync in the background and return at once; see `sync` for the arguments.

        Args:
            twilio: The client of the archive's account.
            since: The first day.
            until: The last day.
            concurrency: The most requests in flight.
            look_back: Days of the look-back window.
            notify: Called with the `SyncProgress` after each page, on the background thread.

        Returns:
            Its ``progress``, ``cancel()``, ``wait()`` and ``report``.
        """
        twilio = concealed(twilio)
        _check_numbers(concurrency, look_back)
        connection = twilio.connection
        with ExitStack() as stack:
            stack.enter_context(self._folder.locked())
            manifest = self._manifest() or Manifest.for_connection(connection)
            manifest.check_account(connection, self._folder)
            manifest = manifest.without_missing_files(self._folder)
            self._folder.sweep(manifest.files)
            forgotten = ForgottenNumbers.load(self._folder)
            started_at = connection.now()
            margin = max(timedelta(days=look_back), timedelta(seconds=connection.settle_seconds))
            plan = plan_sync(manifest, since, until, started_at=started_at, margin=margin)
            asked = replace(manifest, since=min(manifest.since or plan.since, plan.since))
            committer = Committer(self._folder, manifest, asked, started_at, margin)

            def prepare() -> Sync:
                return Sync(
                    twilio.twin(),
                    self._folder,
                    plan,
                    committer,
                    forgotten,
                    started_at=started_at,
                    concurrency=concurrency,
                    notify=notify,
                )

            return SyncHandle(prepare, stack.pop_all(), len(plan.to_read))

    # Reading

    def to_dataframe(
        self, columns: Sequence[str] | None = None, where: Sequence[Condition] = ()
    ) -> MessageFrame:
        """Return the archived messages, newest first, as a message frame.

        Messages that Twilio has deleted are included; the column ``deleted_at``, which is left out
        by default, says when a sync noticed it.

        Args:
            columns: The columns; by default those of every message frame.
            where: Conditions that must all be true, as in
                ``[("status", "==", "failed"), ("date_sent", ">=", "2026-01-01")]``.
                The operators are ``==``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in`` and ``not
                in``; a value of None stands for no value.

        Returns:
            The messages. ``attrs["complete"]`` is whether all days from the archive's first to its
            last one are archived completely, and no conditions are given.

        Raises:
            ArchiveError: There is no archive, or it is damaged.
            ConfigurationError: A column or a condition is invalid.
        """
        return read_messages(self._folder, self._manifest, columns, where)

    def sql(self, query: str, parameters: Sequence[object] | None = None) -> SafeFrame:
        """Answer an SQL query about the table ``messages``, with DuckDB over the archive's files.

        The table has the columns of `to_dataframe` and ``deleted_at``; times are in UTC. Nothing is
        copied first, and the query can read nothing else: files, network, extensions and Python
        variables are out of reach.

        Args:
            query: One ``SELECT``, such as
                ``SELECT status, count(*) AS messages FROM messages GROUP BY status``.
            parameters: The values of ``?`` in the query.

        Returns:
            The result as a table.

        Raises:
            ConfigurationError: DuckDB is not installed, or the query is invalid.
            ArchiveError: There is no archive, or it is damaged.
        """
        return run_query(self._folder, self._manifest, query, parameters)

    def to_dask(self, columns: Sequence[str] | None = None) -> DaskFrame:
        """Return the archived messages as a Dask DataFrame, one partition for each file.

        Its columns have the dtypes of `to_dataframe`. Workers on other machines need the folder
        under the same path.

        Args:
            columns: The columns; by default those of every message frame.

        Raises:
            ConfigurationError: Dask is not installed, or a column is unknown.
            ArchiveError: There is no archive, or it is damaged.
        """
        return dask_frame(self._folder, self._manifest, columns)

    def changes(self) -> SafeFrame:
        """Return what has changed since it was archived, as noticed by later syncs.

        Returns:
            ``sid``, ``column``, the values ``before`` and ``after`` as text, and ``noticed_at``.
            Bodies and numbers have no values here: a redacted text is not kept. A deleted message
            has a row with the column ``deleted_at``.

        Raises:
            ArchiveError: There is no archive, or it is damaged.
        """
        return read_changes(self._folder, self._manifest)

    @property
    def days(self) -> Any:
        """The archived days as a table: rows, and whether each is complete."""
        import pandas as pd

        manifest = self._manifest()
        entries = {} if manifest is None else manifest.days
        return pd.DataFrame(
            [[day, one.rows, one.complete, one.reason] for day, one in sorted(entries.items())],
            columns=["day", "rows", "complete", "reason"],
        )

    # Removing

    def forget(self, number: str | None = None) -> int:
        """Remove a person's messages, or everything.

        A number stays out of the archive also if Twilio still lists its messages: later syncs leave
        them out. For that, the folder keeps a keyed hash of the number. Texts of other people's
        messages that mention the number stay.

        Args:
            number: The number as in the columns ``from`` and ``to``, on any channel. None removes
                the whole archive.

        Returns:
            The number of messages removed.

        Raises:
            ArchiveError: A sync is running, or a file is damaged.
            ConfigurationError: It is not a number.
        """
        address = None if number is None else checked(number)
        with self._folder.locked():
            if address is None:
                rows = self._count()
                forget_everything(self._folder)
                return rows
            manifest = self._manifest()
            if manifest is None:
                return 0
            now = datetime.now(UTC)
            committer = Committer(self._folder, manifest, manifest, now, timedelta(0))
            removed = forget_number(self._folder, committer, address)
            self._folder.sweep(committer.manifest.files)
            return removed

    def repair(self) -> None:
        """Rebuild a damaged or lost manifest from the data files.

        Files that cannot be read are renamed, and the next sync reads their days again.

        Raises:
            ArchiveError: A sync is running, or no data file can be read.
        """
        with self._folder.locked():
            repair(self._folder)

    def _count(self) -> int:
        try:
            manifest = self._manifest()
        except ArchiveError:
            return 0
        return 0 if manifest is None else manifest.rows

    def _manifest(self) -> Manifest | None:
        return manifests.load(self._folder)

    def __repr__(self) -> str:
        try:
            manifest = self._manifest()
        except ArchiveError:
            return f"<Archive {self.folder.name!r}, damaged>"
        if manifest is None:
            return f"<Archive {self.folder.name!r}, empty>"
        what = f"{manifest.rows:,} messages, {len(manifest.days):,} days"
        return f"<Archive {self.folder.name!r}, {what}>"


def _check_numbers(concurrency: object, look_back: object) -> None:
    is_count = isinstance(concurrency, int) and not isinstance(concurrency, bool)
    if not (is_count and 1 <= concurrency <= MOST_CONCURRENCY):  # type: ignore[operator]  # an int
        raise ConfigurationError(
            f"concurrency must be a whole number from 1 to {MOST_CONCURRENCY}.", field="concurrency"
        )
    is_number = isinstance(look_back, int | float) and not isinstance(look_back, bool)
    if not (is_number and 0 <= look_back <= 400):  # type: ignore[operator]  # a number
        raise ConfigurationError(
            "look_back must be a number of days from 0 to 400.", field="look_back"
        )
