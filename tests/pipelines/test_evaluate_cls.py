"""The command evaluate cls: figures, curves and rows of labelled slices."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.data.learned import learned_hashes, write_learned
from covidcls.data.pictures import LabelledPicture, divide, read_class_folders, split_sha256
from covidcls.evaluation.measure import FIGURES
from lungseg.errors import CheckpointError
from lungseg.io import read_slices
from pipelines.evaluate import main
from pipelines.evaluate_cls import Options, evaluate_cls
from pipelines.evaluation_rows import PREDICTION_COLUMNS
from pipelines.results import COLUMNS

Evaluate = Callable[..., tuple[int, str, str]]
WithCard = Callable[..., Path]
Draw = Callable[..., NDArray[np.uint8]]
DRAWN = (
    "confusion_matrix",
    "decision_curve",
    "misclassified",
    "precision_recall",
    "reliability",
    "roc",
)


@pytest.fixture
def folders(tmp_path: Path, drawn_slice: Draw) -> Path:
    """Four slices of COVID and three of none, of two patients each."""
    rows = ["name,patient"]
    for name, count in (("COVID", 4), ("healthy", 3)):
        (tmp_path / "set" / name).mkdir(parents=True)
        for number in range(count):
            stem = f"{name.lower()}.{number}"
            picture = drawn_slice(140 + 20 * number + count)
            Image.fromarray(picture).save(tmp_path / "set" / name / f"{stem}.png")
            rows.append(f"{stem},{name}-{number // 2}")
    (tmp_path / "patients.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "set"


@pytest.fixture
def evaluate(tmp_path: Path, tiny_weights: Path, capsys: pytest.CaptureFixture[str]) -> Evaluate:
    """Run ``evaluate cls`` into ``tmp_path/out``: (exit code, stdout, stderr)."""

    def run(data: Path, layout: str, *arguments: object) -> tuple[int, str, str]:
        given = ["--data", str(data), "--layout", layout, *map(str, arguments), "--device", "cpu"]
        for option, value in (("--out", tmp_path / "out"), ("--weights", tiny_weights)):
            if option not in given:
                given += [option, str(value)]
        code = main(["cls", *given])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(file: Path) -> tuple[tuple[str, ...], list[dict[str, str]]]:
    with file.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        return tuple(reader.fieldnames or ()), list(reader)


def metrics_in(out: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((out / "metrics.json").read_text())
    return found


def test_class_folders_become_figures_curves_and_rows(
    evaluate: Evaluate, folders: Path, tmp_path: Path
) -> None:
    code, said, error = evaluate(folders, "folders", "--patients", tmp_path / "patients.csv")
    assert (code, error) == (0, "")
    out = tmp_path / "out"
    assert sorted(path.name for path in out.iterdir()) == [
        "figures",
        "metrics.json",
        "predictions.csv",
    ]
    assert sorted(path.name for path in (out / "figures").iterdir()) == [
        f"{name}.{kind}" for name in DRAWN for kind in ("csv", "png")
    ]
    found = metrics_in(out)
    assert (found["n_images"], found["n_patients"], found["clustered_by"]) == (7, 4, "patient")
    assert (found["positive_class"], found["data"]["split"]) == ("COVID", "all")
    assert (found["threshold"], found["operating_point"]) == (0.5, "youden")
    for name in FIGURES:
        assert found[name].keys() == {"value", "low", "high"}
    assert found["patients"]["n"] == 4
    assert found["checkpoint"]["name"] == "random-crop"
    assert {"python", "numpy", "torch"} <= found["versions"].keys()
    columns, rows = rows_of(out / "predictions.csv")
    assert columns == PREDICTION_COLUMNS == (*COLUMNS, "truth", "patient")
    assert [row["truth"] for row in rows] == ["COVID"] * 4 + ["non-COVID"] * 3
    assert [row["patient"] for row in rows[:3]] == ["COVID-0", "COVID-0", "COVID-1"]
    right = np.mean([row["label"] == row["truth"] for row in rows])
    assert found["accuracy"]["value"] == pytest.approx(right, abs=1e-4)
    header, curve = rows_of(out / "figures" / "roc.csv")
    assert header == ("false_positive_rate", "recall", "low", "high")
    assert curve[-1]["recall"] == "1"
    assert f"{found['auc']['value']:.3f}" in said
    assert str(out / "metrics.json") in said


def test_covid_ct_is_judged_on_its_validation_split_by_source_paper(
    evaluate: Evaluate, covid_layout: Path, tmp_path: Path
) -> None:
    code, said, _ = evaluate(covid_layout, "covid-ct", "--json", "--threshold", 0.25)
    found = metrics_in(tmp_path / "out")
    assert code == 0
    assert json.loads(said) == found
    assert (found["n_images"], found["data"]["split"], found["threshold"]) == (6, "val", 0.25)
    assert (found["clustered_by"], found["n_patients"]) == ("paper", None)
    assert found["threshold_chosen_by"] == "given by hand"
    assert "no patient ids: intervals are over papers" in found["messages"][0]
    assert found["messages"][-1] == "one paper alone gives intervals without width"
    assert found["patients"] is None


def test_what_predict_says_of_a_slice_is_what_is_judged(
    evaluate: Evaluate, folders: Path, tmp_path: Path, tiny_weights: Path
) -> None:
    from pipelines import Prediction, TwoStagePipeline

    evaluate(folders, "folders", "--region", "full")
    _, rows = rows_of(tmp_path / "out" / "predictions.csv")
    pipeline = TwoStagePipeline.from_checkpoints(tiny_weights, region="full", device="cpu")
    for row in rows:
        expected = pipeline(folders / row["path"])
        assert isinstance(expected, Prediction) and expected.probability is not None
        assert float(row["probability"]) == pytest.approx(expected.probability, abs=2e-6)
        assert row["label"] == expected.label


def test_pictures_of_16_bits_may_be_hu(
    evaluate: Evaluate, folders: Path, tmp_path: Path, drawn_slice: Draw, tiny_weights: Path
) -> None:
    from pipelines import TwoStagePipeline

    hu = drawn_slice().astype(np.uint16) * 7  # lungs of -954 in a body of 376
    Image.fromarray(hu).save(folders / "COVID" / "hu.png")
    code, _, error = evaluate(folders, "folders", "--hu-offset", 1024)
    assert (code, error) == (0, "")
    _, rows = rows_of(tmp_path / "out" / "predictions.csv")
    [row] = [row for row in rows if row["path"] == "COVID/hu.png"]
    pipeline = TwoStagePipeline.from_checkpoints(tiny_weights, device="cpu")
    [seen] = pipeline.predict(list(read_slices(folders / row["path"], 1024)))
    [stretched] = pipeline.predict(list(read_slices(folders / row["path"])))
    assert float(row["probability"]) == pytest.approx(seen.probability, abs=2e-6)
    assert seen.probability != pytest.approx(stretched.probability, abs=1e-5)


def test_few_patients_of_one_class_are_told(
    evaluate: Evaluate, folders: Path, drawn_slice: Draw
) -> None:
    for number in range(12):
        picture = drawn_slice(100 + number)
        Image.fromarray(picture).save(folders / "COVID" / f"more{number}.png")
    _, said, _ = evaluate(folders, "folders")
    assert "negative slices, so specificity: an interval over 3 images is a range" in said
    assert "positive slices" not in said


def test_refused_slices_have_rows_and_no_part_in_the_figures(
    evaluate: Evaluate, folders: Path, tmp_path: Path
) -> None:
    Image.new("L", (96, 96)).save(folders / "COVID" / "black.png")
    (folders / "COVID" / "text.png").write_text("no picture")
    code, said, error = evaluate(folders, "folders")
    assert (code, error) == (3, "")
    found = metrics_in(tmp_path / "out")
    assert found["n_images"] == 7
    assert found["slices"] == {"ok": 7, "no_lung": 0, "not_ct": 1, "unreadable": 1}
    assert "2 slices were not judged and are in no figure, first COVID/black.png" in said
    _, rows = rows_of(tmp_path / "out" / "predictions.csv")
    assert {row["status"] for row in rows if not row["probability"]} == {"not_ct", "unreadable"}
    assert str(folders) not in rows[-4]["message"]


def test_where_all_slices_are_refused_it_says_why(
    evaluate: Evaluate, folders: Path, tmp_path: Path
) -> None:
    for file in folders.rglob("*.png"):
        Image.new("L", (96, 96)).save(file)
    (folders / "healthy" / "text.png").write_text("no picture")
    code, said, error = evaluate(folders, "folders")
    assert (code, said) == (2, "")
    start = "none of the 8 slices could be judged (not_ct 7, unreadable 1), first COVID/covid.0.png"
    assert error.startswith(f"{start}: ")
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.fixture
def with_card(tiny_weights: Path, tmp_path: Path) -> WithCard:
    """The tiny weights in a folder of their own, the classifier's card with other entries."""

    def changed(**entries: Any) -> Path:
        weights = tmp_path / "weights"
        shutil.copytree(tiny_weights, weights)
        file = weights / "random-crop.json"
        file.write_text(json.dumps(json.loads(file.read_text()) | entries))
        return weights

    return changed


