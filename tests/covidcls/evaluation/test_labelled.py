"""What is evaluated: the split that folders tell, else the one that a training draws."""

from __future__ import annotations

from pathlib import Path

import pytest

from covidcls.data.pictures import divide, read_class_folders
from covidcls.data.sources import Division, Source, read_source
from covidcls.evaluation.labelled import Drawing, LabelledData
from lungseg.errors import UsageError


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    """Two classes of 40 files, of eight patients each by ``../patients.csv``."""
    root, rows = tmp_path / "set", ["slice;patient"]
    for label in ("COVID", "other"):
        (root / label).mkdir(parents=True)
        for n in range(40):
            (root / label / f"{n}.png").touch()  # an input by its name
            rows.append(f"{label}/{n};{label}-{n // 5}")
    (tmp_path / "patients.csv").write_text("\n".join(rows))
    return root


def test_the_parts_that_folders_tell_are_the_splits(folders: Path, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    for part in ("train", "test"):
        (tmp_path / "whole" / part).symlink_to(folders)
    counts = {
        split: len(LabelledData(tmp_path / "whole", "folders", "COVID", split).pictures())
        for split in ("all", "train", "val", "test")
    }
    assert counts["test"] == 80 and counts["all"] == 160
    assert 0 < counts["val"] < 40 and counts["train"] + counts["val"] == 80, "drawn from train"
    with pytest.raises(UsageError, match="set has no folder test, so no test split; choose"):
        LabelledData(folders, "folders", "COVID", "test").pictures()
    with pytest.raises(UsageError, match="none of the 80 pictures in .*set is in the split val"):
        LabelledData(folders, "folders", "COVID", "val").pictures(drawing=Drawing(val_share=0))


def test_validation_is_the_one_that_a_training_with_these_patients_has(
    folders: Path, tmp_path: Path
) -> None:
    table = tmp_path / "patients.csv"
    recipe = {"data": {"val_share": 0.4, "split_seed": 3}}
    for card, share, seed in (({}, 0.2, 0), ({"training": {"recipe": recipe}}, 0.4, 3)):
        drawing = Drawing.from_card(card)
        data = LabelledData(folders, "folders", "COVID", "val", table)
        judged = data.pictures(drawing=drawing)
        division = Division(share, seed, None, lambda root, pictures: [])
        trained = read_source(Source(str(folders), patients=str(table)), "val", division)
        assert judged == trained
        assert judged != divide(read_class_folders(folders), share, seed)["val"]


def test_rows_that_name_no_file_are_told_and_those_of_other_parts_are_not(
    folders: Path, covid_layout: Path, tmp_path: Path
) -> None:
    table, told = tmp_path / "patients.csv", list[str]()
    with table.open("a") as rows:
        rows.write("\nCOVID/40;COVID-8")
    LabelledData(folders, "folders", "COVID", "val", table).pictures(told.append)
    assert told == ["1 of the 81 rows of patients.csv name no file here, the first COVID/40"]
    table.write_text("file,patient\n2020.val-p0-COVID.png,ann\n2020.test-p1-COVID,bob\n")
    found = LabelledData(covid_layout, "covid-ct", "COVID", "val", table).pictures(told.append)
    assert len(told) == 1 and [one.patient for one in found if one.patient_known] == ["ann"]
