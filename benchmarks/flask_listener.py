"""A typical webhook receiver, for comparison: Flask, Twilio's validator, SQLite.

`bench_listener.py` runs it. It verifies the signature, commits the event durably before it responds
(WAL, synchronous = FULL, one commit each), and stores a duplicate only once.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading

from flask import Flask, Response, abort, request
from twilio.request_validator import RequestValidator

app = Flask(__name__)
validator = RequestValidator(os.environ["PEER_TOKEN"])
own = threading.local()


def database() -> sqlite3.Connection:
    """Return this thread's connection."""
    if not hasattr(own, "db"):
        own.db = sqlite3.connect(os.environ["PEER_STORE"], timeout=10, isolation_level=None)
        own.db.execute("pragma journal_mode = wal")
        own.db.execute("pragma synchronous = full")
        own.db.execute(
            "create table if not exists event (key text primary key, sid text, parameters text)"
        )
    return own.db


@app.post("/status")
def status() -> Response:
    """Verify and store a status callback."""
    form = request.form
    if not validator.validate(request.url, form, request.headers.get("X-Twilio-Signature", "")):
        abort(403)
    key = f"{form['MessageSid']} {form['MessageStatus']}"
    database().execute(
        "insert into event values (?, ?, ?) on conflict do nothing",
        (key, form["MessageSid"], json.dumps(form.to_dict(flat=False))),
    )
    return Response(status=200)
