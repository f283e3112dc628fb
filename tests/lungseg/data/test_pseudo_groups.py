"""Pictures that may show one patient stay together."""

from __future__ import annotations

from pathlib import Path

from lungseg.data.pseudo_groups import groups_of


def test_neighbouring_numbers_make_a_block_in_their_folder(tmp_path: Path) -> None:
    paths = [f"COVID/Covid ({n}).png" for n in range(1, 26)] + ["other/Covid (3).png"]
    groups = groups_of(tmp_path, sorted(paths))
    blocks = [groups[f"COVID/Covid ({n}).png"] for n in range(1, 26)]
    assert blocks == ["COVID/block-000"] * 10 + ["COVID/block-001"] * 10 + ["COVID/block-002"] * 5
    assert groups["other/Covid (3).png"] == "other/block-000"


def test_figures_of_one_paper_stay_together(tmp_path: Path) -> None:
    paths = [f"c/2020.03.01.2002-p{page}-{n}.png" for page in (7, 12) for n in range(15)]
    assert set(groups_of(tmp_path, paths).values()) == {"c/2020.03.01.2002"}


def test_panels_of_one_figure_stay_together_and_letters_alone_are_no_paper(tmp_path: Path) -> None:
    panels = [f"c/{figure}%{panel}.jpg" for figure in range(21, 26) for panel in range(4)]
    groups = groups_of(tmp_path, [*panels, "c/ct-p12-003.png"])
    assert [groups[path] for path in panels] == [path.split("%")[0] for path in panels]
    assert groups["c/ct-p12-003.png"] == "c/block-000"


def test_a_table_of_patients_comes_first(tmp_path: Path) -> None:
    (tmp_path / "slices.csv").write_text("slice,patient\n001,p9\n002-p3,p9\n")
    groups = groups_of(tmp_path, ["001.png", "002-p3.png", "003.png"])
    assert groups == {"001.png": "p9", "002-p3.png": "p9", "003.png": "./block-000"}


def test_a_table_of_something_else_is_no_hint(tmp_path: Path) -> None:
    (tmp_path / "slices.csv").write_text("file,bytes\n001,12\n")
    assert groups_of(tmp_path, ["001.png"]) == {"001.png": "./block-000"}
