"""emnesy: neurosymbolic learning as Expectation-Maximization."""
