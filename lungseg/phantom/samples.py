"""The sample files that ship with the project: phantoms in the windows and formats of real life."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from lungseg.errors import UsageError
from lungseg.io.window import LUNG_WINDOW, Window
from lungseg.phantom.acquisition import Acquisition
from lungseg.phantom.display import MEDIASTINAL_WINDOW, WIDE_WINDOW, display
from lungseg.phantom.slices import Phantom, make_phantom
from lungseg.whole_file import write_whole

HU_OFFSET = 1024  # of the 16-bit pictures: value = HU + 1024
COLUMNS = ("path", "slice", "lung_fraction", "lesion_fraction", "finding")
_EXIF_ORIENTATION = 0x0112
_TURN_RIGHT = 6  # "turn a quarter clockwise to look at me"

_README = """\
# Samples

Synthetic chest CT slices: phantoms drawn by this project, no patient was scanned. They are under
the licence of the code (Apache-2.0) and were made by

    python -m pipelines.make_samples --out samples --seed {seed}

The folder names the invented patient; the name of a file says its finding (`healthy`, `lesions`:
ground glass and consolidation, `no_lung`: shoulders or upper abdomen), its level, and its window
(centre / width in HU: lung {lung}, wide {wide}, mediastinal {mediastinal}) or, for 16-bit
pictures, that values are HU + {offset} (`--hu-offset {offset}`).