@pytest.mark.parametrize(
    ("training", "where"), [({}, "on validation"), ({"folds": {}}, "out of fold")]
)
def test_operating_points_and_the_band_of_the_card_are_judged(
    evaluate: Evaluate,
    folders: Path,
    tmp_path: Path,
    with_card: WithCard,
    training: dict[str, Any],
    where: str,
) -> None:
    points = {name: {"threshold": t, "aim": "an aim"} for name, t in (("youden", 0.5), ("cost", 0))}
    band = {"low": 0.0, "high": 1.0}
    weights = with_card(operating_points=points, indeterminate=band, training=training)
    code, _, _ = evaluate(folders, "folders", "--weights", weights, "--operating-point", "cost")
    found = metrics_in(tmp_path / "out")
    assert code == 0
    assert (found["threshold"], found["operating_point"]) == (0, "cost")
    assert found["threshold_chosen_by"] == f"an aim, {where}"
    assert found["recall"]["value"] == found["operating_points"]["cost"]["recall"]["value"] == 1
    assert found["indeterminate"]["n"]["indeterminate"] == 7


def test_figures_of_the_data_that_chose_the_classifier_are_called_optimistic(
    evaluate: Evaluate, covid_layout: Path, tmp_path: Path, with_card: WithCard
) -> None:
    learned = {"layout": "folders, covid-ct", "data": "mine, covid-ct"}
    weights = with_card(training=learned, floor={"value": 0.75, "low": 0.7, "high": 0.8})
    _, said, _ = evaluate(covid_layout, "covid-ct", "--weights", weights)
    assert "its figures are optimistic" in said
    assert "0.750   (0.700 to 0.800), known without the lungs" in said
    _, said, _ = evaluate(
        covid_layout, "covid-ct", "--weights", weights, "--split", "train", "--overwrite"
    )
    assert "was trained on images of this split" in said
    assert metrics_in(tmp_path / "out")["floor"] is None


