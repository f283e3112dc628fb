"""What a person sees of a prediction."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from lungseg.drawing import BOX, LESION, LUNG, Colour
from lungseg.slice import Slice, Source
from lungseg.whole_file import LONGEST_NAME, write_whole
from pipelines.overlays import WORDS, draw_overlay, file_name, overlay_name, write_picture
from pipelines.prediction import Prediction


def drawn(
    shape: tuple[int, int], with_lung: bool = True, heat: NDArray[np.float32] | None = None
) -> NDArray[np.uint8]:
    mask = np.zeros(shape, dtype=bool)
    lesion = np.zeros(shape, dtype=bool)
    if with_lung:
        mask[shape[0] // 4 : shape[0] // 2, shape[1] // 4 : shape[1] // 2] = True
        lesion[shape[0] // 3 : shape[0] // 2 - 20, shape[1] // 3 : shape[1]] = True
    slice_ = Slice(np.full(shape, 0.5, np.float32), Source("x"))
    prediction = Prediction(
        "x", 0, "ok", 0.5, "COVID", 0.5, 0.1, 0.2, None, mask, "é \x07", lesion=lesion
    )
    return draw_overlay(slice_, prediction, (10, 20, 40, 50) if with_lung else None, heat)


def has(picture: NDArray[np.uint8], colour: Colour) -> NDArray[np.bool_]:
    return np.asarray((picture == colour).all(axis=2))


def test_contours_follow_the_masks_and_the_box_is_the_one_given() -> None:
    picture = drawn((512, 512))[:512]
    rows, columns = np.nonzero(has(picture, LUNG))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (128, 128, 255, 255)
    rows, columns = np.nonzero(has(picture, LESION))  # what of the lesion lies in the lung
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (170, 170, 255, 235)
    rows, columns = np.nonzero(has(picture, BOX))
    assert (columns.min(), rows.min(), columns.max(), rows.max()) == (10, 20, 39, 49)


def test_nothing_is_drawn_where_there_is_no_lung() -> None:
    picture = drawn((512, 512), with_lung=False)
    for colour in (LUNG, LESION, BOX):
        assert not has(picture, colour).any()  # nor is it in the legend


def test_text_stands_below_the_picture_and_not_on_it() -> None:
    picture = drawn((512, 512), with_lung=False)
    assert (picture[:512] == 128).all()
    assert picture[512:].any()


def test_an_overlay_says_that_its_label_should_not_be_believed() -> None:
    slice_ = Slice(np.full((512, 512), 0.5, np.float32), Source("x"))
    sure = Prediction("x", 0, "ok", 0.4, "non-COVID", 0.5, 0.1, 0.2, None, None, "", band="below")
    words, more = (
        np.nonzero(draw_overlay(slice_, one, None)[512:].any(axis=(0, 2)))[0].max()
        for one in (sure, replace(sure, band="indeterminate"))
    )
    assert more > words + 50


def test_the_legend_has_the_colours_that_are_drawn_and_stands_below_the_picture() -> None:
    legend = drawn((512, 512))[512:]
    assert legend.shape[0] == WORDS
    places = []
    for colour in (LUNG, LESION, BOX):
        near = np.abs(legend.astype(int) - colour).max(axis=2) < 40
        assert near.any()
        places.append(np.nonzero(near)[1].mean())
    assert places == sorted(places)


def test_the_heat_map_stands_beside_the_slice_by_a_fixed_scale() -> None:
    heat = np.zeros((512, 512), np.float32)
    plain = drawn((512, 512))
    tints = []
    for log_odds in (0.8, 8, 80):
        heat[300:400, 300:400] = log_odds
        picture = drawn((512, 512), heat=heat)
        assert picture.shape == (512 + WORDS, 1024, 3)
        assert (picture[:, :512] == plain).all()
        beside = picture[:512, 512:]
        assert (beside[450:, 450:] == 128).all()
        tints.append(int(np.ptp(beside[350, 350].astype(int))))
    assert 0 < tints[0] < 15
    assert tints[0] < tints[1] == tints[2]


@pytest.mark.parametrize(
    ("shape", "size"),
    [
        ((61, 100), (312, 512)),
        ((600, 700), (600, 700)),
        ((3000, 1500), (1024, 512)),
        ((1, 1), (512, 512)),
    ],
)
def test_thumbnails_grow_and_scans_shrink(shape: tuple[int, int], size: tuple[int, int]) -> None:
    picture = drawn(shape, with_lung=False)
    assert picture.shape == (size[0] + WORDS, max(size[1], 512), 3)


def test_each_slice_has_its_own_overlay_beside_its_path() -> None:
    assert str(overlay_name("a/b.png", 0)) == "a/b.png.png"
    assert str(overlay_name("a/b.tif", 3)) == "a/b.tif.3.png"


def test_a_file_named_like_a_slice_of_a_series_keeps_its_own_overlay() -> None:
    slices = [("CT", 0), ("CT", 3), ("CT.3", 0), ("CT.3", 1), ("CT.3.0", 0), ("CT.3.1", 0)]
    assert len({overlay_name(path, index) for path, index in slices}) == len(slices)


def test_a_folder_named_like_an_overlay_is_no_overlay() -> None:
    overlay = overlay_name("CT", 0)
    assert overlay not in overlay_name("CT.png/x.dcm", 0).parents
    assert str(overlay_name("a.png/b/x.dcm", 0)) == "a.png_/b/x.dcm.png"


def test_a_long_name_is_written_whole(tmp_path: Path) -> None:
    for letters in range(200, 250):
        file = tmp_path / file_name("x" * letters, "", ".nii.gz")
        write_whole(file, b"")
        write_picture(b"", tmp_path / overlay_name("x" * letters, 0))
    assert len(list(tmp_path.iterdir())) == 100


def test_a_name_that_is_long_already_is_cut_and_stays_unique() -> None:
    one, other = (overlay_name("d/" + "ü" * 120 + end, 0).name for end in ("1.png", "2.png"))
    assert one != other
    assert len(one.encode("utf-8", "surrogateescape")) <= LONGEST_NAME
