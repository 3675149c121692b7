"""Event consumers: dispatch, cursors, selection and replay."""
