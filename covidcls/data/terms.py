"""On what terms the data may be used that a classifier has learned from."""

from __future__ import annotations

import re
from collections.abc import Sequence

from covidcls.data.pictures import LabelledPicture
from covidcls.data.sources import Source

COVID_CT = (
    "COVID-CT (Zhao et al. 2020; research only, copyright of the pictures stays with the papers' "
    "authors and publishers)"
)
SARS_COV_2_CT = "SARS-CoV-2 CT-scan set (Soares et al. 2020; CC BY-NC-SA, non-commercial)"
# as that set is published; its folder may have any name
NAMES_OF_SARS_COV_2_CT = re.compile(r"(non-)?covid \(\d+\)", re.IGNORECASE)


def terms_of(source: Source, pictures: Sequence[LabelledPicture]) -> str:
    """The data set that ``pictures`` of ``source`` are, with its terms.

    COVID-CT is known by its layout, the SARS-CoV-2 CT-scan set by the names of its files; of any
    other the terms are unknown here, and this says so.
    """
    if source.layout == "covid-ct":
        return COVID_CT
    names = [picture.path.stem for picture in pictures]
    if names and all(NAMES_OF_SARS_COV_2_CT.fullmatch(name) for name in names):
        return SARS_COV_2_CT
    return f"{source.name} (a folder of its user, whose terms are not known here)"


def licence_of(data: Sequence[str], stage_one: str | None) -> str:
    """The line of a card: ``data`` as :func:`terms_of` names them, ``stage_one`` the licence in the
    card of the segmenter that cut them, None where it has none."""
    masks = stage_one or "a segmenter whose card names no licence"
    return f"the strictest terms of: {'; '.join(data)}; lung masks: {masks}"
