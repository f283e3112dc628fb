"""``python -m pipelines.export``: graphs that run without torch, beside the weights."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path

from lungseg.checkpoint import kind_of, load_checkpoint, resolve, shipped_directory
from lungseg.errors import UsageError
from pipelines import options
from pipelines.command import CommandParser, ExitCode, run_command

EXAMPLE = """\
example:
  python -m pipelines.export --weights runs/weights efficientnet-lite2-crop

writes NAME.onnx beside NAME.safetensors, without weights: it points into that file, and is refused
with any other. OpenVINO and ONNX Runtime run it. Needs the extra [train].

exit codes: 0 all written, 1 could not finish, 2 wrong use
"""


def parser() -> CommandParser:
    """The options of the command."""
    parser = CommandParser(
        prog="pipelines.export",
        description="Write the graph of networks, for backends other than torch.",
        epilog=EXAMPLE,
    )
    add = parser.add_argument
    add("names", metavar="NAME", nargs="*", help="checkpoint, by name or file (all of --weights)")
    add("--weights", type=Path, metavar="DIR", help="folder of checkpoints (the shipped ones)")
    options.add_messages(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    given = parser().parse_args(arguments)
    return run_command(lambda: _export(given), given.debug)


def export(weights: Path) -> Path:
    """Write the graph of the network of ``weights`` (``NAME.safetensors``); its path.

    Raises CheckpointError for weights that are missing or damaged.
    """
    from lungseg.backends.export import write_graph

    kind = kind_of(weights)
    checkpoint = load_checkpoint(weights, kind)
    if kind == "segmenter":
        from lungseg.segmenter import LungSegmenter

        # pseudo-labels look at a slice in several sizes
        return write_graph(LungSegmenter(checkpoint, "cpu", "torch").recipe, checkpoint)
    from covidcls.classifier import CovidClassifier

    classifier = CovidClassifier(checkpoint, "cpu", "torch")
    return write_graph(classifier.recipe, checkpoint, classifier.size)


def _export(given: argparse.Namespace) -> ExitCode:
    folder = given.weights or shipped_directory()
    names = given.names or sorted(str(file) for file in folder.glob("*.safetensors"))
    if not names:
        raise UsageError(f"there are no weights in {folder}: name a folder of checkpoints")
    files = [resolve(name, folder, "segmenter") for name in names]
    graphs = [export(file) for file in files]
    if given.json:
        print(json.dumps({"written": [str(graph) for graph in graphs]}))
    else:
        for graph in graphs:
            print(f"{graph}  {graph.stat().st_size / 1000:.0f} kB")
    return ExitCode.DONE


if __name__ == "__main__":
    raise SystemExit(main())
