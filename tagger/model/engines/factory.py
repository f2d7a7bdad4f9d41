"""Choose the engine for this machine. Each choice states its reason, and no fallback is silent."""

from __future__ import annotations

import ctypes
import importlib.util
import logging
from pathlib import Path

import platformdirs

from tagger.core.errors import EngineUnavailable, MissingExtra
from tagger.core.extras import install_command
from tagger.model.bundle import Bundle
from tagger.model.engines import Engine

log = logging.getLogger(__name__)

ENGINES = ("auto", "openvino", "torch")


def open_engine(
    bundle: Bundle,
    *,
    engine: str = "auto",
    device: str = "auto",
    precision: str = "auto",
    photos_per_request: int = 1,
) -> Engine:
    """Choose and start an engine; options as in `tagger.load`, and one of `OpenVinoEngine` that PyTorch does not need.

    It is CUDA if there is an NVIDIA driver and a PyTorch that can use it, else OpenVINO on the CPU, with a warning in
    the log if there is an unusable GPU.

    Raises:
        EngineUnavailable: this machine does not have what was requested.
        MissingExtra: it needs PyTorch, which is not installed.
        BundleError: the card does not fit the network.
        EngineFailed: the runtime cannot start or compile the network.
        OutOfResources: the system has no memory or threads left.
    """
    if engine not in ENGINES:
        raise EngineUnavailable(f"There is no engine {engine!r}. Use one of {', '.join(ENGINES)}.")
    if engine == "openvino" and device not in ("auto", "cpu"):
        raise EngineUnavailable(f"The openvino engine runs on the CPU, not on {device}. Use --engine torch for CUDA.")
    if engine == "torch" or device.startswith("cuda"):
        return _torch(bundle, device=device, precision=precision)
    if engine == "openvino" or device == "cpu":
        return _openvino(bundle, precision, photos_per_request)
    obstacle = _why_no_cuda()
    if obstacle is None:
        return _torch(bundle, device="cuda", precision=precision, reason="an NVIDIA GPU is present")
    return _openvino(bundle, precision, photos_per_request, reason=obstacle)


def has_nvidia_driver() -> bool:
    """Whether an NVIDIA driver responds; takes a millisecond, with PyTorch seconds."""
    try:
        cuda = ctypes.CDLL("libcuda.so.1")
        count = ctypes.c_int(0)
        return cuda.cuInit(0) == 0 and cuda.cuDeviceGetCount(ctypes.byref(count)) == 0 and count.value > 0
    except (OSError, AttributeError):
        return False


def has_torch() -> bool:
    """Whether PyTorch is installed, without importing it."""
    return importlib.util.find_spec("torch") is not None and importlib.util.find_spec("safetensors") is not None


def _why_no_cuda() -> str | None:
    """Why CUDA cannot be used; None if it can."""
    if not has_nvidia_driver():
        return "no NVIDIA GPU here"
    if not has_torch():
        return _warned(f"there is an NVIDIA GPU, but PyTorch is missing: {install_command('gpu')}")
    try:
        import torch
    except (ImportError, OSError) as error:  # OSError: a CUDA library is missing
        return _warned(f"there is an NVIDIA GPU, but PyTorch cannot be loaded ({error})")
    if not torch.cuda.is_available():
        return _warned(f"there is an NVIDIA GPU, but PyTorch {torch.__version__} cannot use it")
    return None


def _warned(obstacle: str) -> str:
    log.warning("Running on the CPU: %s", obstacle)
    return obstacle


def _torch(bundle: Bundle, *, device: str, precision: str, reason: str = "as requested") -> Engine:
    if not has_torch():
        raise MissingExtra("The torch engine", "gpu")
    try:
        from tagger.model.engines.torch import TorchEngine
    except (ImportError, OSError) as error:
        raise EngineUnavailable(f"PyTorch is installed but cannot be loaded ({error}). Install it again.") from error
    if device == "auto":
        obstacle = _why_no_cuda()
        device, reason = ("cuda", reason) if obstacle is None else ("cpu", obstacle)
    return TorchEngine(bundle, device=device, precision=precision, reason=reason)


def _openvino(bundle: Bundle, precision: str, photos_per_request: int, *, reason: str = "as requested") -> Engine:
    from tagger.model.engines.openvino import OpenVinoEngine

    return OpenVinoEngine(
        bundle, precision=precision, cache_dir=_cache_dir(), reason=reason, photos_per_request=photos_per_request
    )


def _cache_dir() -> Path | None:
    """The cache folder of compiled networks; None if it is not writable."""
    folder = Path(platformdirs.user_cache_dir("landmark-tagger")) / "openvino"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        log.warning("Compiled networks are not kept, so each start is slower: %s", error)
        return None
    return folder
