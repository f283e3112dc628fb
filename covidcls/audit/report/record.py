"""The audit as what ``audit.json`` holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from typing import Any

from covidcls.audit.audit import Audit
from covidcls.audit.copies import CopyGroup
from covidcls.audit.findings import CROSSINGS
from covidcls.audit.report.verdicts import verdicts


def record_of(audit: Audit) -> dict[str, Any]:
    """Counts, verdicts, tables and every finding; paths are relative to the root of the data."""
    crosses = Counter(crossing for finding in audit.findings for crossing in finding.crosses)
    return {
        "counts": {
            "images": len(audit.inventory.images),
            "absent": len(audit.inventory.absent),
            "findings": dict(Counter(finding.kind for finding in audit.findings)),
            "crosses": {crossing: crosses[crossing] for crossing in CROSSINGS},
        },
        "needs_look": audit.needs_look,
        "verdicts": [asdict(verdict) for verdict in verdicts(audit)],
        "splits": [asdict(count) for count in audit.counts],
        "copies": [_copies(group) for group in audit.groups],
        "giveaways": [asdict(giveaway) for giveaway in audit.giveaways],
        "distributions": audit.distributions,
        "floors": [floor.as_dict() for floor in audit.floors.floors],
        "unmeasured_floors": audit.floors.unmeasured,
        "comparison": asdict(audit.comparison) if audit.comparison else None,
        "failures": audit.failures,
        "messages": audit.inventory.messages,
        "findings": [asdict(finding) for finding in audit.findings],
    }


def _copies(group: CopyGroup) -> dict[str, Any]:
    return {
        "group": group.name,
        "files": [image.path for image in group.images],
        "crosses": group.crosses,
    }
