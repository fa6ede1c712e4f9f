"""What a trainer tells while it runs."""

from __future__ import annotations

from typing import Any

from emnesy.learn.progress_state import Progress


class Observer:
    """Hears of the start of each epoch, of every batch, and of each epoch's record; does nothing
    itself.
    """

    def epoch_begins(self, epoch: int, epochs: int, batches: int | None) -> None:
        """Epoch number `epoch` (from 0) of `epochs` begins, with `batches` batches if that is
        known.
        """

    def batch_ends(self, progress: Progress) -> None:
        """A batch was trained on."""

    def epoch_ends(self, record: dict[str, Any]) -> None:
        """An epoch is over: its line of ``metrics.jsonl``."""
