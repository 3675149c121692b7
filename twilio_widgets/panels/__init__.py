"""Panels: the package's main tasks as notebook widgets."""
