"""The versions that a result depends on, without importing what they are versions of."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

PACKAGE = "lungseg-covid"


def package_version() -> str:
    """The installed version of this project, or ``unknown`` in a checkout that is not installed."""
    return _version_of(PACKAGE)


def versions() -> dict[str, str]:
    """Python, this package and the libraries whose arithmetic a row depends on, by name."""
    pixels = ("numpy", "opencv-python-headless", "pillow")
    networks = ("torch", "timm", "openvino", "onnxruntime")
    return {
        "python": platform.python_version(),
        PACKAGE: package_version(),
        **{library: _version_of(library) for library in (*pixels, *networks)},
    }


def _version_of(distribution: str) -> str:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return "unknown"
