"""The panel of a class."""
