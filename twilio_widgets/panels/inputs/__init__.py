"""Ordered input elements: a press never overtakes what was typed before it."""
