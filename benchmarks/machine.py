"""What speeds depend on: the machine and the versions that they were measured with."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

FLAGS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile", "amx_bf16", "amx_int8")


def machine(threads: int) -> dict[str, Any]:
    """What the speeds depend on; the processor's features as Linux names them."""
    information = Path("/proc/cpuinfo")
    said = information.read_text() if information.is_file() else ""
    lines = dict(line.split(":", 1) for line in said.splitlines() if ":" in line)
    fields = {key.strip(): value.strip() for key, value in lines.items()}
    flags = fields.get("flags", "").split()
    return {
        "processor": fields.get("model name", platform.processor()),
        "features": [flag for flag in FLAGS if flag in flags],
        "cores": os.cpu_count(),
        "threads": threads,
        "torch": version("torch"),
        "openvino": version("openvino"),
    }
