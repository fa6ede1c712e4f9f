"""What the programs in this folder call."""

import emnesy


def half(x):
    """The half of an even number."""
    return x // 2 if x % 2 == 0 else None


def collatz(x):
    """The number after `x` in Collatz's sequence."""
    return x // 2 if x % 2 == 0 else 3 * x + 1


def is_prime(x):
    """Whether only 1 and `x` divide it."""
    return x > 1 and all(x % d for d in range(2, x))


def inverse(x):
    """1 / x."""
    return 1 / x


def chance(distance):
    """How probable a hit is."""
    return 2.0**-distance


def split(text):
    """The letters of a text, first of a symbol, then of a string."""
    return list(text) if not isinstance(text, emnesy.String) else [emnesy.String(c) for c in text]


def swap(pair):
    """A pair the other way round."""
    return pair[::-1]


def move(position, step):
    """`at(X, Y)` a step further."""
    x, y = position.arguments
    return emnesy.Compound("at", (x + step[0], y + step[1]))


def limit():
    """A number."""
    return 3


def letters(text):
    """No term of the language."""
    return set(text)
