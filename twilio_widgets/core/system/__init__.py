"""The operating system: private folders, file locks and the background event loop."""
