"""The device that training runs on, and the precision in which it computes best."""

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


def autocast(device: torch.device) -> torch.autocast:
    """Autocast to `compute_dtype`; with float32 it changes nothing."""
    dtype = compute_dtype(device)
    return torch.autocast(device.type, dtype, enabled=dtype != torch.float32)


def compute_dtype(device: torch.device) -> torch.dtype:
    """bfloat16, or what computes faster without it: float16 on a GPU, float32 on a CPU.

    A CPU without it only emulates bfloat16, so that float32 is faster there (torch 2.14).
    """
    if device.type == "cuda":
        return torch.bfloat16 if torch.cuda.is_bf16_supported(including_emulation=False) else torch.float16
    has_mkldnn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    has_bfloat16 = has_mkldnn and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return torch.bfloat16 if has_bfloat16 else torch.float32
