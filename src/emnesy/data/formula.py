"""Hand-written formulas such as 3+4×7: images of digits and signs, labelled with the formula's value.

Digits are MNIST's, each used once; the signs are drawn (`emnesy.data.operators`). Digits and signs take
turns; × binds more tightly than + and -. The task is that of Li et al., "Closed loop neural-symbolic
learning via integrating neural perception, grammar parsing, and symbolic reasoning" (ICML 2020), without
division and with one length at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import Dataset

from emnesy.data.digits import Digits, Source, normalised
from emnesy.data.formula_picture import draw_formulas
from emnesy.data.mnist import load_part
from emnesy.data.operators import SIGNS, draw_signs
from emnesy.data.problems import bad_option
from emnesy.learn.batch import Batch, Item

SYMBOLS = (*(str(digit) for digit in range(10)), *SIGNS)
"""What a glyph may be, in the order of the program's domain."""

_PLUS, _MINUS, _TIMES = (SYMBOLS.index(sign) for sign in SIGNS)
_SEEDS = {"train": 0, "valid": 1, "test": 2}


class FormulaDataset(Dataset[Item]):
    """Formulas over given digits.

    An item has ``inputs {"glyph": (length, 1, 28, 28)}`` (float32, normalised), ``labels {"value": ()}`` and
    ``truth {"symbol": (length,)}``, positions in `SYMBOLS`.
    """

    def __init__(self, digits: Digits, rows: Tensor, generator: torch.Generator) -> None:
        """`rows`: which digits stand in each formula, ``(formulas, (length + 1) // 2)``."""
        count, operands = rows.shape
        self.source = digits.source
        signs = torch.randint(len(SIGNS), (count, operands - 1), generator=generator)
        self.symbols = torch.empty(count, 2 * operands - 1, dtype=torch.int64)
        self.symbols[:, ::2] = digits.classes[rows]
        self.symbols[:, 1::2] = signs + _PLUS
        self.images = torch.empty(*self.symbols.shape, 28, 28, dtype=torch.uint8)
        self.images[:, ::2] = digits.images[rows]
        self.images[:, 1::2] = draw_signs(signs.flatten(), generator).view(*signs.shape, 28, 28)
        self.values = value(self.symbols)

    def __len__(self) -> int:
        return len(self.symbols)

    def __getitem__(self, index: int) -> Item:
        return self.__getitems__([index])[0]

    def __getitems__(self, indices: Sequence[int] | Tensor) -> Batch:
        """A batch, which is also the list of its items."""
        chosen = torch.as_tensor(indices)
        return Batch(
            inputs={"glyph": normalised(self.images[chosen]).unsqueeze(2)},
            labels={"value": self.values[chosen]},
            truth={"symbol": self.symbols[chosen]},
            indices=chosen,
        )

    def describe(self) -> str:
        """One line for people: how many formulas, of which length, from which digits."""
        return f"{len(self)} formulas of {self.symbols.shape[1]} symbols, digits from {self.source}"

    def metrics(self, predictions: Mapping[str, Tensor]) -> dict[str, float]:
        """``digit_accuracy`` and ``sign_accuracy``: shares of the digits and of the signs read right."""
        right = (predictions["symbol"] == self.symbols).double()
        figures = {"digit_accuracy": float(right[:, ::2].mean())}
        if right.shape[1] > 1:
            figures["sign_accuracy"] = float(right[:, 1::2].mean())
        return figures

    def picture(self, predictions: Mapping[str, Tensor], path: str) -> None:
        """Draw some formulas with the symbols read into the image file `path` (needs matplotlib)."""
        draw_formulas(self.images, predictions["symbol"], self.symbols, self.values, path)


def dataset(
    split: str,
    *,
    consts: Mapping[str, Any],
    seed: int = 0,
    source: Source = "auto",
    formulas: int | None = None,
    valid: float = 0.0,
) -> FormulaDataset | None:
    """The formulas of one split.

    `consts` gives ``length``, an odd number of symbols. `formulas`: how many at most; None as many as the
    digits make. `valid`: the share of the training digits held out for the split ``"valid"``, which does
    not exist at 0. `source`: see `emnesy.data.mnist.load_digits`.

    Errors: `DataError` E0623 for an option out of range, and those of `load_digits`.
    """
    length = consts.get("length")
    if not isinstance(length, int) or length < 1 or length % 2 == 0:
        raise bad_option(
            f"formulas need a constant length, an odd number; the program has length = {length}"
        )
    if formulas is not None and (
        isinstance(formulas, bool) or not isinstance(formulas, int) or formulas < 1
    ):
        raise bad_option(f"formulas is a number from 1 on, not {formulas!r}")
    if not isinstance(valid, (int, float)) or not 0 <= valid < 1:
        raise bad_option(f"valid is a share of the training digits from 0 to below 1, not {valid}")
    digits = load_part(split, source, valid)
    if digits is None:
        return None
    operands = (length + 1) // 2
    count = min(formulas or len(digits), len(digits) // operands)
    if count == 0:
        raise bad_option(f"{len(digits)} digits do not make one formula of {length} symbols")
    generator = torch.Generator().manual_seed(3 * seed + _SEEDS[split])
    rows = torch.randperm(len(digits), generator=generator)[: count * operands]
    return FormulaDataset(digits, rows.view(count, operands), generator)


def value(symbols: Tensor) -> Tensor:
    """The values ``(…,)`` of formulas ``(…, length)`` in which digits and signs take turns."""
    term = symbols[..., 0]
    total = torch.zeros_like(term)
    for place in range(1, symbols.shape[-1], 2):
        sign, digit = symbols[..., place], symbols[..., place + 1]
        times = sign == _TIMES
        total = torch.where(times, total, total + term)
        term = torch.where(times, term * digit, torch.where(sign == _MINUS, -digit, digit))
    return total + term
