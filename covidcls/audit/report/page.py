"""``audit.html``: one page that opens offline, with the pictures of each pair side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from covidcls.audit.audit import Audit
from covidcls.audit.floors.floor import LIMIT, Floor
from covidcls.audit.report.pairs import pair_groups
from covidcls.audit.report.tables import (
    distribution_tables,
    faulty_files,
    giveaway_table,
    split_table,
)
from covidcls.audit.report.verdicts import looked_at, verdicts
from lungseg.pages import page_environment

_HERE = Path(__file__).parent


def render(audit: Audit, name: str, about: Mapping[str, str]) -> str:
    """The page; ``name`` of the data set, ``about``: how the audit was made, by what is said."""
    groups = pair_groups(audit)
    template = page_environment(_HERE).get_template("audit.html.jinja")
    return template.render(
        name=name,
        about=about,
        looked_at=looked_at(audit),
        verdicts=verdicts(audit),
        groups=groups,
        left_out=sum(group.n - len(group.shown) for group in groups),
        splits=split_table(audit),
        comparison=audit.comparison,
        floors=_side_by_side(audit.floors.floors),
        unmeasured=audit.floors.unmeasured,
        limit=LIMIT,
        faulty=faulty_files(audit),
        giveaways=giveaway_table(audit),
        distributions=distribution_tables(audit),
    )


def _side_by_side(floors: Sequence[Floor]) -> list[Floor]:
    """Each floor as published beside the same after neutral decoding, test by test."""
    names = [floor.name for floor in floors]
    return sorted(floors, key=lambda one: (one.tested_on or "", names.index(one.name), one.neutral))
