"""What the card of an exported segmenter says of the data that it learned from."""

from __future__ import annotations

from lungseg.export import SHIPPED_SETS, TERMS, licence_of


def test_the_terms_of_a_folder_that_is_not_known_are_not_made_up() -> None:
    assert licence_of(SHIPPED_SETS) == TERMS
    assert licence_of(["my-scans"]).startswith(
        "my-scans (a folder of its user, whose terms are not"
    )
    both = licence_of(["lung-masks", "my-scans"])
    assert both.startswith(TERMS) and "my-scans" in both
