"""The first rows come soon, and a run that goes on computes what an undisturbed one does."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from pipelines.chunks import chunks
from pipelines.predict_folder import predict_folder
from pipelines.predict_options import Options


def test_chunks_double_from_one_slice_up_to_the_batch() -> None:
    assert [len(chunk) for chunk in chunks(range(60), 16)] == [1, 2, 4, 8, 16, 16, 13]
    assert [len(chunk) for chunk in chunks(range(20), 6)] == [1, 2, 4, 6, 6, 1]
    assert [len(chunk) for chunk in chunks(range(3), 1)] == [1, 1, 1]
    assert sum(chunks(range(60), 16), []) == list(range(60))


@pytest.mark.parametrize("most", [1, 2, 3, 16])
def test_chunks_after_any_whole_chunk_are_those_of_the_whole(most: int) -> None:
    whole = list(chunks(range(70), most))
    for place in range(len(whole)):
        done = whole[place][0]
        assert list(chunks(range(done, 70), most, done)) == whole[place:]


def test_rows_are_saved_as_they_come_and_a_resumed_run_has_the_same_chunks(
    slices: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    saved: list[int] = []

    def see(done: int, total: int) -> None:
        saved.append(done)

    def interrupt(done: int, total: int) -> None:
        see(done, total)
        if done == 2:
            raise KeyboardInterrupt

    common = (Options(device="cpu", overlays=False, report=False), tiny_weights, 0)
    predict_folder(slices, tmp_path / "whole", *common, progress=see)
    assert saved == [0, 2, 6, 7]
    saved.clear()
    with pytest.raises(KeyboardInterrupt):
        predict_folder(slices, tmp_path / "out", *common, progress=interrupt)
    predict_folder(slices, tmp_path / "out", *common, resume=True, progress=see)
    assert saved == [0, 2, 6, 7]
    tables = [(tmp_path / name / "predictions.csv").read_bytes() for name in ("whole", "out")]
    assert tables[0] == tables[1]


def test_an_input_is_done_after_its_last_slice(
    slices: Path, tiny_weights: Path, tmp_path: Path
) -> None:
    page = Image.open(slices / "slice0.png")
    page.save(tmp_path / "stack.tif", save_all=True, append_images=[page] * 3)
    done: list[int] = []
    options = Options(device="cpu", overlays=False, report=False)
    predict_folder(
        tmp_path / "stack.tif",
        tmp_path / "out",
        options,
        tiny_weights,
        0,
        progress=lambda now, _: done.append(now),
    )
    assert done == [0, 0, 0, 1]
