"""The page of a run: self-contained, escaped, bounded, and honest about its numbers."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from lungseg.drawing import LESION, LUNG
from pipelines.cases import Case, Deciding, Name
from pipelines.overlays import WORDS
from pipelines.predict_report import render

FIGURE = {"value": 0.8, "low": 0.7, "high": 0.9, "n": 100, "n_groups": 40}
CARD = {
    "training": {"data": "somewhere", "val": {"images": 100, "positive": 60}},
    "operating_points": {"youden": {"aim": "the aim", "recall": FIGURE, "specificity": FIGURE}},
    "indeterminate": {"low": 0.3, "high": 0.6},
    "floor": {**FIGURE, "what": "a forest without lungs"},
    "figures": {"val": {"auc": FIGURE}},
    "reading": "nothing here says how it does elsewhere",
}
RECORD: dict[str, Any] = {
    "note": "A research tool, not a medical device.",
    "input": "studies",
    "started": "2026-01-01",
    "threshold": 0.5,
    "operating_point": "youden",
    "slices": 3,
    "status": {"ok": 2, "not_ct": 1},
    "cases": {"cases": 900, "COVID": 1, "non-COVID": 1, "without": 898},
    "weights": {"classifier": {"name": "net", "sha256": "abc"}},
    "options": {"case": "file", "threshold": None, "heat_map": False},
    "versions": {"numpy": "2"},
    "device": "cpu",
    "written": {"overlays": "overlays"},
}


def case(path: str, probability: float | None, *slices: int) -> Case:
    return Case(
        Name(path, "series"),
        slices=max(len(slices), 2),
        ok=len(slices),
        probability=probability,
        label=None if probability is None else "COVID",
        threshold=0.5,
        band=None if probability is None else "indeterminate",
        deciding=tuple(Deciding(path, index, 0.75, f"a/IM{index}") for index in slices),
        lung_ml=None if probability is None else 4321.0,
        lesion_fraction=None if probability is None else 0.125,
        message="its modality is MR" if probability is None else "tilted",
    )


@pytest.fixture
def overlay(tmp_path: Path) -> Path:
    """An overlay with a line of one pixel, and words below it."""
    pixels = np.full((1024 + WORDS, 1024, 3), 90, np.uint8)
    pixels[512, :1024] = LUNG[::-1]
    pixels[1024:] = 255
    Image.fromarray(pixels).save(tmp_path / "overlay.png")
    return tmp_path / "overlay.png"


def page(cases: list[Case], overlay: Path, **record: Any) -> str:
    return render({**RECORD, **record}, CARD, cases, lambda one: overlay)


def test_pictures_are_inside_and_small_and_their_lines_do_not_fade(overlay: Path) -> None:
    text = page([case("ct", 0.75, 4, 2)], overlay)
    found = re.findall(r'src="data:image/jpeg;base64,([^"]+)" alt="ct, slice (\d) \(IM\2\)"', text)
    assert [number for _, number in found] == ["4", "2"]
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(found[0][0]))))
    assert picture.shape[:2] == (288, 288)
    assert np.ptp(picture.astype(int), axis=2).max() > 40  # between the channels; a faded line: 20
    assert picture[-20:].max() < 120  # the words are cut off
    assert not re.search(r"https?:|<script|<link|url\(", text)


def test_lines_that_touch_keep_their_colours(overlay: Path) -> None:
    pixels = np.full((288 + WORDS, 288, 3), 90, np.uint8)
    pixels[100], pixels[101] = LUNG[::-1], LESION[::-1]
    Image.fromarray(pixels).save(overlay)
    [found] = re.findall(r"base64,([^\"]+)", page([case("ct", 0.75, 4)], overlay))
    shown = np.asarray(Image.open(io.BytesIO(base64.b64decode(found))).convert("L"))
    assert 130 < shown.max() < 180  # each of them; a mixture is brighter


def test_a_heat_map_stands_beside_its_slice_and_is_told(overlay: Path) -> None:
    pixels = np.asarray(Image.open(overlay))
    Image.fromarray(np.hstack([pixels, pixels])).save(overlay)
    options = {**RECORD["options"], "heat_map": True}
    text = page([case("ct", 0.75, 4)], overlay, options=options)
    [found] = re.findall(r"base64,([^\"]+)", text)
    assert Image.open(io.BytesIO(base64.b64decode(found))).size == (2 * 288, 288)
    said = " ".join(text.split())
    assert "where it speaks for COVID-19, in one scale for all slices" in said
    assert "a network that looks into the lungs may still be wrong" in said
    without = " ".join(page([case("ct", 0.75, 4)], overlay).split())
    assert "speaks for COVID-19" not in without


def test_what_the_number_means_stands_above_the_cases(overlay: Path) -> None:
    text = page([case("ct", 0.75, 4)], overlay)
    said = " ".join(text.partition('<ol class="cases">')[0].split())
    for sentence in (
        "calibrated on 100 validation slices of somewhere, of which 60 were COVID-19",
        "never the probability that this patient has COVID-19",
        "called COVID from 0.500 on (operating point: youden)",
        "recall 0.80 (0.70 to 0.90), specificity",
        "Between 0.300 and 0.600 the classifier has no answer",
        "Known without the lungs: 0.80 (0.70 to 0.90) (a forest without lungs)",
        "does not lie above the other",
        "Nothing here says how it does elsewhere",
        "not a medical device",
    ):
        assert sentence in said


def test_a_card_that_says_little_is_told_so(overlay: Path) -> None:
    text = render(RECORD, {}, [case("ct", 0.75, 4)], lambda one: overlay)
    assert "The card names no floor" in text


def test_each_data_set_that_was_learned_stands_beside_its_own_floor(overlay: Path) -> None:
    here, there = ({**FIGURE, "value": value} for value in (0.75, 0.85))
    card = {
        **CARD,
        "figures_by_source": {"val": {"a": {"auc": here}, "b": {"auc": FIGURE}, "mean_auc": 0.8}},
        "floor_by_source": {"a": {**there, "what": "a forest without lungs"}},
    }
    said = " ".join(render(RECORD, card, [case("ct", 0.75, 4)], lambda one: overlay).split())
    assert "On a: known without the lungs: 0.85 (0.70 to 0.90) (a forest without lungs)" in said
    assert "AUC 0.75" in said
    assert "On b: the card names no floor" in said


def test_figures_of_folds_are_not_called_those_of_the_classifier(overlay: Path) -> None:
    card = {**CARD, "training": {**CARD["training"], "folds": {"score": [0.8] * 5}}}
    said = " ".join(render(RECORD, card, [case("ct", 0.75, 4)], lambda one: overlay).split())
    assert "each judged by a network that had not learned from it" in said
    assert "Networks of this recipe, out of fold: AUC 0.80" in said
    assert "Out of fold it reached recall 0.80" in said
    assert "This classifier, on the same slices" not in said


def test_cases_tell_their_figures_or_why_there_are_none(overlay: Path) -> None:
    text = page([case("ct", 0.75, 4), case("mr", None)], overlay)
    first, second = (" ".join(part.split()) for part in text.split('<li class="case">')[1:])
    for words in ("0.750", "COVID", "indeterminate", "4,321 ml", "lesion 12.5 %", "tilted"):
        assert words in first
    assert "no probability" in second
    assert "its modality is MR" in second
    assert "898 further cases are not shown" in " ".join(text.split())


def test_names_from_others_are_text_and_nothing_else(overlay: Path) -> None:
    text = page([case("<img src=x>\n\udcff", 0.75, 4)], overlay, input="<b>\udcff")
    assert "<img src=x>" not in text
    assert "<b>" not in text
    text.encode("utf-8")


def test_a_picture_that_is_lost_or_was_never_drawn_leaves_its_words(tmp_path: Path) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    for overlay in (tmp_path / "missing.png", tmp_path / "empty.png"):
        text = page([case("ct", 0.75, 4)], overlay, written={})
        assert "<img" not in text
        assert "slice 4 (IM4): 0.750" in text
        assert "wrote no overlays" in text
        assert "The pictures show" not in text