@pytest.mark.parametrize(
    ("recipe_of_data", "knows"),
    [({"everything": True}, True), ({"fold": 0}, True), ({"fold": None}, False)],
)
def test_a_classifier_that_learned_from_validation_is_not_judged_by_it(
    evaluate: Evaluate,
    covid_layout: Path,
    tmp_path: Path,
    with_card: WithCard,
    recipe_of_data: dict[str, Any],
    knows: bool,
) -> None:
    recipe = {"data": recipe_of_data}
    learned = {"layout": "covid-ct", "data": covid_layout.name, "recipe": recipe}
    weights = with_card(training=learned, floor={"value": 0.75, "low": 0.7, "high": 0.8})
    _, said, _ = evaluate(covid_layout, "covid-ct", "--weights", weights)
    assert ("was trained on images of this split" in said) is knows
    assert ("optimistic" in said) is not knows
    assert (metrics_in(tmp_path / "out")["floor"] is None) is knows


def learned_from(weights: Path, pictures: Sequence[LabelledPicture]) -> Path:
    """The weights of the folder, as if they had learned from ``pictures``."""
    file = weights / "random-crop.safetensors"
    card = json.loads(file.with_suffix(".json").read_text())
    card["learned"] = write_learned(file, learned_hashes(pictures))
    file.with_suffix(".json").write_text(json.dumps(card))
    return file


def test_slices_that_were_trained_on_are_known_in_any_folder(
    evaluate: Evaluate, folders: Path, tmp_path: Path, with_card: WithCard
) -> None:
    file = learned_from(with_card(), read_class_folders(folders)[1:4])
    weights = file.parent
    (folders / "COVID").rename(folders / "ill")
    _, said, _ = evaluate(folders, "folders", "--positive", "ill", "--weights", weights)
    assert "3 of 7 slices were trained on, by their content" in said
    assert metrics_in(tmp_path / "out")["n_learned"] == 3
    file.with_suffix(".learned").unlink()  # as of weights of before
    out = ("--weights", weights, "--out", tmp_path / "second")
    _, said, _ = evaluate(folders, "folders", "--positive", "ill", *out)
    assert "trained on" not in said
    assert metrics_in(tmp_path / "second")["n_learned"] is None


def test_a_damaged_list_of_what_was_learned_is_told_before_anything_is_judged(
    folders: Path, tmp_path: Path, with_card: WithCard
) -> None:
    file = learned_from(with_card(), read_class_folders(folders))
    file.with_suffix(".learned").write_text("torn")
    judged: list[int] = []
    options = Options("folders", weights=file.parent, device="cpu")
    with pytest.raises(CheckpointError, match="random-crop.learned is not what the card"):
        evaluate_cls(
            folders, tmp_path / "out", options, progress=lambda done, _: judged.append(done)
        )
    assert judged == []


