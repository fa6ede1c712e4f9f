"""A float64 forward-backward over the carry chain of N-digit addition, written from the definition."""

from __future__ import annotations

import numpy as np


def forward_backward(digits, sums):
    """Posterior marginals of the digits and log p(sum), from scaled messages over the carry.

    `digits`: (2, n, 10) probabilities, least significant first; `sums`: (n + 1,).
    """
    n = digits.shape[1]
    log_z = 0.0
    forward = [np.array([1.0, 0.0])]
    tables = []  # tables[i][c_in, c_out, a, b]: p(a, b) where the position shows the observed digit
    for i in range(n):
        table = np.zeros((2, 2, 10, 10))
        for c in range(2):
            for a in range(10):
                b = (sums[i] - a - c) % 10
                table[c, (a + b + c) // 10, a, b] = digits[0, i, a] * digits[1, i, b]
        tables.append(table)
        message = np.einsum("c,cdab->d", forward[-1], table)
        log_z += np.log(message.sum())
        forward.append(message / message.sum())
    backward = np.zeros(2)
    backward[sums[n]] = 1.0
    log_z += np.log(forward[-1] @ backward)
    posterior = np.zeros_like(digits)
    for i in reversed(range(n)):
        joint = np.einsum("c,cdab,d->ab", forward[i], tables[i], backward)
        posterior[0, i] = joint.sum(axis=1) / joint.sum()
        posterior[1, i] = joint.sum(axis=0) / joint.sum()
        backward = np.einsum("cdab,d->c", tables[i], backward)
        backward /= backward.sum()
    return posterior, log_z


def make_batch(n, batch, seed, concentration=0.3):
    """Random digit priors (float64) and sums of digits drawn from them."""
    random = np.random.default_rng(seed)
    priors = random.dirichlet(np.full(10, concentration), size=(batch, 2, n))
    flat = priors.reshape(-1, 10).cumsum(axis=1)
    drawn = (random.random((len(flat), 1)) > flat).sum(axis=1).clip(max=9).reshape(batch, 2, n)
    sums = np.zeros((batch, n + 1), np.int64)
    carry = np.zeros(batch, np.int64)
    for i in range(n):
        total = drawn[:, 0, i] + drawn[:, 1, i] + carry
        sums[:, i], carry = total % 10, total // 10
    sums[:, n] = carry
    return priors, drawn, sums
