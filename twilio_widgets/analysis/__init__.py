"""Answers about a message log, as tidy DataFrames that can draw themselves.

Every function takes a message frame, a DataFrame with columns of one, an archive, or a log that
`prepare` returned, and returns an `AnswerFrame`: a DataFrame with `counted`, a sentence about what
was counted, and `chart()`. The order of the rows never changes a result, amounts of money are exact
and are never added across currencies, and times are in the zone `tz`, which the answer names.
"""

from twilio_widgets.analysis.answer_frame import AnswerFrame
from twilio_widgets.analysis.comparison import compare
from twilio_widgets.analysis.conversations import threads
from twilio_widgets.analysis.costs import cost
from twilio_widgets.analysis.deliveries import delivery, senders
from twilio_widgets.analysis.encodings import segments
from twilio_widgets.analysis.failure_codes import failures
from twilio_widgets.analysis.latencies import latency
from twilio_widgets.analysis.opt_out_history import opt_outs
from twilio_widgets.analysis.prepared import PreparedLog, prepare
from twilio_widgets.analysis.reply_times import replies
from twilio_widgets.analysis.volumes import volume

__all__ = [
    "AnswerFrame",
    "PreparedLog",
    "compare",
    "cost",
    "delivery",
    "failures",
    "latency",
    "opt_outs",
    "prepare",
    "replies",
    "segments",
    "senders",
    "threads",
    "volume",
]
