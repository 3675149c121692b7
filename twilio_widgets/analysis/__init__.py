"""Answers about a message log, as tidy DataFrames that can draw themselves."""

from twilio_widgets.analysis.prepared import PreparedLog, prepare

__all__ = ["PreparedLog", "prepare"]
