"""The examples of one split, in checked batches, in an order that the seed and the epoch fix."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

import torch
from torch.utils.data import DataLoader, Dataset, IterableDataset

from emnesy.diagnostics import EmnesyError
from emnesy.ground.interface import Interface
from emnesy.learn.batch import Batch
from emnesy.learn.collate import Collator
from emnesy.learn.problems import problem


class Examples:
    """One split of a data set, map-style or iterable."""

    def __init__(
        self,
        dataset: Dataset[Any],
        interface: Interface,
        split: str,
        *,
        batch_size: int | None,
        shuffle: bool = False,
        seed: int = 0,
        workers: int = 0,
    ) -> None:
        """`batch_size`: None for all at once. An iterable data set keeps its own order.

        Errors: `DataError` E0635 where the data set is empty or of neither style.
        """
        self.dataset = dataset
        self.split = split
        self.iterable = isinstance(dataset, IterableDataset) or not hasattr(dataset, "__getitem__")
        if self.iterable and not hasattr(dataset, "__iter__"):
            raise problem(
                "E0635",
                f"the {split} data set, a {type(dataset).__name__}, "
                "is neither map-style nor iterable",
            )
        with self._blamed("asked for its length"):
            self.count: int | None = len(dataset) if hasattr(dataset, "__len__") else None
        if self.count == 0 or (self.count is None and not self.iterable):
            raise problem("E0635", f"the {split} data set has no examples")
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.seed = seed
        self.workers = workers
        self._collate = Collator(interface, split)

    @property
    def batches_per_epoch(self) -> int | None:
        """Batches an epoch; None where the data set does not tell its length."""
        if self.count is None:
            return None
        return 1 if self.batch_size is None else -(-self.count // self.batch_size)

    def batches(self, epoch: int = 0, start: int = 0) -> Iterator[Batch]:
        """The batches of an epoch from number `start` on; the same ones whenever it is asked
        again.
        """
        if self.iterable:
            yield from self._from_iterable(start)
            return
        assert self.count is not None
        size = self.batch_size or self.count
        chunks = torch.split(self._order(epoch), size)[start:]
        for chunk, data in zip(chunks, self._fetched(chunks, epoch), strict=True):
            yield self._collate(chunk, data)

    def first(self) -> Batch:
        """A batch of the first example, for checks before training."""
        if self.iterable:
            batch = next(self._from_iterable(0, 1), None)
            if batch is None:
                raise problem("E0635", f"the {self.split} data set has no examples")
            return batch
        return self._collate([0], self._fetch([0]))

    def _order(self, epoch: int) -> torch.Tensor:
        assert self.count is not None
        if not self.shuffle:
            return torch.arange(self.count)
        return torch.randperm(self.count, generator=self._generator(epoch))

    def _generator(self, epoch: int) -> torch.Generator:
        return torch.Generator().manual_seed((self.seed << 20) + epoch)

    def _fetched(self, chunks: Sequence[torch.Tensor], epoch: int) -> Iterator[Any]:
        if self.workers == 0:
            yield from (self._fetch(chunk) for chunk in chunks)
            return
        loader: DataLoader[Any] = DataLoader(
            self.dataset,
            batch_sampler=[chunk.tolist() for chunk in chunks],
            collate_fn=_as_it_is,
            num_workers=self.workers,
            generator=self._generator(epoch),
        )
        with self._blamed("asked for an example"):
            yield from loader

    def _fetch(self, indices: Sequence[int] | torch.Tensor) -> Any:
        whole = getattr(self.dataset, "__getitems__", None)
        with self._blamed("asked for an example"):
            if whole is not None:
                return whole(indices if isinstance(indices, torch.Tensor) else list(indices))
            return [self.dataset[int(index)] for index in indices]

    @contextmanager
    def _blamed(self, when: str) -> Iterator[None]:
        """What the data set raises becomes a `DataError`."""
        try:
            yield
        except EmnesyError:
            raise
        except Exception as error:
            said = str(error).strip().splitlines() or [""]  # a worker's has a traceback in it
            raise problem(
                "E0635",
                f"the {self.split} data set failed: {type(error).__name__}: {said[-1]}",
                help=f"its {type(self.dataset).__name__} raised this when {when}",
            ) from error

    def _from_iterable(self, start: int, size: int | None = None) -> Iterator[Batch]:
        size = size or self.batch_size
        first = 0 if size is None else start * size
        with self._blamed("asked for an example"):
            items = islice(iter(self.dataset), first, None)
        while data := self._next(items, size):
            yield self._collate(torch.arange(first, first + len(data)), data)
            first += len(data)

    def _next(self, items: Iterator[Any], size: int | None) -> list[Any]:
        with self._blamed("asked for an example"):
            return list(islice(items, size))


def _as_it_is(data: Any) -> Any:
    return data
