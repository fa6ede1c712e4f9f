"""Learning: programs as losses, the E- and M-steps, the trainer, checkpoints."""

from emnesy.learn.losses import EMLoss, LogLikelihood

__all__ = ["EMLoss", "LogLikelihood"]
