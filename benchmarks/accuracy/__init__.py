"""Accuracy of whole training runs: protocols, and a runner that repeats them over seeds."""
