"""Damaged headers and bytes of every format: slices in range, or one sentence, nothing else."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pytest
import SimpleITK
from numpy.typing import NDArray

from lungseg.errors import UnreadableError
from lungseg.io import Reading, group_inputs, read_part

KINDS = ("x.dcm", "j2k.dcm", "x.nii", "x.nii.gz", "x.nrrd", "x.mha", "x.zip")
HEADS = (132, 352, 1000)  # ends of headers, where one file is continued by another


@pytest.fixture(scope="module")
def whole(
    tmp_path_factory: pytest.TempPathFactory,
    dicom: Callable[..., Path],
    chest: NDArray[np.int16],
) -> dict[str, bytes]:
    """A small file of each kind."""
    folder = tmp_path_factory.mktemp("whole")
    dicom(folder / "x.dcm", chest[2])
    image = SimpleITK.GetImageFromArray(chest)
    for name in ("x.nii", "x.nii.gz", "x.nrrd", "x.mha"):
        SimpleITK.WriteImage(image, str(folder / name), name != "x.nii")
    slice_ = SimpleITK.GetImageFromArray(chest[:1])
    slice_.SetMetaData("0008|0060", "CT")
    SimpleITK.WriteImage(slice_, str(folder / "j2k.dcm"), True)
    with ZipFile(folder / "x.zip", "w") as archive:
        for name in ("x.dcm", "x.nrrd"):
            archive.write(folder / name, name)
    return {name: (folder / name).read_bytes() for name in KINDS}


def mutated(whole: dict[str, bytes], kind: str, chance: random.Random) -> bytes:
    data = bytearray(whole[kind])
    how = chance.choice(("flip", "header", "cut", "splice"))
    if how == "flip":
        for _ in range(chance.choice((1, 30))):
            data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    elif how == "header":
        for _ in range(chance.choice((1, 3, 10))):
            data[chance.randrange(min(len(data), 1500))] = chance.randrange(256)
    elif how == "cut":
        del data[chance.randrange(len(data)) :]
    else:
        end = chance.choice(HEADS)
        data[: chance.choice((0, end))] = whole[chance.choice(KINDS)][:end]
    return bytes(data)


def check(path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pydicom and nibabel warn about damaged values
        for one in group_inputs([path], path.parent).inputs:
            for part in one.parts:
                try:
                    for slice_ in read_part(part, Reading()):
                        assert slice_.pixels.min() >= 0 and slice_.pixels.max() <= 1
                except UnreadableError as error:
                    assert "\n" not in str(error)


@pytest.mark.parametrize("kind", KINDS)
def test_mutated_files_are_read_or_refused(
    whole: dict[str, bytes], kind: str, tmp_path: Path
) -> None:
    chance = random.Random(kind)
    for _ in range(15):
        path = tmp_path / kind
        path.write_bytes(mutated(whole, kind, chance))
        check(path)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_many_mutated_files_are_read_or_refused(
    whole: dict[str, bytes], kind: str, tmp_path: Path
) -> None:
    chance = random.Random(f"{kind} again")
    for _ in range(800):
        path = tmp_path / kind
        path.write_bytes(mutated(whole, kind, chance))
        check(path)
