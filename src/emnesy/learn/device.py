"""The device that networks run on."""

from __future__ import annotations

import torch

from emnesy.learn.problems import problem


def usable_device(name: str) -> torch.device:
    """The device of that name (``cpu``, ``cuda``, ``cuda:1``, …), tried out.

    Errors: `DataError` E0660 where there is no such device, or PyTorch cannot use it.
    """
    try:
        device = torch.device(name)
        torch.zeros(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise problem(
            "E0660",
            f"device = {name} cannot be used: {reason}",
            help="device=cpu always can, and device=cuda where PyTorch finds a GPU",
        ) from error
    if device.type == "meta":
        raise problem("E0660", "device = meta holds no numbers", help="device=cpu does")
    return device
