"""Train stage 1: ``python -m pipelines.train_seg --config configs/seg/attention_unet_lite0.yaml``.

Every option stands in the YAML and on the command line (``--help``); the best epoch, or with
``--keep last`` the last, is exported to ``checkpoints/NAME.safetensors`` and ``NAME.json``.
"""

from __future__ import annotations

import sys

from pipelines.command import ExitCode, say
from pipelines.extras import lacking


def main(arguments: list[str] | None = None) -> int:
    """Run the command; the exit code."""
    if missing := lacking("train"):
        say(missing)
        return int(ExitCode.USAGE)
    from lungseg.data.module import LungMaskDataModule
    from lungseg.export import export_segmenter
    from lungseg.sample_sheets import SampleSheets
    from lungseg.training import LungMaskModule
    from lungseg.training_report import TrainingCurves
    from pipelines.training_cli import train

    return train(
        LungMaskModule,
        LungMaskDataModule,
        export_segmenter,
        arguments,
        monitor="val/score",
        reports=[TrainingCurves, SampleSheets],
    )


if __name__ == "__main__":
    sys.exit(main())
