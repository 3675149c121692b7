"""A table chosen as a file; its content is sent in pieces and is not part of the widget state."""

from __future__ import annotations

from typing import TYPE_CHECKING

from twilio_widgets.panels.inputs.file_upload import FileUpload
from twilio_widgets.panels.kit.assets import asset

if TYPE_CHECKING:
    from collections.abc import Callable

    from twilio_widgets.panels.inputs.file_upload import ChosenFile


class TableFile(FileUpload):
    """A button that accepts one file; a new file replaces the last."""

    _esm = asset(__file__, "upload.js")

    def on_file(self, callback: Callable[[str, bytes], object]) -> None:
        """Call back with the name and content of a chosen file. The callback must not raise."""

        def take(files: tuple[ChosenFile, ...]) -> None:
            last = files[-1] if files else None
            self.write(())
            if last is not None and last.content is not None:
                callback(last.file_name, last.content)

        self.on_change(take)
