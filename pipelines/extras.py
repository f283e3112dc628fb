"""What an installation may lack, and how to get it."""

from __future__ import annotations

from importlib.util import find_spec

from lungseg.errors import UsageError

# The lightest first: where several bring a module, that one is named.
EXTRAS = {
    "dicom-seg": ("highdicom",),
    "evaluate": ("sklearn", "scipy", "statsmodels", "matplotlib", "openpyxl"),
    "audit": ("imagehash", "faiss", "openpyxl", "sklearn", "scipy"),
    "train": (
        "torch",
        "torchvision",
        "timm",
        "efficientnet_pytorch",
        "lightning",
        "jsonargparse",
        "yaml",
        "torchmetrics",
        "albumentations",
        "tensorboard",
        "segmentation_models_pytorch",
        "onnx",
        "sklearn",
        "scipy",
        "statsmodels",
        "matplotlib",
        "openpyxl",
    ),
}


def check_installed(extra: str) -> None:
    """Raise UsageError, with the way out, where a module of ``extra`` is missing."""
    if sentence := lacking(extra):
        raise UsageError(sentence)


def lacking(extra: str) -> str:
    """The sentence for an ``extra`` of which a module is not installed, or nothing."""
    missing = [module for module in EXTRAS[extra] if find_spec(module) is None]
    return _said(missing[0], extra) if missing else ""


def brought_by_extra(error: ModuleNotFoundError) -> str:
    """The sentence for the import that failed, or nothing where no extra brings the module."""
    module = (error.name or "").partition(".")[0]
    found = [extra for extra, modules in EXTRAS.items() if module in modules]
    return _said(module, found[0]) if found else ""


def _said(module: str, extra: str) -> str:
    return (
        f"this command needs {module}, which comes with the extra [{extra}]: "
        f"python -m pip install 'lungseg-covid[{extra}]', or in a checkout '.[{extra}]'"
    )
