"""Several data sets side by side, and how they are divided."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from PIL import Image

from covidcls.data.pictures import LabelledPicture
from covidcls.data.sampling import balanced_weights
from covidcls.data.sources import Division, Source, common_folder, read_source, read_sources
from lungseg.errors import UsageError


def by_number(root: Path, pictures: Sequence[LabelledPicture]) -> list[int]:
    return [n % 5 for n in range(len(pictures))]


def division(fold: int | None = None) -> Division:
    return Division(0.3, 0, fold, by_number)


@pytest.fixture
def folders(tmp_path: Path) -> Path:
    for name in ("COVID", "other"):
        (tmp_path / "mine" / name).mkdir(parents=True)
        for n in range(12):
            Image.new("L", (8, 8), n).save(tmp_path / "mine" / name / f"{n}.png")
    return tmp_path / "mine"


def test_each_source_is_divided_as_it_is_alone(covid_layout: Path, folders: Path) -> None:
    sources = [Source(str(covid_layout), "covid-ct"), Source(str(folders))]
    for part in ("train", "val"):
        found = read_sources(sources, part, division())  # type: ignore[arg-type]
        alone = [p for one in sources for p in read_source(one, part, division())]  # type: ignore[arg-type]
        assert [p.path for p in found] == [p.path for p in alone]
        assert {p.source for p in found} == {covid_layout.name, "mine"}


def test_patients_of_two_sources_are_never_one(covid_layout: Path, folders: Path) -> None:
    sources = [Source(str(covid_layout), "covid-ct"), Source(str(folders))]
    found = read_sources(sources, "train", division())
    names = {p.patient for p in found}
    assert f"paper:{covid_layout.name}/2020.train" in names
    assert any(name.startswith("file:mine/COVID/") for name in names)
    assert not any(p.patient_known for p in found)
    (alone,) = {p.patient for p in read_sources(sources[:1], "train", division())}
    assert alone == "paper:2020.train"  # one source keeps its names, and the hash of its split


def test_a_table_says_whose_slices_class_folders_hold(folders: Path, tmp_path: Path) -> None:
    table = tmp_path / "patients.csv"
    rows = [f"COVID/{n},p{n // 4}" for n in range(13)]
    table.write_text("\n".join(["slice,patient", *rows]))
    source = Source(str(folders), patients=str(table))
    with pytest.warns(UserWarning, match="1 of the 13 rows of patients.csv .* COVID/12"):
        read_source(source, "train", division())
    table.write_text("\n".join(["slice,patient", *rows[:12]]))
    parts = {part: read_source(source, part, division()) for part in ("train", "val")}  # type: ignore[arg-type]
    patients = [{p.patient for p in part if p.label} for part in parts.values()]
    assert patients[0] | patients[1] == {"p0", "p1", "p2"}
    assert not patients[0] & patients[1]
    assert all(not p.patient_known for part in parts.values() for p in part if not p.label)


def test_a_fold_validates_and_the_others_train(covid_layout: Path) -> None:
    source = Source(str(covid_layout), "covid-ct")
    parts = [
        [p.path.name for p in read_source(source, part, division(fold))]
        for fold in range(5)
        for part in ("train", "val")
    ]
    for train, val in zip(parts[::2], parts[1::2], strict=True):
        assert not set(train) & set(val)
        assert len(train) + len(val) == 18  # train and validation of the official split
    assert sorted(name for val in parts[1::2] for name in val) == sorted(parts[0] + parts[1])


def test_folds_leave_the_test_split_as_published(covid_layout: Path) -> None:
    with pytest.raises(UsageError, match="4 of the 4 files of the test split"):
        read_source(Source(str(covid_layout), "covid-ct"), "test", division(0))


def test_class_folders_below_parts_of_a_split_are_divided_as_they_lie(
    folders: Path, tmp_path: Path
) -> None:
    with pytest.raises(UsageError, match="mine has no folder test"):
        read_source(Source(str(folders)), "test", division(0))
    for part in ("train", "val", "test"):
        shutil.copytree(folders, tmp_path / "whole" / part)
    whole = Source(str(tmp_path / "whole"))
    for part in ("train", "val", "test"):
        found = read_source(whole, part, division())
        assert {p.path.parts[-3] for p in found} == {part} and len(found) == 24
    validation = read_source(whole, "val", division(0))
    assert {p.path.parts[-3] for p in validation} == {"train", "val"}, "folds leave test alone"


def test_two_folders_of_one_name_are_refused(folders: Path) -> None:
    with pytest.raises(UsageError, match=r"folders of one name \(mine, mine\)"):
        read_sources([Source(str(folders)), Source("elsewhere/mine")], "train", division())


def test_the_folder_in_common_is_what_all_lie_in() -> None:
    assert common_folder([Source("../data/a"), Source("../data/b")]) == Path("../data")
    assert common_folder([Source("../data/a")]) == Path("../data/a")
    with pytest.raises(UsageError, match="/a and b have no folder in common"):
        common_folder([Source("/a"), Source("b")])


def test_sources_labels_and_patients_are_drawn_alike() -> None:
    rows = [("big", 1, f"b{n // 4}") for n in range(40)] + [("big", 0, "c")] * 20
    rows += [("small", 1, "s0"), ("small", 1, "s1"), ("small", 1, "s1"), ("small", 0, "t")]
    pictures = [LabelledPicture(Path(f"{n}"), y, p, s) for n, (s, y, p) in enumerate(rows)]
    weights = balanced_weights(pictures)
    assert sum(weights) == pytest.approx(1)

    def share(**wanted: object) -> float:
        return sum(
            weight
            for weight, one in zip(weights, pictures, strict=True)
            if all(getattr(one, key) == value for key, value in wanted.items())
        )

    for source in ("big", "small"):
        for label in (0, 1):
            assert share(source=source, label=label) == pytest.approx(1 / 4)
    assert share(patient="s0") == pytest.approx(share(patient="s1"))
    assert share(patient="b0") == pytest.approx(1 / 40)


def test_everything_is_in_both_parts_but_never_the_test_part(
    covid_layout: Path, folders: Path
) -> None:
    shutil.copytree(folders, folders.parent / "more" / "test")
    shutil.copytree(folders, folders.parent / "more" / "train")
    more = folders.parent / "more"
    sources = [Source(str(covid_layout), "covid-ct"), Source(str(more))]
    divided = [p for part in ("train", "val") for p in read_source(sources[0], part, division())]  # type: ignore[arg-type]
    every = Division(0.3, 0, None, by_number, everything=True)
    for part in ("train", "val"):
        found = read_sources(sources, part, every)  # type: ignore[arg-type]
        paths = [one.path for one in found]
        assert sorted(paths[: len(divided)]) == sorted(one.path for one in divided)
        assert {path.relative_to(more).parts[0] for path in paths[len(divided) :]} == {"train"}
