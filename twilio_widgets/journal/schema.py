"""The journal's tables. SQL constraints enforce their rules, so that a bug cannot break them.

``outcome``   a row of the job: the message to send, and its outcome
``attempt``   one line for each POST that may have been sent, written before it; never deleted
``decision``  the user's decision about a row, after its attempt ``k``
``finding``   what the message log shows about an unknown row, with the evidence

Each index costs one more page write for each row sent, so there are only those that a rule needs: a
message belongs to one attempt, and an attempt has one number.

Times are seconds since 1970-01-01 UTC. No table contains a credential.
"""

from __future__ import annotations

from collections.abc import Iterable

from twilio_widgets.journal.states import ENDS, RESULTS, STATUSES, STEPS, UNKNOWN

VERSION = 1
"""The version that this code writes and reads; a newer journal is refused."""

STATES = ("waiting", "running", "settling", "paused", "cancelled", "finished")
"""The states of a job."""


def _words(words: Iterable[str]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_ALLOWED = " OR ".join(
    f"(OLD.status = '{before}' AND NEW.status IN ({_words(after)}))"
    for before, after in STEPS.items()
)

SCHEMA = (
    f"""CREATE TABLE job (
        one INTEGER PRIMARY KEY CHECK (one = 1),
        version INTEGER NOT NULL,
        id TEXT NOT NULL,
        name TEXT NOT NULL,
        account_sid TEXT NOT NULL,
        world TEXT,
        fingerprint TEXT NOT NULL,
        rows INTEGER NOT NULL,
        rate REAL CHECK (rate > 0),
        per TEXT NOT NULL CHECK (per IN ('message', 'segment')),
        on_unknown TEXT NOT NULL CHECK (on_unknown IN ('hold', 'abandon')),
        state TEXT NOT NULL CHECK (state IN ({_words(STATES)})),
        note TEXT NOT NULL DEFAULT '',
        created_at REAL NOT NULL,
        finished_at REAL,
        forgotten_at REAL,
        region TEXT
    ) STRICT""",
    f"""CREATE TABLE outcome (
        n INTEGER PRIMARY KEY,
        form TEXT,
        segments INTEGER NOT NULL,
        cost TEXT,
        status TEXT NOT NULL CHECK (status IN ({_words(STATUSES)})),
        sid TEXT,
        error_code INTEGER,
        problem TEXT,
        attempts INTEGER NOT NULL DEFAULT 0,
        settled_by TEXT CHECK (settled_by IN ('answer', 'callback', 'log', 'person')),
        updated_at REAL,
        message_status TEXT,
        message_error INTEGER,
        billed_segments INTEGER,
        price TEXT,
        price_unit TEXT,
        seal TEXT NOT NULL,
        CHECK (status <> 'accepted' OR sid IS NOT NULL)
    ) STRICT""",
    f"""CREATE TABLE attempt (
        n INTEGER NOT NULL REFERENCES outcome,
        k INTEGER NOT NULL,
        token TEXT NOT NULL,
        started_at REAL NOT NULL,
        latest_at REAL NOT NULL,
        ended_at REAL,
        ending TEXT CHECK (ending IN ({_words(RESULTS)})),
        sid TEXT UNIQUE,
        http_status INTEGER,
        error_code INTEGER,
        request_id TEXT,
        problem TEXT,
        boot TEXT,
        started_boot REAL,
        latest_boot REAL,
        PRIMARY KEY (n, k),
        CHECK ((ended_at IS NULL) = (ending IS NULL))
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE decision (
        n INTEGER NOT NULL REFERENCES outcome,
        k INTEGER NOT NULL,
        what TEXT NOT NULL CHECK (what IN ('resend', 'abandon', 'skip')),
        at REAL NOT NULL,
        PRIMARY KEY (n, k, what)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE finding (
        id INTEGER PRIMARY KEY,
        n INTEGER NOT NULL REFERENCES outcome,
        at REAL NOT NULL,
        verdict TEXT NOT NULL CHECK (verdict IN
            ('accepted', 'rejected', 'absent', 'ambiguous', 'too early')),
        why TEXT NOT NULL,
        evidence TEXT NOT NULL
    ) STRICT""",
    "CREATE INDEX finding_of ON finding (n)",
    f"""CREATE TRIGGER outcome_steps BEFORE UPDATE OF status ON outcome
    WHEN OLD.status <> NEW.status AND NOT ({_ALLOWED}) AND NOT (
        NEW.status = 'pending' AND OLD.status IN ({_words((*ENDS, UNKNOWN))})
        AND EXISTS (SELECT 1 FROM decision
            WHERE n = OLD.n AND k = OLD.attempts AND what = 'resend'))
    BEGIN SELECT RAISE(ABORT, 'a row cannot take this step'); END""",  # noqa: S608
    """CREATE TRIGGER outcome_attempted BEFORE UPDATE OF status ON outcome
    WHEN NEW.status = 'attempted' AND NOT EXISTS
        (SELECT 1 FROM attempt WHERE n = NEW.n AND k = NEW.attempts AND ending IS NULL)
    BEGIN SELECT RAISE(ABORT, 'no attempt is open'); END""",
    """CREATE TRIGGER attempt_begins BEFORE INSERT ON attempt
    WHEN NEW.ending IS NOT NULL
        OR (SELECT status FROM outcome WHERE n = NEW.n) IS NOT 'pending'
        OR (SELECT attempts + 1 FROM outcome WHERE n = NEW.n) IS NOT NEW.k
        OR EXISTS (SELECT 1 FROM attempt WHERE n = NEW.n AND ending IS NULL)
    BEGIN SELECT RAISE(ABORT, 'the row is not pending'); END""",
    """CREATE TRIGGER attempt_ends_once BEFORE UPDATE OF ending ON attempt
    WHEN OLD.ending IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'the attempt has ended'); END""",
    """CREATE TRIGGER attempt_stays BEFORE DELETE ON attempt
    BEGIN SELECT RAISE(ABORT, 'an attempt is never forgotten'); END""",
    """CREATE TRIGGER outcome_stays BEFORE DELETE ON outcome
    BEGIN SELECT RAISE(ABORT, 'a row is never forgotten'); END""",
    f"PRAGMA user_version = {VERSION}",
)
