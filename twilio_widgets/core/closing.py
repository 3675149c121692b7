"""`ClosesOnExit`: objects that a ``with`` statement closes."""

from __future__ import annotations

from typing import Self


class ClosesOnExit:
    """Closes itself when its ``with`` block ends."""

    def close(self) -> None:
        """Free what it uses; closing it again has no effect."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()