`truth.csv` says what was drawn: `path`, `slice` (from 0 in its file), `lung_fraction` (share of
the picture), `lesion_fraction` (share of the lung, empty without lung) and `finding`. The phantoms
test that the tools run; how well the networks do on patients is not measured on them.
"""


@dataclass(frozen=True)
class _Sample:
    path: str
    levels: tuple[float, ...]
    encode: Callable[[list[Phantom]], bytes]
    lesions: float = 0.0
    acquisition: Acquisition = Acquisition()
    size: int = 320

    @property
    def patient(self) -> str:
        return self.path.split("/")[0]


def _saved(pictures: list[Image.Image], kind: str, **options: Any) -> bytes:
    stream = io.BytesIO()
    pictures[0].save(stream, kind, **options)
    return stream.getvalue()


def _pictures(slices: list[Phantom], window: Window, mode: str = "L") -> list[Image.Image]:
    return [Image.fromarray(display(one.hu, window)).convert(mode) for one in slices]


def _png(window: Window, mode: str = "L") -> Callable[[list[Phantom]], bytes]:
    return lambda slices: _saved(_pictures(slices, window, mode), "PNG", optimize=True)


def _palette_png(slices: list[Phantom]) -> bytes:
    grey = _pictures(slices, LUNG_WINDOW)[0]
    return _saved([grey.quantize(64)], "PNG", optimize=True)


def _deep_png(slices: list[Phantom]) -> bytes:
    values = np.round(slices[0].hu + HU_OFFSET).astype(np.uint16)
    return _saved([Image.fromarray(values)], "PNG", optimize=True)


def _jpeg(window: Window) -> Callable[[list[Phantom]], bytes]:
    return lambda slices: _saved(_pictures(slices, window), "JPEG", quality=90)


def _turned_jpeg(slices: list[Phantom]) -> bytes:
    lying = _pictures(slices, LUNG_WINDOW)[0].transpose(Image.Transpose.ROTATE_90)
    exif = Image.Exif()
    exif[_EXIF_ORIENTATION] = _TURN_RIGHT
    return _saved([lying], "JPEG", quality=90, exif=exif)


def _bmp(slices: list[Phantom]) -> bytes:
    return _saved(_pictures(slices, MEDIASTINAL_WINDOW), "BMP")


def _tiff(slices: list[Phantom]) -> bytes:
    pages = _pictures(slices, LUNG_WINDOW)
    rest = {"save_all": True, "append_images": pages[1:]} if len(pages) > 1 else {}
    return _saved(pages, "TIFF", compression="tiff_adobe_deflate", **rest)


_SHARP = Acquisition(noise=15, sharpness=0.9, table=0.2)
_ROUND = Acquisition(noise=6, circle=True, zoom=0.8, table=0.7)
_TIGHT = Acquisition(noise=8, zoom=1.08, table=None)
_TURNED = Acquisition(noise=10, rotation=4.0, table=0.4)

_SAMPLES = (
    _Sample("patient-1/healthy_apex_lung-window.png", (0.12,), _png(LUNG_WINDOW)),
    _Sample("patient-1/healthy_mid_lung-window.png", (0.45,), _png(LUNG_WINDOW, "RGB")),
    _Sample("patient-1/healthy_heart_mediastinal-window.bmp", (0.6,), _bmp),
    _Sample("patient-1/healthy_base_16-bit-hu-plus-1024.png", (0.86,), _deep_png),
    _Sample("patient-1/no_lung_upper-abdomen_lung-window.png", (1.14,), _png(LUNG_WINDOW)),
    _Sample(
        "patient-2/healthy_upper_wide-window.jpg", (0.27,), _jpeg(WIDE_WINDOW), acquisition=_SHARP
    ),
    _Sample("patient-2/healthy_mid_exif-rotated.jpg", (0.52,), _turned_jpeg, acquisition=_SHARP),
    _Sample(
        "patient-3/lesions_upper_lung-window.png",
        (0.3,),
        _png(LUNG_WINDOW, "RGBA"),
        0.18,
        _TIGHT,
    ),
    _Sample("patient-3/lesions_mid_lung-window.png", (0.47,), _palette_png, 0.25, _TIGHT),
    _Sample("patient-3/lesions_heart_lung-window.tif", (0.64,), _tiff, 0.4, _TIGHT),
    _Sample("patient-4/lesions_two-slices_lung-window.tiff", (0.42, 0.66), _tiff, 0.12, _ROUND),
    _Sample("patient-4/lesions_heart_wide-window.jpg", (0.58,), _jpeg(WIDE_WINDOW), 0.3, _ROUND),
    _Sample("patient-5/lesions_base_lung-window.png", (0.8,), _png(LUNG_WINDOW), 0.3, _TURNED),
)


def make_samples(seed: int = 0) -> dict[str, bytes]:
    """The sample files as bytes by their path with ``/``: pictures, ``README.md``, ``truth.csv``.

    The same ``seed`` gives the same pictures, and with the same versions of the libraries the
    same bytes.
    """
    names = sorted({sample.patient for sample in _SAMPLES})
    numbers = np.random.default_rng(seed).integers(0, 2**31, len(names))
    patients = dict(zip(names, (int(number) for number in numbers), strict=True))
    files: dict[str, bytes] = {}
    table = io.StringIO(newline="")
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(COLUMNS)
    for sample in _SAMPLES:
        slices = [
            make_phantom(
                z,
                size=sample.size,
                seed=patients[sample.patient],
                lesions=sample.lesions,
                acquisition=sample.acquisition,
            )
            for z in sample.levels
        ]
        files[sample.path] = sample.encode(slices)
        writer.writerows([sample.path, i, *_truth(one)] for i, one in enumerate(slices))
    files["truth.csv"] = table.getvalue().encode()
    windows = {
        name: f"{window[0]:g} / {window[1]:g}"
        for name, window in (
            ("lung", LUNG_WINDOW),
            ("wide", WIDE_WINDOW),
            ("mediastinal", MEDIASTINAL_WINDOW),
        )  # fmt: skip
    }
    files["README.md"] = _README.format(seed=seed, offset=HU_OFFSET, **windows).encode()
    return files


def _truth(one: Phantom) -> tuple[str, str, str]:
    if not one.lung.any():
        return f"{0:.4f}", "", "no_lung"
    share = float((one.lesion & one.lung).sum() / one.lung.sum())
    return f"{one.lung.mean():.4f}", f"{share:.4f}", "lesions" if share > 0 else "healthy"


def write_samples(out: Path, seed: int = 0, overwrite: bool = False) -> dict[str, int]:
    """Write the sample files below ``out``, each whole; their sizes in bytes by path.

    Files of other names that are there stay. Raises UsageError when ``out`` is not a folder, or
    not empty without ``overwrite``, or cannot be made; OSError when a file cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise UsageError(f"{out} is not a folder: choose another --out")
    if out.is_dir() and any(out.iterdir()) and not overwrite:
        raise UsageError(f"{out} is not empty: add --overwrite, or choose another --out")
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UsageError(f"cannot make {out} ({error.strerror}): choose another --out") from error
    files = make_samples(seed)
    for path, content in files.items():
        file = out / path
        file.parent.mkdir(parents=True, exist_ok=True)
        write_whole(file, content)
    return {path: len(content) for path, content in files.items()}
