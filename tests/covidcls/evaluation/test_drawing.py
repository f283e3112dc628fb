"""The figures as pictures."""

from __future__ import annotations

import cv2
import numpy as np

from covidcls.evaluation.drawing import DRAW, Figures, tables_of
from covidcls.evaluation.scored import Scored


def test_every_figure_is_a_picture_of_its_table_even_where_nothing_is_called(
    scored: Scored,
) -> None:
    tables = tables_of(scored, 1.1)
    assert tables.keys() == DRAW.keys()
    for table in tables.values():
        assert len({len(column) for column in table.values()}) == 1

    figures = Figures(tables, "a title", "COVID", {}, 1.1)
    for name in DRAW:
        drawn = cv2.imdecode(np.frombuffer(figures.draw(name), np.uint8), cv2.IMREAD_COLOR)
        assert drawn is not None
        blue, _, red = (drawn[..., channel].astype(int) for channel in range(3))
        assert np.mean(np.abs(blue - red) > 40) > 0.001, name
