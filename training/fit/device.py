"""The device that training runs on; half precision is always on."""

from __future__ import annotations

import torch

from tagger.core.errors import EngineUnavailable


def resolve_device(name: str) -> torch.device:
    """Resolve a recipe's device.

    Args:
        name: ``auto`` is CUDA if there is a device, else the CPU.

    Raises:
        EngineUnavailable: there is no such device, or training does not support it.
    """
    device = torch.device(("cuda" if torch.cuda.is_available() else "cpu") if name == "auto" else name)
    if device.type not in ("cpu", "cuda"):
        raise EngineUnavailable(f"Training does not know the device {name!r}. Use auto, cpu, cuda or cuda:N.")
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise EngineUnavailable(f"PyTorch finds no device {name}. Use device=cpu.")
    return device


def device_name(device: torch.device) -> str:
    """The device as the log shows it, such as ``CPU (2 threads)``."""
    if device.type == "cuda":
        return f"{device} ({torch.cuda.get_device_name(device)})"
    return f"CPU ({torch.get_num_threads()} threads)"


def half_precision(device: torch.device) -> torch.autocast:
    """Autocast for a device: bfloat16, or float16 on a GPU that has no bfloat16."""
    return torch.autocast(device.type, half_dtype(device))


def half_dtype(device: torch.device) -> torch.dtype:
    needs_float16 = device.type == "cuda" and not torch.cuda.is_bf16_supported(including_emulation=False)
    return torch.float16 if needs_float16 else torch.bfloat16
