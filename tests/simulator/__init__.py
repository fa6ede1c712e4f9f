"""The simulator against the NumPy evaluator, world by world."""
