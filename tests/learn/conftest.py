import pytest
import torch
from fake_addition import FakeAddition

torch.set_num_threads(1)  # the same rounding whatever the machine, and no waiting for busy cores


@pytest.fixture
def model() -> FakeAddition:
    return FakeAddition(2)


@pytest.fixture
def logits() -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(5, 2, 2, 10, generator=generator, dtype=torch.float64)


@pytest.fixture
def sums() -> torch.Tensor:
    return torch.tensor([[3, 4, 0], [8, 9, 1], [0, 0, 0], [7, -1, 1], [-1, -1, -1]])
