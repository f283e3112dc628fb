"""Whether torch could use a GPU, found without importing torch where there is none."""

from __future__ import annotations

import ctypes
import sys
from importlib.util import find_spec


def gpu_for_torch() -> bool:
    """Whether torch is installed, built for CUDA, and sees a device.

    Importing torch takes seconds, so that the driver is asked first.
    """
    if find_spec("torch") is None or not _driver():
        return False
    import torch

    return torch.cuda.is_available()


def _driver() -> bool:
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True
