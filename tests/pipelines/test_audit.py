"""The audit command on drawn sets: every planted fault is found, and nothing else."""

from __future__ import annotations

import csv
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from covidcls.audit.floors import forest
from covidcls.audit.inventory import Inventory, class_folders, covid_ct
from covidcls.audit.reading import read_file
from lungseg.phantom import display, make_phantom
from pipelines.audit import main

Audit = Callable[..., tuple[int, str, str]]
Found = set[tuple[str, str, str, str]]
LABELS = ("sick", "well")


@pytest.fixture(scope="session")
def chests() -> list[Image.Image]:
    """Forty-eight patients, a slice of each."""
    levels = np.random.default_rng(0).uniform(0.3, 0.7, 48)
    return [
        Image.fromarray(display(make_phantom(z, size=128, seed=seed, lesions=0.2).hu))
        for seed, z in enumerate(levels.tolist())
    ]


@pytest.fixture
def data(tmp_path: Path, chests: list[Image.Image]) -> Path:
    """``sick`` and ``well``, 8 patients each, which differ in nothing, and ``../splits.csv`` and
    ``../patients.csv``; too few for a floor."""
    return draw(tmp_path, chests[:16])


@pytest.fixture
def data_for_floors(
    tmp_path: Path, chests: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> Path:
    """As ``data`` with 24 patients each; forests are small, to be quick."""
    monkeypatch.setattr(forest, "_TREES", 50)
    return draw(tmp_path, chests)


def draw(folder: Path, chests: list[Image.Image]) -> Path:
    root = folder / "data"
    for label in LABELS:
        (root / label).mkdir(parents=True)
    (folder / "splits.csv").write_text("file,split\n")
    (folder / "patients.csv").write_text("file,patient\n")
    for number, chest in enumerate(chests):
        name = f"{LABELS[number % 2]}/{number:02d}.png"
        chest.save(root / name)
        add_row(folder, name, "test" if number // 2 % 3 == 2 else "train", f"p{number}")
    return root


def add_row(folder: Path, file: str, split: str, patient: str | None = None) -> None:
    with (folder / "splits.csv").open("a") as table:
        table.write(f"{file},{split}\n")
    if patient:
        with (folder / "patients.csv").open("a") as table:
            table.write(f"{file},{patient}\n")


@pytest.fixture
def audit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Audit:
    """Run the command on ``data`` into ``../out``: (exit code, stdout, stderr)."""

    def run(*arguments: object) -> tuple[int, str, str]:
        given = [
            tmp_path / "data",
            "--out",
            tmp_path / "out",
            "--workers",
            0,
            "--no-lungs",
            "--quiet",
        ]
        for table in ("splits", "patients"):
            given += [f"--{table}", tmp_path / f"{table}.csv"]
        code = main([str(one) for one in (*given, *arguments)])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


def rows_of(out: Path) -> list[dict[str, str]]:
    with (out / "audit.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def found_in(out: Path) -> Found:
    columns = ("kind", "crosses", "file_a", "file_b")
    return {tuple(row[column] for column in columns) for row in rows_of(out)}  # type: ignore[misc]  # four


def plant_jpeg_under_the_other_label(data: Path) -> Found:
    Image.open(data / "sick" / "00.png").save(data / "well" / "90.jpg", quality=60)
    add_row(data.parent, "well/90.jpg", "train")
    return {("near_copy", "labels", "sick/00.png", "well/90.jpg")}


def plant_half_mirrored_with_arrow(data: Path) -> Found:
    half_mirrored_with_arrow(data / "sick" / "02.png").save(data / "sick" / "91.png")
    add_row(data.parent, "sick/91.png", "test")
    return {("near_copy", "splits", "sick/02.png", "sick/91.png")}


def half_mirrored_with_arrow(file: Path) -> Image.Image:
    chest = Image.open(file).convert("L")
    small = chest.reduce(2).transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    points = [(0.44, 0.53), (0.3, 0.45), (0.34, 0.45), (0.3, 0.45), (0.31, 0.5)]
    arrow = [(x * small.width, y * small.height) for x, y in points]
    ImageDraw.Draw(small).line(arrow, 255, max(1, small.width // 60))
    return small


def plant_patient_on_both_sides(data: Path, other: Image.Image) -> Found:
    other.save(data / "well" / "92.png")
    add_row(data.parent, "well/92.png", "test", "p3")
    return {("patient_in_two_places", "splits", "well/03.png", "well/92.png")}


def save_a_class_as_rgba(data: Path) -> None:
    for file in (data / "sick").iterdir():
        Image.open(file).convert("RGBA").save(file)


def brighten_a_corner_of_a_class(data: Path) -> None:
    for file in (data / "sick").iterdir():
        picture = Image.open(file)
        picture.putpixel((0, 0), 255)
        picture.save(file)


def test_a_set_without_faults_has_no_finding(audit: Audit, data_for_floors: Path) -> None:
    code, said, _ = audit()
    assert rows_of(data_for_floors.parent / "out") == []
    assert code == 0
    assert "sick 24, well 24" in said and "look  " not in said
    assert "known without looking at the disease, at most" in said


def test_every_planted_fault_is_found_and_nothing_else(audit: Audit, data: Path) -> None:
    other = Image.fromarray(display(make_phantom(0.9, size=128, seed=3, lesions=0.2).hu))
    planted = (
        plant_jpeg_under_the_other_label(data)
        | plant_half_mirrored_with_arrow(data)
        | plant_patient_on_both_sides(data, other)
    )
    code, said, _ = audit()
    assert found_in(data.parent / "out") == planted
    assert code == 3
    for line in (
        "look  pairs of copies under two labels: 1",
        "look  pairs of copies on both sides of a split: 1",
        "look  patients on both sides of a split: 1",
    ):
        assert line in said


def test_a_class_saved_as_rgba_is_found_and_nothing_else(
    audit: Audit, data_for_floors: Path
) -> None:
    save_a_class_as_rgba(data_for_floors)
    code, said, _ = audit()
    assert_only_the_mode_is_told(rows_of(data_for_floors.parent / "out"))
    assert code == 3
    assert "metadata 1.00 (1.00 to 1.00)" in said


def test_a_class_with_one_bright_corner_pixel_is_found_and_nothing_else(
    audit: Audit, data_for_floors: Path
) -> None:
    brighten_a_corner_of_a_class(data_for_floors)
    code, said, _ = audit()
    rows = rows_of(data_for_floors.parent / "out")
    assert_only_looks_are_told(rows)
    assert code == 3
    assert "look  known without looking at the disease" in said


def assert_only_the_mode_is_told(rows: list[dict[str, str]]) -> None:
    found = {(row["kind"], row["group"].removesuffix(" test")) for row in rows}
    assert found == {
        ("one_class_only", "mode RGBA"),
        ("one_class_only", "mode L"),
        ("shortcut_floor", "metadata"),
    }


def assert_only_looks_are_told(rows: list[dict[str, str]]) -> None:
    assert {row["kind"] for row in rows} == {"shortcut_floor"}
    floors = {row["group"].split()[0] for row in rows}
    assert "statistics" in floors and floors <= {"statistics", "frame", "tiny"}


def real_slices(root: Path, layout: Callable[[Path], Inventory], n: int) -> list[Image.Image]:
    """``n`` of one class, each of another patient where these are known, decoded alike."""
    of_class = [image for image in layout(root).images if image.label == "COVID"]
    images = list({image.unit: image for image in of_class}.values())
    read = [read_file(root / image.path, Image.fromarray) for image in images[:: len(images) // n]]
    return [file.measured for file in read[:n] if file.measured is not None]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "layout"), [("covid-ct", covid_ct), ("sars-cov-2-ct", class_folders)]
)
def test_each_planted_fault_is_found_among_real_slices_and_nothing_else(
    audit: Audit,
    tmp_path: Path,
    shared_data: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    layout: Callable[[Path], Inventory],
) -> None:
    monkeypatch.setattr(forest, "_TREES", 50)
    # many: every sixth slice of COVID-CT has a white corner of its own
    *slices, other = real_slices(shared_data / name, layout, 97)
    data, out = draw(tmp_path, slices), tmp_path / "out"  # labels that mean nothing
    assert audit()[0] == 0
    assert found_in(out) == set()
    brighten_a_corner_of_a_class(data)
    assert audit("--overwrite")[0] == 3
    assert_only_looks_are_told(rows_of(out))
    shutil.rmtree(data)
    save_a_class_as_rgba(draw(tmp_path, slices))
    assert audit("--overwrite")[0] == 3
    assert_only_the_mode_is_told(rows_of(out))
    shutil.rmtree(data)
    draw(tmp_path, slices)
    planted = (
        plant_jpeg_under_the_other_label(data)
        | plant_half_mirrored_with_arrow(data)
        | plant_patient_on_both_sides(data, other)
    )
    assert audit("--overwrite")[0] == 3
    assert found_in(out) == planted


@pytest.mark.slow
def test_faults_planted_among_real_slices_are_found_and_no_other_copy(
    audit: Audit, tmp_path: Path, shared_data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forest, "_TREES", 50)
    inventory = covid_ct(shared_data / "covid-ct")
    of_patient = {image.patient: image for image in inventory.images}
    data = draw(tmp_path, [])
    files: dict[str, list[str]] = {label: [] for label in LABELS}
    for number, image in enumerate(list(of_patient.values())[::6]):
        label = "sick" if image.label == "COVID" else "well"
        name = f"{label}/{number:02d}{Path(image.path).suffix}"
        shutil.copy(inventory.root / image.path, data / name)
        add_row(tmp_path, name, "train", image.patient)
        files[label].append(name)
    planted = set()
    for number in range(0, 15, 3):
        first, second, third = files["sick"][number : number + 3]
        Image.open(data / first).convert("L").save(data / f"well/{number}-again.jpg", quality=60)
        add_row(tmp_path, f"well/{number}-again.jpg", "train")
        planted.add(("near_copy", "labels", first, f"well/{number}-again.jpg"))
        half_mirrored_with_arrow(data / second).save(data / f"sick/{number}-arrow.png")
        add_row(tmp_path, f"sick/{number}-arrow.png", "test")
        planted.add(("near_copy", "splits", *sorted([second, f"sick/{number}-arrow.png"])))
        add_row(tmp_path, third, "test")
        planted.add(("exact_copy", "splits", third, third))
        planted.add(("patient_in_two_places", "splits", third, third))
    assert audit()[0] == 3
    kinds = {kind for kind, *_ in planted}
    assert {row for row in found_in(tmp_path / "out") if row[0] in kinds} == planted


def test_the_record_says_on_what_and_by_what_it_was_made(audit: Audit, data: Path) -> None:
    _, said, _ = audit("--json")
    record = json.loads(said)
    assert record == json.loads((data.parent / "out" / "audit.json").read_text())
    assert record["counts"]["images"] == 16
    assert record["options"]["layout"] == "folders"
    assert len(record["input_list_sha256"]) == 64
    assert {"numpy", "lungseg-covid"} <= record["versions"].keys()
    _, said, _ = audit("--json", "--overwrite")
    assert json.loads(said)["input_list_sha256"] == record["input_list_sha256"]
    (data / "sick" / "00.png").write_bytes(b"")
    _, said, _ = audit("--json", "--overwrite")
    assert json.loads(said)["input_list_sha256"] != record["input_list_sha256"]


@pytest.mark.parametrize(
    ("option", "said"),
    [
        ("--compare-splits", "splits cannot be compared: there should be train, and test or val"),
        ("--build-split", "no split was built: the val part gets no image of sick"),
    ],
)
def test_what_cannot_be_done_leaves_the_rest_of_the_audit(
    audit: Audit, data: Path, option: str, said: str
) -> None:
    table = data.parent / "splits.csv"
    table.write_text(table.read_text().replace("test", "elsewhere"))
    one_patient = [f"sick/{number:02d}.png,p0" for number in range(0, 16, 2)]
    (data.parent / "patients.csv").write_text("\n".join(["file,patient", *one_patient]))
    planted = plant_jpeg_under_the_other_label(data)
    split = data.parent / "split.csv"
    code, table_said, heard = audit(option, *([split] if option == "--build-split" else []))
    assert code == 3 and heard == "" and not split.exists()
    assert table_said.count(f"look  {said}") == 1 and "split   " not in table_said
    assert planted <= found_in(data.parent / "out")
    record = json.loads((data.parent / "out" / "audit.json").read_text())
    assert len(record["failures"]) == 1 and record["failures"][0].startswith(said)
    assert said in (data.parent / "out" / "audit.html").read_text()


def test_rows_of_a_table_that_name_no_file_are_told(audit: Audit, data: Path) -> None:
    with (data.parent / "patients.csv").open("a") as table:
        table.write("sick/gone.png,p1\nsick/00.jpg,p0\n")
    _, said, _ = audit()
    assert (
        "note  1 of the 18 rows of patients.csv name no file here, the first sick/gone.png" in said
    )


def test_a_file_that_cannot_be_decoded_needs_a_look(audit: Audit, data: Path) -> None:
    (data / "sick" / "00.png").write_bytes((data / "sick" / "00.png").read_bytes()[:500])
    code, said, _ = audit()
    assert found_in(data.parent / "out") == {("truncated", "", "sick/00.png", "")}
    assert code == 3
    assert "look  files that cannot be decoded: 1" in said


def test_names_of_files_become_no_formulas_and_no_markup(audit: Audit, data: Path) -> None:
    folder = data / "<img src=x onerror=alert(1)>"
    folder.mkdir()
    for name in ("=1+1.png", '<b>&amp;".png'):
        Image.open(data / "sick" / "00.png").save(folder / name)
    (data / "@sick").mkdir()
    Image.open(data / "sick" / "02.png").save(data / "@sick" / "a.png")
    code, said, _ = audit()
    assert code == 3 and "<img src=x onerror=alert(1)> 2" in said
    cells = {cell for row in rows_of(data.parent / "out") for cell in row.values()}
    assert "./@sick/a.png" in cells
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    page = (data.parent / "out" / "audit.html").read_text()
    assert "onerror=alert(1)&gt;" in page and "<img src=x" not in page and "<b>" not in page


def test_a_file_in_two_splits_is_a_copy_of_itself(audit: Audit, data: Path) -> None:
    add_row(data.parent, "sick/00.png", "test")
    code, *_ = audit()
    found = found_in(data.parent / "out")
    assert ("exact_copy", "splits", "sick/00.png", "sick/00.png") in found
    assert code == 3


def test_worker_processes_find_the_same(audit: Audit, data: Path) -> None:
    plant_jpeg_under_the_other_label(data)
    audit()
    rows = rows_of(data.parent / "out")
    audit("--overwrite", "--workers", 2)
    assert rows_of(data.parent / "out") == rows


def draw_covid_ct(root: Path, chests: list[Image.Image]) -> None:
    """As COVID-CT is published, each slice of an unknown patient; no test file is listed."""
    for label in ("COVID", "NonCOVID"):
        (root / "Images-processed" / f"CT_{label}").mkdir(parents=True)
        (root / "Data-split" / label).mkdir(parents=True)
        (root / "Data-split" / label / f"testCT_{label}.txt").touch()
    for number, chest in enumerate(chests):
        label = ("COVID", "NonCOVID")[number % 2]
        chest.save(root / "Images-processed" / f"CT_{label}" / f"{number}.png")
        part = "val" if number // 2 % 3 == 2 else "train"
        with (root / "Data-split" / label / f"{part}CT_{label}.txt").open("a") as listing:
            listing.write(f"{number}.png\n")


def test_a_split_that_was_built_for_the_published_layout_can_be_audited(
    tmp_path: Path, chests: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(forest, "_TREES", 10)  # its floors are not what is asked
    draw_covid_ct(tmp_path / "covid-ct", chests[:24])
    given = [str(tmp_path / "covid-ct"), "--layout", "covid-ct", "--no-lungs", "--quiet"]
    split = str(tmp_path / "split.csv")
    main([*given, "--workers", "0", "--out", str(tmp_path / "one"), "--build-split", split])
    main([*given, "--workers", "0", "--out", str(tmp_path / "two"), "--splits", split])
    record = json.loads((tmp_path / "two" / "audit.json").read_text())
    assert record["counts"]["images"] == 24
    assert {count["split"] for count in record["splits"]} == {"train", "val", "test"}
    assert record["counts"]["crosses"]["splits"] == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["missing", "--out", "OUT"], "missing"),
        (["DATA", "--out", "DATA/out"], "lies in the input"),
        (["DATA", "--out", "DATA"], "not empty"),
        (["DATA", "--out", "OUT", "--layout", "covid-ct"], "there is no list"),
        (["DATA", "--out", "OUT", "--layout", "covid-ct", "--patients", "x"], "--layout folders"),
    ],
)
def test_wrong_use_is_one_sentence_and_writes_nothing(
    arguments: list[str], said: str, data: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"DATA": str(data), "OUT": str(data.parent / "out")}
    given = [one.replace("DATA", places["DATA"]).replace("OUT", places["OUT"]) for one in arguments]
    assert main(given) == 2
    heard = capsys.readouterr()
    assert said in heard.err and heard.err.count("\n") == 1 and heard.out == ""
    assert not (data.parent / "out").exists()


def test_an_earlier_audit_is_only_replaced_when_told(audit: Audit, data: Path) -> None:
    assert audit()[0] == 0
    code, _, said = audit()
    assert code == 2 and "--overwrite" in said
    assert audit("--overwrite")[0] == 0
