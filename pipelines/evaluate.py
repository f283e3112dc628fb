"""``python -m pipelines.evaluate seg|cls``: judge a segmenter or a classifier on the truth."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from covidcls.data.pictures import LAYOUTS
from covidcls.evaluation.labelled import SPLITS
from lungseg.allocator import keep_freed_memory
from lungseg.regions import REGIONS
from pipelines import options
from pipelines.command import CommandParser, ExitCode, run_command
from pipelines.evaluate_cls import Options as ClsOptions
from pipelines.evaluate_cls import evaluate_cls
from pipelines.evaluate_cls_output import table as table_of_cls
from pipelines.evaluate_seg import Options as SegOptions
from pipelines.evaluate_seg import evaluate_seg
from pipelines.evaluate_seg import table as table_of_seg
from pipelines.progress import ProgressBar

SEG_EXAMPLE = """\
example:
  python -m pipelines.evaluate seg --images set/images --masks set/masks --out evaluation

pairs an image with the mask of the same name up to the suffix: pictures (PNG, JPEG, TIFF, BMP) or
NIfTI volumes in HU (.nii, .nii.gz); what is not zero in a mask is the target, but 3 (effusion) is
no lesion, unless --labels says which values are (--target lesion --labels 2 for masks of predict).
Writes metrics.json, cases.csv, worst.png and, for volumes, volumes.csv.

exit codes: 0 all well, 1 could not finish, 2 wrong use, 3 finished, but some file has no
partner, some slice could not be judged, no mask has the target, or lesions cover the lungs
"""
CLS_EXAMPLE = """\
examples:
  python -m pipelines.evaluate cls --data COVID-CT --layout covid-ct --out evaluation
  python -m pipelines.evaluate cls --data FOLDER --layout folders --positive COVID --out evaluation

covid-ct is the published layout with its split; folders has one folder for each class, or train/,
val/ and test/ with these in them. Both stages run as in predict. Writes metrics.json,
predictions.csv, and figures/ (PNG, and CSV of their numbers): ROC, precision-recall, reliability,
confusion matrix, misclassified, decision curve.

exit codes: 0 all well, 1 could not finish, 2 wrong use, 3 finished, but some slice is unreadable
or not_ct
"""


def parser() -> CommandParser:
    """The options of the command and of what can be evaluated."""
    parser = CommandParser(
        prog="pipelines.evaluate", description="Measure what this project finds against the truth."
    )
    what = parser.add_subparsers(dest="what", metavar="WHAT", required=True)
    seg = what.add_parser(
        "seg",
        help="lung or lesion masks",
        description="Dice, IoU, HD95 and surface Dice of lung or lesion masks, slice by slice.",
        epilog=SEG_EXAMPLE,
    )
    _add_seg(seg)
    cls = what.add_parser(
        "cls",
        help="COVID-19 or not",
        description="Accuracy, AUC, calibration and more of a classifier, with intervals.",
        epilog=CLS_EXAMPLE,
    )
    _add_cls(cls)
    for command in (seg, cls):
        options.add_weights(command)
        options.add_backend(command)
        options.add_batch_size(command)
        options.add_messages(command)
    return parser


def label(text: str) -> int:
    """A value of a mask that is no background. Raises ArgumentTypeError for any other."""
    if not (text.isdecimal() and 1 <= int(text) <= 255):
        raise argparse.ArgumentTypeError(f"{text!r} is no value of a mask: give 1 to 255")
    return int(text)


def _add_seg(seg: CommandParser) -> None:
    add = seg.add_argument
    add("--images", type=Path, required=True, metavar="DIR", help="folder of slices or volumes")
    add("--masks", type=Path, required=True, metavar="DIR", help="folder of their true masks")
    add("--out", type=Path, required=True, help="folder to write")
    add("--overwrite", action="store_true", help="replace an earlier evaluation")
    add("--target", choices=("lung", "lesion"), default="lung", help="(%(default)s)")
    add(
        "--labels",
        type=label,
        nargs="+",
        metavar="N",
        help="values of the masks that are the target (all but 0, for lesions but 3 too)",
    )
    add(
        "--patients",
        type=Path,
        metavar="CSV",
        help="columns patient and file (or slice): intervals are over patients",
    )
    options.add_hu_offset(seg)
    options.add_checkpoint(seg)


def _add_cls(cls: CommandParser) -> None:
    add = cls.add_argument
    add("--data", type=Path, required=True, metavar="DIR", help="labelled slices")
    add("--layout", choices=LAYOUTS, required=True, help="how they lie in DIR")
    add("--out", type=Path, required=True, help="folder to write")
    add("--overwrite", action="store_true", help="replace an earlier evaluation")
    add("--positive", default="COVID", help="with folders, the class of COVID-19 (%(default)s)")
    add("--split", choices=SPLITS, help="which part (val of covid-ct, all of folders)")
    add(
        "--patients",
        type=Path,
        metavar="CSV",
        help="columns patient and file (or slice), where the data lack patients",
    )
    add("--region", choices=REGIONS, help="what stage 2 sees (that of --checkpoint, or crop)")
    add(
        "--checkpoint",
        metavar="NAME",
        help="classifier, by name or file (the default of --weights for --region)",
    )
    options.add_hu_offset(cls)
    options.add_operating_point(cls)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    work = _seg if given.what == "seg" else _cls
    return run_command(lambda: work(given), given.debug)


def _seg(given: argparse.Namespace) -> ExitCode:
    chosen = options.taken(SegOptions, given, labels=tuple(given.labels or ()))
    keep_freed_memory()
    with ProgressBar(sys.stderr, given.quiet) as progress:
        record = evaluate_seg(
            given.images, given.masks, given.out, chosen, given.overwrite, progress
        )
    print(json.dumps(record) if given.json else table_of_seg(record), flush=True)
    return ExitCode(record["exit_code"])


def _cls(given: argparse.Namespace) -> ExitCode:
    chosen = options.taken(ClsOptions, given)
    keep_freed_memory()
    with ProgressBar(sys.stderr, given.quiet) as progress:
        record = evaluate_cls(given.data, given.out, chosen, given.overwrite, progress)
    print(json.dumps(record) if given.json else table_of_cls(record), flush=True)
    return ExitCode(record["exit_code"])


if __name__ == "__main__":
    raise SystemExit(main())
