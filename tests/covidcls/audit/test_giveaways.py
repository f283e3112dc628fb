"""What only one class has is found, and what patients explain or chance allows is not."""

from __future__ import annotations

from pathlib import Path

from covidcls.audit.file_facts import FileFacts, file_facts
from covidcls.audit.giveaways import distributions, giveaways
from covidcls.audit.inventory import LabelledImage, covid_ct

SICK = [LabelledImage(f"sick/{n}.png", "sick") for n in range(40)]
WELL = [LabelledImage(f"well/{n}.png", "well") for n in range(40)]


def facts(mode: str = "L", width: int = 100, dpi: str | None = None) -> FileFacts:
    return FileFacts(".png", 5000, "PNG", "PNG", True, width, 100, mode, dpi, 0)


def test_a_mode_that_one_class_has_is_found_with_its_share() -> None:
    of_sick = [facts("RGBA")] * 30 + [facts()] * 10
    of_well = [facts("RGBA")] * 2 + [facts()] * 38  # nearly only
    (found,) = giveaways([*SICK, *WELL], [*of_sick, *of_well])
    assert (found.name, found.value, found.label) == ("mode", "RGBA", "sick")
    assert (found.n_label, found.n_value, found.n_class) == (30, 32, 40)
    assert found.p < 1e-9
    assert (
        "30 of the 32 files with mode RGBA are sick, 75% of that class" in found.finding().message
    )


def test_what_both_classes_have_and_what_few_files_have_is_no_finding() -> None:
    rare = [facts("RGBA")] * 3 + [facts()] * 37
    assert giveaways([*SICK, *WELL], [*rare, *[facts()] * 40]) == []


def test_slices_of_one_patient_count_once() -> None:
    one = [LabelledImage(f"sick/{n}.png", "sick", patient="p1") for n in range(20)]
    images = [*one, *SICK[20:], *WELL]
    assert giveaways(images, [*[facts(width=64)] * 20, *[facts()] * 60]) == []


def test_what_gives_the_class_away_in_one_split_only_is_found_there() -> None:
    def image(label: str, number: int, split: str) -> LabelledImage:
        return LabelledImage(f"{label}/{split}{number}.png", label, split)

    images = [image(c, n, s) for s in ("train", "val") for c in ("sick", "well") for n in range(30)]
    tagged = [image.split == "val" or image.label == "sick" for image in images]
    values = [facts(dpi="72 x 72" if tag else None) for tag in tagged]
    found = {(g.name, g.value, g.label, g.split) for g in giveaways(images, values)}
    assert ("dpi", "72 x 72", "sick", "train") in found
    assert not any(split == "val" for *_, split in found)


def test_distributions_count_values_and_cut_quantities_by_class() -> None:
    tables = distributions([*SICK[:3], WELL[0]], [facts(width=w) for w in (10, 20, 60, 5)])
    assert tables["mode"] == {"sick": {"L": 3}, "well": {"L": 1}}
    assert tables["width"]["sick"] == {
        "least": 10, "25 %": 15, "median": 20, "75 %": 40, "most": 60
    }  # fmt: skip


def test_covid_ct_gives_its_classes_away(shared_data: Path) -> None:
    inventory = covid_ct(shared_data / "covid-ct")
    values = [file_facts(inventory.root / image.path) for image in inventory.images]
    found = {(g.name, g.value, g.label, g.split) for g in giveaways(inventory.images, values)}
    assert found >= {
        ("mode", "RGBA", "COVID", None),
        ("extension", ".jpg", "NonCOVID", None),
        ("format", "JPEG", "NonCOVID", "train"),
        ("dpi", "72 x 72", "NonCOVID", "train"),
        ("metadata entries", "0", "COVID", None),
        ("metadata entries", "8", "NonCOVID", "train"),
    }
    assert sum(not fact.right_extension for fact in values) == 32
