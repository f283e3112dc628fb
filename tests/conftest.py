"""Fixtures that every test may use: the checkout, real data, drawn slices, tiny checkpoints."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")  # tiny networks lose by more, and so do processes

import numpy as np
import pytest
from hypothesis import settings
from numpy.typing import NDArray
from PIL import Image

settings.register_profile("quiet", deadline=None)  # a busy machine is no failure
settings.load_profile("quiet")

REPOSITORY = Path(__file__).resolve().parents[1]
WIDTHS = [2, 2]
LUNG_BOX = (20, 30, 76, 70)  # of the slice that draw_slice draws, as x_min, y_min, x_max, y_max


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CT; its pictures may not be published, so a fresh clone lacks it."""
    folder = Path(os.environ.get("LUNGSEG_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "lung-masks").is_dir():
        pytest.skip(f"the real data are not at {folder} (set LUNGSEG_DATA)")
    return folder


def draw_slice(shade: int = 200, shape: tuple[int, int] = (96, 96)) -> NDArray[np.uint8]:
    """Two dark lungs in a body of grey ``shade``, 0 to 255; LUNG_BOX is around them."""
    pixels = np.full(shape, shade, dtype=np.uint8)
    pixels[30:70, 20:44] = 10
    pixels[30:70, 52:76] = 10
    return pixels


@pytest.fixture(scope="session")
def drawn_slice() -> Callable[..., NDArray[np.uint8]]:
    """``draw_slice``."""
    return draw_slice


@pytest.fixture(scope="session")
def drawn_box() -> tuple[int, int, int, int]:
    """The box around the lungs of ``draw_slice``."""
    return LUNG_BOX


@pytest.fixture(scope="session")
def tiny_weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Checkpoints of a real attention U-Net set to find dark pixels, and two random classifiers."""
    import torch

    from covidcls.zoo import create_classifier
    from lungseg.checkpoint import save_checkpoint
    from lungseg.networks import AttentionUNet

    folder = tmp_path_factory.mktemp("weights")
    network = AttentionUNet("plain", 1, WIDTHS)
    with torch.no_grad():
        for parameter in network.parameters():
            if parameter.ndim == 4:
                parameter.zero_()
        # Level 0 turns a dark pixel into a large value; the open gate and the decoder pass it on.
        network.encoder.levels[0][0][0].weight[0, 0, 1, 1] = -1
        network.encoder.levels[0][1][0].weight[0, 0, 1, 1] = 1
        network.decoder[0].gate.psi.bias.fill_(10)
        network.decoder[0].convolve[0][0].weight[0, WIDTHS[1], 1, 1] = 1
        network.decoder[0].convolve[1][0].weight[0, 0, 1, 1] = 1
        network.masks.weight[0, 0] = 20
        network.masks.bias.fill_(-8)
        network.chest.weight.zero_()
        network.chest.bias.fill_(5)
    save_checkpoint(
        folder,
        "dark",
        network.state_dict(),
        {
            "kind": "segmenter",
            "architecture": {"encoder": "plain", "classes": 1, "widths": WIDTHS},
            "input_size": 96,
            "threshold": 0.5,
        },
    )
    torch.manual_seed(1)
    for region in ("crop", "full"):
        save_checkpoint(
            folder,
            f"random-{region}",
            create_classifier("tf_efficientnet_lite0").state_dict(),
            {
                "kind": "classifier",
                "architecture": "tf_efficientnet_lite0",
                "region": region,
                "margin": 5,
                "input_size": 32,
                "temperature": 1.0,
                "threshold": 0.5,
            },
        )
    (folder / "defaults.json").write_text(
        json.dumps(
            {
                "segmenter": "dark",
                "classifier": {"crop": "random-crop", "full": "random-full"},
            }
        )
    )
    return folder


@pytest.fixture(scope="session")
def phantom_data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``phantoms/`` in the layout of lung-masks, four patients of six slices, and ``split.json``.

    Patient p2 validates, p3 is held out; the first slice of each patient has no lung.
    """
    from lungseg.data.split import PatientSplit
    from lungseg.phantom import display, make_phantom

    root = tmp_path_factory.mktemp("data")
    rows = []
    for number in range(4):
        for place, z in enumerate((-0.2, 0.2, 0.4, 0.5, 0.6, 0.7)):
            stem = f"{number}{place}"
            phantom = make_phantom(z, size=64, seed=number, lesions=0.3 * (place > 2))
            for folder, picture in (
                ("images", display(phantom.hu)),
                ("lung_masks", phantom.lung),
                ("infection_masks", phantom.lesion),
            ):
                (root / "phantoms" / folder).mkdir(parents=True, exist_ok=True)
                Image.fromarray(picture).save(root / "phantoms" / folder / f"{stem}.png")
            rows.append((stem, f"p{number}"))
    table = "\n".join(["slice,patient", *(",".join(row) for row in rows)])
    (root / "phantoms" / "slices.csv").write_text(table + "\n")
    split = PatientSplit("phantoms", frozenset({"p2"}), frozenset({"p3"}), "")
    content = {"data": "phantoms", "val": ["p2"], "test": ["p3"], "sha256": split.hash_of(rows)}
    (root / "split.json").write_text(json.dumps(content))
    return root


@pytest.fixture(scope="session")
def covid_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """COVID-CT as published, with drawn slices: 6 + 6 train, 3 + 3 val, and absent test files."""
    root = tmp_path_factory.mktemp("covid-ct")
    shade = 120
    for name in ("COVID", "NonCOVID"):
        (root / "Images-processed" / f"CT_{name}").mkdir(parents=True)
        (root / "Data-split" / name).mkdir(parents=True)
        for part, count in (("train", 6), ("val", 3), ("test", 2)):
            files = [f"2020.{part}-p{n}-{name}.png" for n in range(count)]
            listing = root / "Data-split" / name / f"{part}CT_{name}.txt"
            listing.write_text("\n".join(files) + "\n")
            for file in files if part != "test" else []:
                shade += 5
                Image.fromarray(draw_slice(shade)).save(
                    root / "Images-processed" / f"CT_{name}" / file
                )
    return root
