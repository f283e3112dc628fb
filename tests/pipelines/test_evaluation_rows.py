"""What the row of a volume says where not every slice of it could be judged."""

from __future__ import annotations

import pytest

from lungseg.evaluation.evaluate import Case, Scores, VolumeCase
from lungseg.metrics import Overlap
from pipelines.evaluation_rows import VOLUME_COLUMNS, row_of_volume

JUDGED = Case("ct", 0, "ann", Scores(Overlap(40, 50, 50, 100), 1.0, 1.0))
FAILED = Case("ct", 1, "ann", None, "cannot be decoded")


@pytest.mark.parametrize(
    ("slices", "said"),
    [((JUDGED,), ("1", "0", "0.8")), ((JUDGED, FAILED), ("1", "1", ""))],
)
def test_a_part_of_a_volume_has_no_dice(
    slices: tuple[Case, ...], said: tuple[str, str, str]
) -> None:
    row = dict(zip(VOLUME_COLUMNS, row_of_volume(VolumeCase("ct", slices)), strict=True))
    assert (row["slices"], row["errors"], row["dice"].rstrip("0")) == said
