"""Forward-backward for N-digit addition in PyTorch, eager and compiled, gradients by autograd.

What one would write by hand for this one problem: per position the 2 x 2 transfer matrix between
carries that the observed sum digit allows, and the product of all matrices as a tree of depth log2(N).
The posterior of a digit is its prior times the gradient of log p(sum | images) with respect to it.
Of the ways tried to build the matrices (outer product and one matrix product, outer product skewed by
padding, batched matrix products) the gather below was the fastest at every size.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import pad


def _second_digits() -> Tensor:
    """Per sum digit s, for each (carry in c, carry out c', first digit a): the second digit.

    It is s + 10 c' - c - a where that is a digit, else 10, where a padding zero stands; (10, 40).
    """
    s, c_in, c_out, a = torch.meshgrid(*map(torch.arange, (10, 2, 2, 10)), indexing="ij")
    b = s + 10 * c_out - c_in - a
    return torch.where((b >= 0) & (b <= 9), b, 10).reshape(10, 40)


_SECOND = _second_digits()


def _product(matrices: Tensor) -> tuple[Tensor, Tensor]:
    """The product over axis 1 of (B, N, 2, 2), and the log of the scale taken out of it, (B,).

    Scales are constants to autograd: the gradient of the log of the rest is the whole gradient.
    """
    log_scale = matrices.new_zeros(len(matrices))
    while True:
        scale = matrices.detach().amax((-2, -1), keepdim=True)
        log_scale = log_scale + scale.log().sum((1, 2, 3))
        matrices = matrices / scale
        count = matrices.shape[1]
        if count == 1:
            return matrices[:, 0], log_scale
        even = count - count % 2
        left, right = matrices[:, 0:even:2], matrices[:, 1:even:2]
        product = (left.unsqueeze(-1) * right.unsqueeze(-3)).sum(-2)
        matrices = product if even == count else torch.cat([product, matrices[:, -1:]], dim=1)


def _log_evidence(priors: Tensor, sums: Tensor) -> tuple[Tensor, Tensor]:
    """The log of the scaled p(sums | priors), which gradients flow through, and the log of the scale."""
    second = pad(priors[:, 1], (0, 1)).gather(-1, _SECOND[sums[:, :-1]]).unflatten(-1, (4, 10))
    matrices = (second * priors[:, 0].unsqueeze(-2)).sum(-1).unflatten(-1, (2, 2))
    root, log_scale = _product(matrices)
    return root[:, 0].gather(1, sums[:, -1:]).squeeze(1).log(), log_scale


Forward = Callable[[Tensor, Tensor], tuple[Tensor, Tensor]]


def posterior(
    priors: Tensor, sums: Tensor, forward: Forward = _log_evidence
) -> tuple[Tensor, Tensor]:
    """Posterior marginals, shaped as `priors` (B, 2, N, 10), and log p(sums | priors), (B,).

    `sums` is (B, N + 1), least significant digit first, int64. All sums must be possible.
    """
    leaf = priors.detach().requires_grad_()
    log_evidence, log_scale = forward(leaf, sums)
    (gradient,) = torch.autograd.grad(log_evidence.sum(), leaf)
    return leaf.detach() * gradient, log_evidence.detach() + log_scale


def compiled(priors: Tensor, sums: Tensor) -> Forward:
    """`_log_evidence` and its gradient through `torch.compile`, for tensors of these shapes alone.

    Errors: `ImportError` where PyTorch finds no C++ compiler or gives up for another reason.
    """
    forward: Forward = torch.compile(_log_evidence, fullgraph=True, dynamic=False)
    try:
        posterior(priors, sums, forward)
    except Exception as error:
        raise ImportError(f"torch.compile: {type(error).__name__}") from error
    return forward
