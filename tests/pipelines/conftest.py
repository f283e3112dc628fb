"""Tiny real checkpoints, drawn slices, and the predict command as a process."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

WIDTHS = [2, 2]
LUNG_BOX = (20, 30, 76, 70)  # of the slice that draw_slice draws, as x_min, y_min, x_max, y_max


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


@pytest.fixture
def slices(tmp_path: Path) -> Path:
    """A folder with seven slices, one of them in a sub-folder."""
    folder = tmp_path / "slices"
    (folder / "case").mkdir(parents=True)
    for number in range(6):
        Image.fromarray(draw_slice(150 + 15 * number)).save(folder / f"slice{number}.png")
    Image.fromarray(draw_slice()).save(folder / "case" / "slice.png")
    return folder


@pytest.fixture
def predict(
    tiny_weights: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str, str]]:
    """Run the command in this process on the tiny weights: (exit code, stdout, stderr)."""
    from pipelines.predict import main

    def run(*arguments: object) -> tuple[int, str, str]:
        given = [str(one) for one in arguments]
        if "--weights" not in given:
            given += ["--weights", str(tiny_weights)]
        code = main(given)
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture
def predict_process(tiny_weights: Path, repository: Path) -> Callable[..., subprocess.Popen[str]]:
    """Start the command as a process of its own on the tiny weights."""

    def start(*arguments: object, **options: object) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "pipelines.predict", *map(str, arguments)]
        return subprocess.Popen(
            [*command, "--weights", str(tiny_weights), "--device", "cpu"],
            cwd=repository,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            **options,  # type: ignore[call-overload]
        )

    return start
