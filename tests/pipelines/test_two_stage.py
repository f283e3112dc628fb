"""Both stages as one callable."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.explanation import explain
from covidcls.fusion import Fusion
from lungseg.errors import CheckpointError, UnreadableError, UsageError
from lungseg.slice import Slice, Source
from pipelines import Prediction, TwoStagePipeline

Draw = Callable[..., NDArray[np.uint8]]


@pytest.fixture(scope="module")
def pipeline(tiny_weights: Path) -> TwoStagePipeline:
    return TwoStagePipeline.from_checkpoints(tiny_weights, device="cpu")


def one(prediction: Prediction | list[Prediction]) -> Prediction:
    assert isinstance(prediction, Prediction)
    return prediction


def several(predictions: Prediction | list[Prediction]) -> list[Prediction]:
    assert isinstance(predictions, list)
    return predictions


def test_an_array_gives_mask_box_and_probability_in_its_own_geometry(
    pipeline: TwoStagePipeline, drawn_slice: Draw, drawn_box: tuple[int, int, int, int]
) -> None:
    picture = drawn_slice(shape=(96, 140))
    result = one(pipeline(picture))
    assert result.status == "ok"
    assert result.mask is not None
    assert result.mask.shape == (96, 140)
    assert result.mask.dtype == np.bool_
    assert result.box is not None
    assert np.abs(np.subtract(result.box, drawn_box)).max() <= 2  # resized to the network and back
    assert result.lung_fraction == pytest.approx((picture == 10).mean(), rel=0.1)
    assert result.probability is not None
    assert 0 <= result.probability <= 1
    assert (result.label == "COVID") == (result.probability >= result.threshold)


def test_the_fields_stand_in_the_order_of_the_interface() -> None:
    assert list(Prediction.__dataclass_fields__) == [
        "path",
        "slice",
        "status",
        "probability",
        "label",
        "threshold",
        "lung_fraction",
        "lesion_fraction",
        "box",
        "mask",
        "message",
        "band",
        "lesion",
        "voxel_ml",
        "evidence",
        "file",
    ]


def test_a_fusion_is_not_given_the_findings_of_another_stage_one(
    pipeline: TwoStagePipeline, monkeypatch: pytest.MonkeyPatch
) -> None:
    classifier, segmenter = pipeline.classifier, pipeline.segmenter
    monkeypatch.setattr(classifier, "fusion", Fusion(0.0, 1.0, (1.0,)))
    for sha256, right in ((segmenter.sha256, True), ("other", False)):
        monkeypatch.setitem(classifier.card, "segmenter", {"name": "dark", "sha256": sha256})
        with contextlib.nullcontext() if right else pytest.raises(CheckpointError, match="another"):
            TwoStagePipeline(segmenter, classifier)


def test_a_list_gives_a_list_even_of_one(pipeline: TwoStagePipeline, drawn_slice: Draw) -> None:
    assert len(several(pipeline([drawn_slice()]))) == 1
    assert several(pipeline([])) == []


def test_array_path_and_slice_agree(
    pipeline: TwoStagePipeline, drawn_slice: Draw, tmp_path: Path
) -> None:
    picture = drawn_slice()
    file = tmp_path / "slice.png"
    Image.fromarray(picture).save(file)
    slice_ = Slice(picture.astype(np.float32) / 255, Source("mine", 4))
    of_path, of_text, of_array, of_slice = several(pipeline([file, str(file), picture, slice_]))
    assert {p.probability for p in (of_path, of_text, of_array, of_slice)} == {of_path.probability}
    assert (of_path.path, of_path.slice) == (str(file), 0)
    assert (of_slice.path, of_slice.slice) == ("mine", 4)


def test_a_file_of_several_pages_gives_one_prediction_a_page(
    pipeline: TwoStagePipeline, drawn_slice: Draw, tmp_path: Path
) -> None:
    pages = [Image.fromarray(drawn_slice(shade)) for shade in (150, 180, 210)]
    pages[0].save(tmp_path / "stack.tif", save_all=True, append_images=pages[1:])
    assert [p.slice for p in several(pipeline(tmp_path / "stack.tif"))] == [0, 1, 2]


def test_the_batch_size_does_not_change_what_is_said(
    pipeline: TwoStagePipeline, drawn_slice: Draw
) -> None:
    pictures = [drawn_slice(150 + 10 * n) for n in range(5)]
    pictures[2] = np.zeros((96, 96), np.uint8)
    singly, together = (several(pipeline(pictures, batch_size=size)) for size in (1, 16))
    assert [p.status for p in together] == ["ok", "ok", "not_ct", "ok", "ok"]
    for a, b in zip(singly, together, strict=True):
        assert (a.status, a.label, a.box) == (b.status, b.label, b.box)
        if a.probability is not None:
            assert a.probability == pytest.approx(b.probability, abs=2e-6)


@pytest.mark.parametrize(
    ("picture", "status"),
    [
        (np.zeros((64, 64), np.uint8), "not_ct"),  # all black
        (np.full((1, 1), 7, np.uint8), "not_ct"),
        (np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8), "not_ct"),
        (np.tile(np.linspace(128, 160, 64).astype(np.uint8), (64, 1)), "no_lung"),
    ],
)
def test_what_shows_no_lung_gets_a_reason_and_no_probability(
    pipeline: TwoStagePipeline, picture: NDArray[np.uint8], status: str
) -> None:
    result = one(pipeline(picture))
    assert result.status == status
    assert result.message
    assert (result.probability, result.label, result.box) == (None, None, None)
    assert result.lung_fraction == 0
    assert result.mask is not None
    assert result.mask.shape == picture.shape[:2]
    assert not result.mask.any()


def test_a_doubtful_mask_is_told_in_the_message_and_stays_ok(
    pipeline: TwoStagePipeline, drawn_slice: Draw
) -> None:
    whole, half = drawn_slice(), drawn_slice()
    half[:, 48:] = 200
    of_whole, of_half = several(pipeline([whole, half]))
    assert "check the mask" not in of_whole.message
    assert of_half.status == "ok"
    assert of_half.probability is not None
    assert "check the mask: one lung missing or much smaller" in of_half.message


def test_a_refused_slice_has_no_mask_to_doubt(
    pipeline: TwoStagePipeline, drawn_slice: Draw
) -> None:
    speck = np.full((96, 96), 200, np.uint8)
    speck[40:46, 40:46] = 10  # 0.4 %: seen by stage 1, too little to judge
    result = one(pipeline(speck))
    assert result.status == "no_lung"
    assert "check the mask" not in result.message


def test_what_stage_one_does_not_take_for_chest_ct_gets_no_probability(
    pipeline: TwoStagePipeline, tiny_weights: Path, drawn_slice: Draw
) -> None:
    strict = TwoStagePipeline.from_checkpoints(tiny_weights, device="cpu")
    strict.min_chest_ct = 0.999  # the tiny network says 0.993 to everything
    result = one(strict(drawn_slice()))
    assert (result.status, result.probability) == ("not_ct", None)
    assert "does not look like a chest CT" in result.message


def test_region_full_shows_stage_two_the_whole_slice_and_keeps_the_mask(
    pipeline: TwoStagePipeline, tiny_weights: Path, drawn_slice: Draw
) -> None:
    full = TwoStagePipeline.from_checkpoints(tiny_weights, region="full", device="cpu")
    of_full, of_crop = one(full(drawn_slice())), one(pipeline(drawn_slice()))
    assert (full.region, pipeline.region) == ("full", "crop")
    assert of_full.box == of_crop.box
    assert of_full.probability != of_crop.probability
    assert full.stage_two_box(of_full) is None


def test_stage_two_looks_into_the_box_shrunk_by_the_margin(
    pipeline: TwoStagePipeline, drawn_slice: Draw
) -> None:
    result = one(pipeline(drawn_slice()))
    seen = pipeline.stage_two_box(result)
    assert result.box is not None
    assert seen is not None
    assert np.subtract(seen, result.box).tolist() == [5, 5, -5, -5]


def test_the_threshold_asked_for_decides_the_label(tiny_weights: Path, drawn_slice: Draw) -> None:
    for threshold, label in ((0.0, "COVID"), (1.0, "non-COVID")):
        pipeline = TwoStagePipeline.from_checkpoints(
            tiny_weights, device="cpu", threshold=threshold
        )
        result = one(pipeline(drawn_slice()))
        assert (result.threshold, result.label) == (threshold, label)


@pytest.fixture
def weights_with_points(tiny_weights: Path, tmp_path: Path) -> Path:
    """The tiny weights, their card with two operating points and a band around everything."""
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    file = weights / "random-crop.json"
    card = json.loads(file.read_text())
    points = {"youden": {"threshold": 0.5}, "sensitive": {"threshold": 0.0}}
    card |= {"operating_points": points, "indeterminate": {"low": 0.0, "high": 1.0}}
    file.write_text(json.dumps(card))
    return weights


def test_the_operating_point_decides_the_label_and_a_threshold_goes_before_it(
    weights_with_points: Path, drawn_slice: Draw
) -> None:
    load = TwoStagePipeline.from_checkpoints
    default = load(weights_with_points, device="cpu")
    assert (default.operating_point, default.threshold) == ("youden", 0.5)
    sensitive = load(weights_with_points, device="cpu", operating_point="sensitive")
    assert (sensitive.operating_point, sensitive.threshold) == ("sensitive", 0.0)
    assert one(sensitive(drawn_slice())).label == "COVID"
    given = load(weights_with_points, device="cpu", threshold=1.0, operating_point="sensitive")
    assert (given.operating_point, given.threshold) == ("given", 1.0)
    with pytest.raises(UsageError, match="no operating point 'cost'; it has youden, sensitive"):
        load(weights_with_points, device="cpu", operating_point="cost")


def test_an_indeterminate_slice_keeps_a_label_of_two(
    pipeline: TwoStagePipeline, weights_with_points: Path, drawn_slice: Draw
) -> None:
    within = TwoStagePipeline.from_checkpoints(weights_with_points, device="cpu")
    black = np.zeros((96, 96), np.uint8)
    result, refused = several(within([drawn_slice(), black]))
    assert result.band == "indeterminate"
    assert result.label in ("COVID", "non-COVID")
    assert refused.band is None
    assert one(pipeline(drawn_slice())).band is None  # a card from before there were bands


def test_messages_of_the_reader_reach_the_prediction(
    pipeline: TwoStagePipeline, drawn_slice: Draw
) -> None:
    deep = drawn_slice().astype(np.uint16) * 100
    assert "stretched from their own range" in one(pipeline(deep)).message


def test_wrong_use_is_told_in_a_sentence(
    pipeline: TwoStagePipeline, tiny_weights: Path, tmp_path: Path, drawn_slice: Draw
) -> None:
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(UnreadableError, match=r"text\.png"):
        pipeline(tmp_path / "text.png")
    with pytest.raises(UnreadableError, match="folder"):
        pipeline(tmp_path)
    with pytest.raises(UsageError, match="batch size 0"):
        pipeline(drawn_slice(), batch_size=0)
    with pytest.raises(UsageError, match="threshold"):
        TwoStagePipeline.from_checkpoints(tiny_weights, threshold=1.5)
    with pytest.raises(CheckpointError, match="background"):
        TwoStagePipeline.from_checkpoints(tiny_weights, region="background")


def test_the_heat_map_of_a_prediction_is_the_explanation_of_the_slice(
    pipeline: TwoStagePipeline, drawn_slice: Draw
) -> None:
    slice_ = Slice(drawn_slice(shape=(96, 140)).astype(np.float32) / 255, Source("x"))
    [lung] = pipeline.segmenter.predict([slice_])
    shown = pipeline.heat_map(slice_, one(pipeline(slice_)))
    expected = explain(pipeline.classifier, slice_, lung, "cam").evidence
    assert shown is not None
    np.testing.assert_allclose(shown, expected, atol=1e-5)
    assert (shown > 0).any()
    black = Slice(np.zeros((96, 96), np.float32), Source("y"))
    assert pipeline.heat_map(black, one(pipeline(black))) is None


def test_a_classifier_of_another_region_is_refused(tiny_weights: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights"
    shutil.copytree(tiny_weights, weights)
    swapped = {"segmenter": "dark", "classifier": {"full": "random-crop"}}
    (weights / "defaults.json").write_text(json.dumps(swapped))
    with pytest.raises(CheckpointError, match="random-crop for region 'full'.*trained on 'crop'"):
        TwoStagePipeline.from_checkpoints(weights, region="full")


@pytest.mark.parametrize("size", [0, -1])
def test_a_batch_of_nothing_is_refused_by_both_stages(tiny_weights: Path, size: int) -> None:
    pipeline = TwoStagePipeline.from_checkpoints(tiny_weights, device="cpu")
    for predict in (pipeline.predict, pipeline.segmenter.predict, pipeline.classifier.predict):
        with pytest.raises(UsageError, match=f"batch size {size} is too small"):
            predict([], batch_size=size)
