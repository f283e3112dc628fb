"""Train stage 2.

``python -m pipelines.train_cls --config configs/cls/efficientnet_lite2_crop.yaml``

Every option stands in the YAML and on the command line (``--help``); the best epoch, or with
``--keep last`` the last, is exported to ``checkpoints/NAME.safetensors`` and ``NAME.json``, with
the floors beside its figures. Before it trains it says what in the data gives the class away or
stands on both sides of the split (``--audit false`` leaves that out).
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from pipelines.command import ExitCode, say
from pipelines.extras import lacking

MONITOR = "val/auc"


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    if missing := lacking("train"):
        say(missing)
        return int(ExitCode.USAGE)
    from covidcls.audit.quick import QuickAudit, quick_audit
    from covidcls.data.module import CovidDataModule
    from covidcls.export import export_classifier
    from covidcls.training import CovidModule
    from lungseg.training_report import TrainingCurves
    from pipelines.training_cli import train

    def audit(data: CovidDataModule) -> QuickAudit:
        pictures = data.pictures.copy()
        if data.everything:  # no split: every file would be a copy of itself
            pictures.pop("val", None)
        return quick_audit(data.data_dir, pictures)

    return train(
        CovidModule,
        CovidDataModule,
        export_classifier,
        arguments,
        monitor=MONITOR,
        reports=[TrainingCurves],
        audit=audit,
    )


def check_recipe(recipe: Mapping[str, Any]) -> None:
    """Raise UsageError for what a training by ``recipe`` (nested options) would refuse before it
    reads data; nothing is written."""
    from covidcls.data.module import CovidDataModule
    from covidcls.training import CovidModule
    from pipelines.training_cli import check_recipe

    check_recipe(CovidModule, CovidDataModule, recipe, monitor=MONITOR, audits=True)


if __name__ == "__main__":
    sys.exit(main())
