"""The data module: nobody on two sides, shares, loaders that draw afresh."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from lungseg.data.module import ExtraSource, LungMaskDataModule
from lungseg.data.split import PatientSplit
from lungseg.errors import UsageError


def module_of(root: Path, **options: Any) -> LungMaskDataModule:
    given: dict[str, Any] = {
        "data_dir": str(root),
        "folder": "phantoms",
        "split": str(root / "split.json"),
        "size": 64,
        "batch_size": 4,
        "workers": 0,
    }
    return LungMaskDataModule(**{**given, **options})


def test_no_patient_is_on_two_sides(phantom_data: Path) -> None:
    data = module_of(phantom_data)
    data.setup()
    sides = [
        {one.patient for one in slices}
        for slices in (data.train["phantoms"], data.val["phantoms"], data.test)
    ]
    assert sides == [{"phantoms/p0", "phantoms/p1"}, {"phantoms/p2"}, {"phantoms/p3"}]


def test_no_patient_of_a_further_source_is_on_two_sides(phantom_data: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    shutil.copytree(root / "phantoms", root / "more")
    data = module_of(root, extra=[ExtraSource("more", "masks", 0.3, hold_out=2)])
    data.setup()
    train = {one.patient for one in data.train["more"]}
    val = {one.patient for one in data.val["more"]}
    assert (train, val) == ({"more/p0", "more/p2"}, {"more/p1", "more/p3"})
    assert data.shares() == {"phantoms": pytest.approx(0.7), "more": 0.3}


def test_the_main_folder_may_lie_deeper(phantom_data: Path, tmp_path: Path) -> None:
    shutil.copytree(phantom_data / "phantoms", tmp_path / "sets" / "phantoms")
    data = module_of(phantom_data, data_dir=str(tmp_path), folder="sets/phantoms")
    data.setup()
    assert {one.patient for one in data.test} == {"sets/phantoms/p3"}


def test_data_that_are_not_those_of_the_split_are_refused(
    phantom_data: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    table = (root / "phantoms" / "slices.csv").read_text()
    (root / "phantoms" / "slices.csv").write_text(table.replace("30,p3", "30,p0"))
    with pytest.raises(UsageError, match="'phantoms' are not those that it was fixed on"):
        module_of(root).setup()


def test_a_split_without_validation_is_refused(phantom_data: Path, tmp_path: Path) -> None:
    content = json.loads((phantom_data / "split.json").read_text())
    table = (phantom_data / "phantoms" / "slices.csv").read_text().split()[1:]
    alone = PatientSplit("phantoms", frozenset(), frozenset({"p3"}), "")
    sha256 = alone.hash_of([(row.split(",")[0], row.split(",")[1]) for row in table])
    (tmp_path / "split.json").write_text(json.dumps({**content, "val": [], "sha256": sha256}))
    with pytest.raises(UsageError, match="'phantoms' leaves no slice in val"):
        module_of(phantom_data, split=str(tmp_path / "split.json")).setup()


def test_a_test_of_nobody_is_refused(phantom_data: Path, tmp_path: Path) -> None:
    content = json.loads((phantom_data / "split.json").read_text())
    (tmp_path / "split.json").write_text(json.dumps({**content, "test": []}))
    with pytest.raises(UsageError, match="holds nobody back for a test; leave --test false"):
        module_of(phantom_data, split=str(tmp_path / "split.json")).setup("test")


def test_shares_that_leave_nothing_are_refused(phantom_data: Path) -> None:
    data = module_of(phantom_data, phantom_share=0.6, reformat_share=0.4)
    with pytest.raises(UsageError, match="leave nothing for phantoms"):
        data.shares()


def test_a_size_that_does_not_fit_five_poolings_is_refused(phantom_data: Path) -> None:
    with pytest.raises(UsageError, match="multiple of 32, not 100"):
        module_of(phantom_data, size=100)


@pytest.mark.parametrize("augmentation", ["paper", "strong"])
def test_training_batches_have_the_documented_form(phantom_data: Path, augmentation: str) -> None:
    data = module_of(phantom_data, augmentation=augmentation, phantom_share=0.3)
    data.setup()
    batches = list(data.train_dataloader())
    assert len(batches) == 3  # of 4 from 12 training slices
    for batch in batches:
        assert batch["picture"].shape == (4, 64, 64)
        assert batch["masks"].shape == (4, 2, 64, 64)
        assert batch["picture"].dtype == batch["masks"].dtype == torch.uint8
        assert batch["masks"].max() <= 1
        assert batch["known"].shape == (4, 2)
        assert batch["known"].dtype == torch.bool
        assert batch["chest"].tolist() == [1, 1, 1, 1]


def test_one_class_leaves_the_lesions_out(phantom_data: Path) -> None:
    data = module_of(phantom_data, classes=1)
    data.setup()
    batch = next(iter(data.train_dataloader()))
    assert batch["masks"].shape == (4, 1, 64, 64)
    assert batch["known"].shape == (4, 1)


def test_workers_and_epochs_draw_differently_and_a_seed_repeats_them(phantom_data: Path) -> None:
    data = module_of(phantom_data, workers=2, slices_per_epoch=8)
    data.setup()
    # one slice only, so that a difference is one of augmentation
    data.train["phantoms"] = data.train["phantoms"][2:3]

    def epoch() -> list[torch.Tensor]:
        return [batch["picture"] for batch in data.train_dataloader()]

    torch.manual_seed(7)
    first, second = epoch(), epoch()
    torch.manual_seed(7)
    again = epoch()
    of_worker_0, of_worker_1 = first
    assert len({one.numpy().tobytes() for batch in first for one in batch}) == 8
    assert not torch.equal(of_worker_0, of_worker_1)
    assert not torch.equal(first[0], second[0])
    assert torch.equal(first[0], again[0])


def test_processes_that_share_the_state_of_the_generator_draw_differently(
    phantom_data: Path,
) -> None:
    data = module_of(phantom_data)
    data.setup()
    dataset = data.train_dataloader().dataset
    torch.manual_seed(7)
    of_rank_0 = dataset[0]["picture"]
    torch.manual_seed(7)
    of_rank_1 = dataset[1]["picture"]
    assert not torch.equal(of_rank_0, of_rank_1)


def test_validation_shows_every_slice_once_and_unchanged(phantom_data: Path) -> None:
    data = module_of(phantom_data)
    data.setup()
    (loader,) = data.val_dataloader()
    batches = list(loader)
    assert [len(batch["picture"]) for batch in batches] == [4, 2]
    shown = torch.cat([batch["picture"] for batch in batches]).numpy()
    for picture, one in zip(shown, data.val["phantoms"], strict=True):
        assert np.array_equal(picture, one.picture)
    assert sum(len(batch["picture"]) for batch in data.test_dataloader()) == 6


def test_all_kinds_of_sources_together(phantom_data: Path, tmp_path: Path) -> None:
    root = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    (root / "hu" / "images").mkdir(parents=True)
    (root / "photos").mkdir()
    for n in range(4):
        deep = np.full((64, 64), 24 + n, np.uint16)
        Image.fromarray(deep).save(root / "hu" / "images" / f"{n}.png")
        Image.new("L", (50, 40), 30 * n).save(root / "photos" / f"{n}.png")
    data = module_of(
        root,
        extra=[
            ExtraSource("hu", "hu", 0.3, hold_out=4),
            ExtraSource("photos", "foreign", 0.3, hold_out=2),
        ],
    )
    data.setup()
    assert list(data.val) == ["phantoms", "hu", "photos"]
    assert [len(v) for v in data.val.values()] == [6, 1, 2]
    chest = torch.cat([batch["chest"] for _ in range(4) for batch in data.train_dataloader()])
    assert set(chest.tolist()) == {0, 1}


def test_the_split_file_is_named_when_it_is_missing(phantom_data: Path) -> None:
    with pytest.raises(UsageError, match=r"no-split\.json"):
        module_of(phantom_data, split=str(phantom_data / "no-split.json"))


def test_the_split_file_holds_what_the_card_will_say(phantom_data: Path) -> None:
    data = module_of(phantom_data)
    content = json.loads((phantom_data / "split.json").read_text())
    assert (data.split.data, data.split.sha256) == (content["data"], content["sha256"])


def test_nothing_of_a_source_is_held_out_where_that_is_asked(
    phantom_data: Path, tmp_path: Path
) -> None:
    root = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    shutil.copytree(root / "phantoms", root / "more")
    data = module_of(root, extra=[ExtraSource("more", "masks", 0.3, hold_out=0)])
    data.setup()
    assert len(data.train["more"]) == 24
    assert list(data.val) == ["phantoms"]
    assert len(data.val_dataloader()) == 1


@pytest.mark.parametrize("hold_out", [1, -1])
def test_a_source_that_would_leave_nothing_to_train_on_is_refused(
    phantom_data: Path, hold_out: int
) -> None:
    with pytest.raises(UsageError, match=f"hold_out {hold_out} leaves nothing of more"):
        module_of(phantom_data, extra=[ExtraSource("more", "masks", 0.3, hold_out=hold_out)])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (ExtraSource("more", "pseudo", 0.3), "of kind pseudo has no labels"),
        (ExtraSource("more", "foreign", 0.3, labels="x"), "labels, which only one of kind pseudo"),
        (ExtraSource("more", "masks", 0.3, lesions_in=[]), "lesions_in, which only one of kind hu"),
        (ExtraSource("more", "hu", 0.3, body=["x"]), "body, which only one of kind foreign"),
        (ExtraSource("more", "masks", -0.1), "a share of -0.1 cannot be of more"),
    ],
)
def test_options_that_go_with_no_source_are_refused(
    phantom_data: Path, source: ExtraSource, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        module_of(phantom_data, extra=[source])


def test_pseudo_labels_train_and_tell_how_they_were_made(
    phantom_data: Path,
    tiny_weights: Path,
    drawn_slice: Any,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    from pipelines.pseudo_label_folder import pseudo_label_folder

    root = Path(shutil.copytree(phantom_data, tmp_path / "data"))
    (root / "more").mkdir()
    for n in range(3):
        Image.fromarray(drawn_slice(150 + 20 * n)).save(root / "more" / f"{n}.png")
    labels = tmp_path / "labels"
    pseudo_label_folder(root / "more", labels, weights=tiny_weights, device="cpu")
    source = ExtraSource("more", "pseudo", 0.5, hold_out=0, exclude=["1"], labels=str(labels))
    data = module_of(root, extra=[source])
    with caplog.at_level("INFO", logger="lightning"):
        data.setup()
    assert [one.name for one in data.train["more"]] == ["more/0.png", "more/2.png"]
    assert list(data.val) == ["phantoms"]
    assert "more: 2 slices with pseudo-labels are taken, lesions known in 0" in caplog.text
    told = data.pseudo_labels["more"]
    assert (told["segmenter"]["name"], told["counts"]["kept"]) == ("dark", 3)
    assert next(iter(data.train_dataloader()))["picture"].shape == (4, 64, 64)


def test_who_is_validation_does_not_depend_on_what_is_excluded(phantom_data: Path) -> None:
    everything = ExtraSource("phantoms", "masks", 0.5, hold_out=2)
    slices = everything.read(phantom_data)
    for excluded in (slices[0].stem, slices[-1].stem):
        source = ExtraSource("phantoms", "masks", 0.5, hold_out=2, exclude=[excluded])
        both = zip(source.parts(phantom_data), everything.parts(phantom_data), strict=True)
        for part, whole in both:
            assert [s.name for s in part] == [s.name for s in whole if s.stem != excluded]


def test_an_excluded_name_that_no_slice_has_is_refused(phantom_data: Path) -> None:
    source = ExtraSource("phantoms", "masks", 0.5, exclude=["nobody"])
    with pytest.raises(UsageError, match="phantoms has no slice nobody to exclude"):
        source.parts(phantom_data)
