"""Units stay whole, classes get their sizes, and every source is in every part."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from covidcls.audit.inventory import LabelledImage
from covidcls.audit.splits.assignment import grouped_parts, shared_out

SHARES = {"train": 0.6, "val": 0.1, "test": 0.3}


@given(st.lists(st.tuples(st.integers(0, 9), st.sampled_from("ab"), st.sampled_from("xyz"))))
def test_a_unit_is_in_one_part_and_the_order_of_files_does_not_matter(
    rows: list[tuple[int, str, str]],
) -> None:
    images = [
        LabelledImage(f"{n}.png", label, None, str(patient), source)
        for n, (patient, label, source) in enumerate(rows)
    ]
    units = [image.unit for image in images]
    sizes = shared_out(images, SHARES)
    parts = grouped_parts(images, units, sizes, seed=1)
    assert len(set(zip(units, parts, strict=True))) == len(set(units))
    assert grouped_parts(images[::-1], units[::-1], sizes, seed=1) == parts[::-1]


def test_with_small_units_every_class_and_every_source_has_its_share() -> None:
    images = [
        LabelledImage(f"{label}/{source}{n}.png", label, source=str(source))
        for label in ("sick", "well")
        for source in range(5)
        for n in range(20 if label == "sick" else 50)
    ]
    units = [image.path for image in images]
    parts = grouped_parts(images, units, shared_out(images, SHARES), seed=3)
    pairs = list(zip(images, parts, strict=True))
    of_class = Counter((image.label, part) for image, part in pairs)
    assert of_class["sick", "train"] == 60 and of_class["well", "train"] == 150
    assert of_class["sick", "val"] == 10 and of_class["well", "val"] == 25
    of_source = Counter((image.label, image.source, part) for image, part in pairs)
    for label, source, part in {(i.label, i.source, p) for i in images for p in SHARES}:
        wanted = (20 if label == "sick" else 50) * SHARES[part]
        assert abs(of_source[label, source, part] - wanted) < 3


def test_the_largest_unit_is_not_always_in_train() -> None:
    images = [LabelledImage(f"{n}.png", "sick", patient=str(max(n - 5, 0))) for n in range(60)]
    units = [image.unit for image in images]
    sizes = shared_out(images, SHARES)
    where = {grouped_parts(images, units, sizes, seed)[0] for seed in range(20)}
    assert where == {"train", "val", "test"}


def test_sizes_sum_to_the_images_of_each_class() -> None:
    images = [LabelledImage(f"{n}.png", "sick" if n < 29 else "well") for n in range(36)]
    assert shared_out(images, {"train": 0.71, "val": 0.14, "test": 0.15}) == {
        "sick": {"train": 21, "val": 4, "test": 4},
        "well": {"train": 5, "val": 1, "test": 1},
    }
