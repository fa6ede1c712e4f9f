"""What the programs in foreign.md call."""

import math


def half(x):
    return x // 2


def inverse(x):
    return 1 / x


def mean(numbers):
    return sum(numbers) / len(numbers) if numbers else math.nan


def letters(text):
    return set(text)


def power(x, y):
    return x**y
