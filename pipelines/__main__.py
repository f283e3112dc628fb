"""``lungseg-covid NAME ...`` and ``python -m pipelines NAME ...``: run the command of that name."""

from __future__ import annotations

import runpy
import sys
from collections.abc import Sequence

from pipelines.command import ExitCode, nearest, say

COMMANDS = {
    "predict": "a row, an overlay and a probability for every slice of a folder",
    "inspect": "what the readers see of files and folders",
    "evaluate": "how well lungs, lesions or COVID-19 are found, against the truth",
    "explain": "where a classifier sees its evidence, and how much of it lies in the lungs",
    "audit": "is a data set able to answer the question? copies, leaks, shortcuts",
    "audit_table": "can figures that a paper prints be, and on what test set?",
    "make_samples": "the synthetic slices of samples/",
    "pseudo_label": "masks of unlabelled slices, to train stage 1 on",
    "ablate": "does segmentation help? every region with seeds, intervals and tests",
    "cross": "train on one data set, test on another",
    "train_seg": "train stage 1, the lungs",
    "train_cls": "train stage 2, COVID-19 or not",
    "refit": "train stage 2 on every label, calibrated and cut by its folds",
    "export": "graphs of networks, to run without torch",
}

USAGE = "usage: lungseg-covid NAME [options], where NAME is one of\n" + "\n".join(
    f"  {name:13} {what}" for name, what in COMMANDS.items()
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command with the arguments that follow its name; returns its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given[:1] in (["-h"], ["--help"]):
        print(f"{USAGE}\n\nlungseg-covid NAME --help tells more, as does python -m pipelines.NAME.")
        return int(ExitCode.DONE)
    if given[:1] == ["--version"]:
        from pipelines.versions import package_version

        print(package_version())
        return int(ExitCode.DONE)
    if not given:
        print(USAGE, file=sys.stderr)
        return int(ExitCode.USAGE)
    name = given[0].replace("-", "_")
    if name not in COMMANDS:
        close = nearest(name, list(COMMANDS)) or f"; known are {', '.join(COMMANDS)}"
        say(f"lungseg-covid: unknown command {given[0]!r}{close}")
        return int(ExitCode.USAGE)
    sys.argv = [f"lungseg-covid {name}", *given[1:]]
    runpy.run_module(f"pipelines.{name}", run_name="__main__", alter_sys=False)
    return int(ExitCode.DONE)


if __name__ == "__main__":
    raise SystemExit(main())