@pytest.mark.parametrize("same", [True, False])
def test_validation_of_class_folders_is_that_of_the_training(
    evaluate: Evaluate, folders: Path, tmp_path: Path, with_card: WithCard, same: bool
) -> None:
    """And where files or patients are others than then, it may have been trained on."""
    parts = divide(read_class_folders(folders), 0.5, 2)
    then = split_sha256((part, one) for part in ("train", "val") for one in parts[part])
    training = {
        "layout": "folders",
        "data": "set",
        "recipe": {"data": {"val_share": 0.5, "split_seed": 2}},
        "split_sha256": then if same else "other",
    }
    weights = with_card(training=training)
    code, said, error = evaluate(folders, "folders", "--split", "val", "--weights", weights)
    assert code == 0, error
    found = metrics_in(tmp_path / "out")
    assert found["data"]["sha256"] == split_sha256(("val", one) for one in parts["val"])
    assert ("its figures are optimistic" in said.replace("\n", " ")) is same
    assert ("was trained on images of this split" in said) is not same


def test_the_floor_of_several_data_sets_is_not_taken_for_that_of_one(
    evaluate: Evaluate, covid_layout: Path, tmp_path: Path, with_card: WithCard
) -> None:
    floor = {"value": 0.75, "low": 0.7, "high": 0.8}
    weights = with_card(
        training={"layout": "covid-ct, covid-ct", "data": f"mine, {covid_layout.name}"},
        floor={**floor, "value": 0.92},
        figures_by_source={},
        floor_by_source={"mine": {**floor, "value": 0.6}, covid_layout.name: floor},
    )
    evaluate(covid_layout, "covid-ct", "--weights", weights)
    assert metrics_in(tmp_path / "out")["floor"] == floor


def test_wrong_use_is_one_sentence_and_writes_nothing(
    evaluate: Evaluate, folders: Path, covid_layout: Path, tmp_path: Path
) -> None:
    for data, layout, arguments, words in (
        (folders, "covid-ct", (), "there is no list"),
        (tmp_path / "absent", "folders", (), "there is no folder"),
        (folders, "folders", ("--positive", "covid"), "found COVID, healthy"),
        (covid_layout, "covid-ct", ("--positive", "banana"), "'banana' would only be another name"),
        (folders, "folders", ("--split", "test"), "no test split"),
        (covid_layout, "covid-ct", ("--split", "test"), "4 of the 4 files of the test split"),
        (folders, "folders", ("--patients", tmp_path / "no.csv"), "cannot read the patients"),
        (folders, "folders", ("--region", "mask"), "no classifier for region 'mask'"),
        (folders, "folders", ("--checkpoint", "randm-crop"), "known there are: random-crop"),
        (
            folders,
            "folders",
            ("--checkpoint", "random-full", "--region", "crop"),
            "was trained on region 'full', not 'crop'",
        ),
        (folders, "folders", ("--operating-point", "cost"), "no operating point 'cost'"),
        (folders, "folders", ("--out", folders / "out"), "lies in the input"),
    ):
        code, said, error = evaluate(data, layout, *arguments)
        assert (code, said) == (2, ""), error
        assert error.count("\n") == 1
        assert words in error
    assert not (tmp_path / "out").exists()


def test_an_earlier_evaluation_is_replaced_only_when_told_to(
    evaluate: Evaluate, folders: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "notes.txt").write_text("mine")
    code, _, error = evaluate(folders, "folders")
    assert code == 2 and "--overwrite" in error
    assert evaluate(folders, "folders", "--overwrite")[0] == 0
    assert (out / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["cls"], "required: --data, --layout, --out"),
        (["cls", "--data=a", "--layout=zip", "--out=b"], "invalid choice: 'zip'"),
        (["cls", "--data=a", "--layout=folders", "--out=b", "--splt=val"], "did you mean --split"),
        (
            ["cls", "--data=a", "--layout=folders", "--out=b", "--threshold=2"],
            "not a number from 0 to 1",
        ),
    ],
)
def test_wrong_arguments_are_told(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_real_slices_have_their_patients(
    evaluate: Evaluate, shared_data: Path, tmp_path: Path
) -> None:
    """A dozen slices of the published layout, with the published sheets of patients."""
    root, small = shared_data / "covid-ct", tmp_path / "covid-ct"
    for name in ("COVID", "NonCOVID"):
        listing = Path("Data-split") / name / f"valCT_{name}.txt"
        (small / listing).parent.mkdir(parents=True)
        lines = (root / listing).read_text().splitlines()[:6]
        (small / listing).write_text("\n".join(lines))
    (small / "Images-processed").symlink_to(root / "Images-processed")
    for sheet in ("COVID-CT-MetaInfo.xlsx", "NonCOVID-CT-MetaInfo.csv"):
        (small / sheet).symlink_to(root / sheet)
    code, _, error = evaluate(small, "covid-ct")
    assert code in (0, 3), error  # the tiny network may find no lung
    found = metrics_in(tmp_path / "out")
    assert found["clustered_by"] == "patient"
    assert found["slices"]["unreadable"] == 0
    _, rows = rows_of(tmp_path / "out" / "predictions.csv")
    assert len(rows) == 12
    assert all(row["patient"].startswith(("Patient ", "crawled_", "medpix_")) for row in rows)
