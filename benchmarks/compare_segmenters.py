"""Networks and losses of stage 1 against each other, all trained by one short recipe.

    python benchmarks/compare_segmenters.py --list
    python benchmarks/compare_segmenters.py --data-dir ../shared/data --runs runs/compared
    python benchmarks/compare_segmenters.py --only shipped,no-gates --epochs 5 --runs runs/compared

Each variant is the recipe of ``--config`` with a few options changed: the same data, seed and
number of steps. They are trained one after another by ``python -m pipelines.train_seg``; the same
command again skips the finished ones, goes on with one that was cut off, and writes what is there
to ``benchmarks/compare_segmenters.json``. Figures are those of validation patients, from the cards;
the held-out patients are not looked at.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from machine import machine
from result_file import write_result
from untrained_methods import Averaged, ClassicMethod

from lungseg.errors import LungsegError, UsageError
from lungseg.pseudo_labelling import View
from pipelines.command import CommandParser, ExitCode, nearest, say

if TYPE_CHECKING:
    from lungseg.data.module import LungMaskDataModule
    from lungseg.data.sources import MaskedSlice
    from lungseg.segmenter import LungSegmenter

REPOSITORY = Path(__file__).resolve().parents[1]
SOURCES = ("lung-masks", "medseg-98", "tcga-hu")
FIGURES = ("dice", "worst_decile", "empty", "lesion_dice_pooled")
BASE, CLASSIC = "shipped", "classic"
COPIES, ENSEMBLE = "averaged-copies", "two-seeds"
SEED_2 = {"seed_everything": 2}


@dataclass(frozen=True)
class Variant:
    """``what`` it is in the table; ``changes`` of the recipe by option of ``train_seg``."""

    what: str
    changes: Mapping[str, Any] = field(default_factory=dict)

    def options(self) -> list[str]:
        """``changes`` for the command line."""
        return [
            f"--{name}={value if isinstance(value, str) else json.dumps(value)}"
            for name, value in self.changes.items()
        ]

    def changed(self, part: str) -> set[str]:
        """The options of ``part``, ``model`` or ``data``, that ``changes`` sets."""
        names = [name.partition(".") for name in self.changes]
        return {option.partition(".")[0] for head, _, option in names if head == part}


def _loss(region: str, bce: float, **others: Any) -> dict[str, Any]:
    given = {"region": region, "bce": bce, **others}
    return {f"model.loss.{name}": value for name, value in given.items()}


PRINTED = {"exponent": "gamma", "gamma": 1.3}
INVERSE = {"exponent": "inverse_gamma", "gamma": 4 / 3}
VARIANTS = {
    "shipped": Variant("the recipe as it is: attention gates, Focal Tversky as printed + BCE"),
    "no-gates": Variant("skips without gates", {"model.gates": False}),
    "separable": Variant("depthwise-separable decoder", {"model.separable": True}),
    "unet-plus-plus": Variant("U-Net++ of smp", {"model.network": "unet_plus_plus"}),
    "paper": Variant(
        "the architecture of the paper's Attention U-Net, from scratch",
        {
            "model.encoder": "plain",
            "model.widths": [16, 32, 64, 128, 256, 512],
            "model.pretrained": "none",
        },
    ),
    "larger-encoder": Variant(
        "EfficientNet-Lite2 as the encoder", {"model.encoder": "tf_efficientnet_lite2"}
    ),
    "more-pixels": Variant("320 pixels a side instead of 256", {"data.size": 320}),
    CLASSIC: Variant("threshold and components, without training"),
    "focal-tversky": Variant(
        "Focal Tversky, exponent gamma = 1.3", _loss("focal_tversky", 0.0, **PRINTED)
    ),
    "focal-tversky-inverse": Variant(
        "Focal Tversky, exponent 1 / gamma = 3/4", _loss("focal_tversky", 0.0, **INVERSE)
    ),
    "focal-tversky-inverse-bce": Variant(
        "Focal Tversky, exponent 1 / gamma = 3/4, + BCE", _loss("focal_tversky", 1.0, **INVERSE)
    ),
    "dice": Variant("soft Dice", _loss("dice", 0.0)),
    "dice-bce": Variant("soft Dice + BCE", _loss("dice", 1.0)),
    "bce": Variant("BCE", _loss("none", 1.0)),
    "another-seed": Variant("shipped with seed 2", SEED_2),
    "another-seed-no-gates": Variant("no-gates with seed 2", {"model.gates": False, **SEED_2}),
    COPIES: Variant("shipped on the slice and its mirror image, at 256 and at 320 px, averaged"),
    ENSEMBLE: Variant("shipped and another-seed, averaged"),
}
PASSES: dict[str, dict[str, tuple[View, ...]]] = {  # the copies of a slice by network
    COPIES: {BASE: (View(), View(flip=(1,)), View(scale=1.25), View(flip=(1,), scale=1.25))},
    ENSEMBLE: {BASE: (View(),), "another-seed": (View(),)},
}
UNTRAINED = (CLASSIC, *PASSES)


def main(arguments: Sequence[str] | None = None) -> int:
    """Train what is not trained yet, and write the JSON file; the exit code."""
    parser = CommandParser(description=__doc__, prog="compare_segmenters.py")
    parser.add_argument("--list", action="store_true", help="print the variants and do nothing")
    parser.add_argument("--only", help="names with commas; all if not given")
    parser.add_argument("--epochs", type=int, default=5, help="(%(default)s)")
    parser.add_argument("--data-dir", type=Path, default=Path("../shared/data"))
    parser.add_argument("--runs", type=Path, default=Path("runs/compared"))
    parser.add_argument(
        "--config", type=Path, default=REPOSITORY / "configs" / "seg" / "attention_unet_lite0.yaml"
    )
    parser.add_argument("--repeats", type=int, default=30, help="of the timing (%(default)s)")
    parser.add_argument("--threads", type=int, default=os.cpu_count(), help="of the timing")
    parser.add_argument(
        "--out", type=Path, default=REPOSITORY / "benchmarks" / "compare_segmenters.json"
    )
    given = parser.parse_args(arguments)
    if given.list:
        for name, variant in VARIANTS.items():
            print(f"{name:26} {variant.what}")
        return ExitCode.DONE
    return write_result(trained_and_compared, given, hint="the same command goes on")


def trained_and_compared(given: argparse.Namespace) -> dict[str, Any]:
    """The comparison, after the trainings that it lacks."""
    for name in chosen(given.only):
        if name not in UNTRAINED and finished(name, given) is None:
            train(name, given)
    return comparison(given)


def chosen(only: str | None) -> list[str]:
    """The names in ``only``, in the order of the table. Raises UsageError for an unknown one."""
    asked = list(VARIANTS) if only is None else only.split(",")
    for name in asked:
        if name not in VARIANTS:
            raise UsageError(f"there is no variant {name!r}{nearest(name, list(VARIANTS))}")
    return [name for name in VARIANTS if name in asked]


def finished(name: str, given: argparse.Namespace) -> dict[str, Any] | None:
    """The card of a variant that is trained. Raises UsageError if it had other epochs."""
    path = given.runs / "weights" / f"{name}.json"
    if not path.is_file():
        return None
    card: dict[str, Any] = json.loads(path.read_text())
    epochs = card["training"]["epochs_asked"]
    if epochs != given.epochs:
        raise UsageError(
            f"{path} was trained for {epochs} epochs, not {given.epochs}; "
            f"give --epochs {epochs} or another --runs"
        )
    return card


def command(name: str, given: argparse.Namespace) -> list[str]:
    """The training of one variant; a run that was cut off goes on."""
    return [
        *(sys.executable, "-m", "pipelines.train_seg", f"--config={given.config}"),
        *(f"--name={name}", f"--runs={given.runs}", f"--export_dir={given.runs / 'weights'}"),
        *(f"--data.data_dir={given.data_dir}", f"--trainer.max_epochs={given.epochs}"),
        *(f"--early_stopping.patience={given.epochs}", "--keep=best"),
        *("--resume=true", "--test=false"),
        *VARIANTS[name].options(),
    ]


def train(name: str, given: argparse.Namespace) -> None:
    """Run the training as a process of its own."""
    say(f"training {name}: {VARIANTS[name].what}")
    done = subprocess.run(command(name, given), stdout=subprocess.DEVNULL)  # the card is a file too
    if done.returncode:
        raise LungsegError(f"the training of {name} ended with exit code {done.returncode}")


def comparison(given: argparse.Namespace) -> dict[str, Any]:
    """Figures, size and time of every variant that is trained, and of what needs no training."""
    from lungseg.segmenter import LungSegmenter

    cards = {name: finished(name, given) for name in VARIANTS}
    trained = {name: card for name, card in cards.items() if card is not None}
    recipe = common_recipe(trained)
    check_base(trained)
    networks = {
        name: LungSegmenter.from_checkpoint(name, given.runs / "weights", device="cpu")
        for name in trained
    }
    passes = {name: views for name, views in PASSES.items() if views.keys() <= networks.keys()}
    methods: dict[str, Any] = {
        **networks,
        CLASSIC: ClassicMethod(),
        **{
            name: Averaged({networks[one]: some for one, some in views.items()})
            for name, views in passes.items()
        },
    }
    milliseconds = times(networks, passes, given)
    slices = validation_slices(given)
    against = differences(methods, slices) if BASE in trained else {}
    variants: dict[str, Any] = {}
    for name, variant in VARIANTS.items():
        if name in trained:
            found = from_card(trained[name])
        elif name in methods:
            parameters = sum(trained[one]["parameters"] for one in passes.get(name, ()))
            found = {"figures": figures_of(methods[name], slices), "parameters": parameters}
        else:
            continue
        found["against_shipped"] = against.get(name)
        variants[name] = {"what": variant.what, **found, **milliseconds[name]}
    return {
        "config": given.config.name,
        "epochs": given.epochs,
        **recipe,
        "machine": machine(given.threads),
        "variants": variants,
    }


def common_recipe(cards: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Seed, steps, split and data of the first of ``cards``, the same in all but where a variant
    changes an option of the data; None where there is no card.

    Raises UsageError where a card has others: figures of two recipes are no comparison.
    """
    recipes = {name: card["training"] for name, card in cards.items()}
    shared = ("seed", "steps", "split_sha256")
    if not recipes:
        return dict.fromkeys((*shared, "data"))
    first, *others = recipes
    for name in others:
        own, usual = ({key: recipes[one][key] for key in shared} for one in (name, first))
        reseeded = "seed_everything" in VARIANTS[name].changes
        differing = unlike(own, usual, {"seed"} if reseeded else set())
        data, common = (recipes[one]["recipe"]["data"] for one in (name, first))
        if unlike(data, common, VARIANTS[name].changed("data")):
            differing.append("data")
        refuse_differing(name, first, differing)
    base = recipes[first]
    return {**{key: base[key] for key in shared}, "data": base["recipe"]["data"]}


def check_base(cards: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise UsageError where a variant differs from ``shipped`` in an option that it does not
    change: it was trained before the config was."""
    if BASE not in cards:
        return
    base, *models = (card["training"]["recipe"]["model"] for card in (cards[BASE], *cards.values()))
    for name, model in zip(cards, models, strict=True):
        refuse_differing(name, BASE, unlike(model, base, VARIANTS[name].changed("model")))


def unlike(one: Mapping[str, Any], other: Mapping[str, Any], changed: set[str]) -> list[str]:
    """The options that differ, but for those that were ``changed`` on purpose."""
    options = sorted((one.keys() | other.keys()) - changed)
    return [option for option in options if one.get(option) != other.get(option)]


def refuse_differing(name: str, other: str, differing: Sequence[str]) -> None:
    """Raise UsageError if there are any."""
    if differing:
        raise UsageError(
            f"{name} and {other} were trained with another {' and '.join(differing)}; remove "
            "the weights and runs of one of both, or give another --runs"
        )


def from_card(card: Mapping[str, Any]) -> dict[str, Any]:
    """What the comparison takes from a card. ``minutes`` is None where the training was cut off."""
    training = card["training"]
    return {
        "figures": {
            source: {key: value for key, value in found.items() if key in FIGURES}
            for source in SOURCES
            if (found := card["figures"].get(f"validation {source}"))
        },
        "parameters": card["parameters"],
        "minutes": None if training["resumed"] else training["minutes"],
        "best_epoch": training["best_epoch"],
        "architecture": card["architecture"],
        "size": training["recipe"]["data"]["size"],
        "loss": card["loss"],
        "model": training["recipe"]["model"],
        "sha256": card["sha256"],
    }


def validation_slices(given: argparse.Namespace) -> dict[str, list[MaskedSlice]]:
    """Those of the recipe by source."""
    data = data_of(given.config, given.data_dir)
    data.setup()
    return {source: list(data.val[source]) for source in SOURCES if source in data.val}


def data_of(config: Path, folder: Path) -> LungMaskDataModule:
    """The data of a recipe below ``folder``, read by the parser that the training command has."""
    import yaml
    from jsonargparse import ArgumentParser

    from lungseg.data.module import LungMaskDataModule

    parser = ArgumentParser()
    parser.add_class_arguments(LungMaskDataModule, "data")
    section = {**yaml.safe_load(config.read_text())["data"], "data_dir": str(folder)}
    data: LungMaskDataModule = parser.instantiate(parser.parse_object({"data": section})).data
    return data


def figures_of(
    method: Any, slices: Mapping[str, Sequence[MaskedSlice]]
) -> dict[str, dict[str, Any]]:
    """Those of ``method`` on the validation patients by source."""
    from lungseg.evaluation.measure import measure

    return {
        source: {
            key: value.as_dict() for key, value in measure(method, some).items() if key in FIGURES
        }
        for source, some in slices.items()
    }


def differences(
    methods: Mapping[str, Any], slices: Mapping[str, Sequence[MaskedSlice]]
) -> dict[str, Any]:
    """Of each method but ``shipped``, its Dice minus that of ``shipped`` on the same slices of all
    sources: ``dice`` of the lungs, where there is lung, and ``lesion_dice_pooled``."""
    from lungseg.data.sources import LESION, LUNG
    from lungseg.evaluation.difference import dice_difference, pooled_difference
    from lungseg.evaluation.measure import as_slice
    from lungseg.metrics import Overlap

    every = [one for some in slices.values() for one in some]
    with_lung = [one for one in every if Overlap.of(*[one.masks[..., LUNG] > 0] * 2).has_target]
    with_truth = [one for one in every if one.known[LESION]]
    pictures = [as_slice(one) for one in every]

    def overlaps(method: Any) -> tuple[list[Overlap], list[Overlap]]:
        masks = dict(zip(map(id, every), method.predict(pictures), strict=True))
        lungs = [Overlap.of(masks[id(s)].mask, s.masks[..., LUNG] > 0) for s in with_lung]
        seen = [(masks[id(s)].lesion, s) for s in with_truth]
        none = [] if any(lesion is None for lesion, _ in seen) else seen
        return lungs, [Overlap.of(lesion, s.masks[..., LESION] > 0) for lesion, s in none]

    lungs, lesions = overlaps(methods[BASE])
    found: dict[str, Any] = {}
    for name, method in methods.items():
        if name == BASE:
            continue
        of_lungs, of_lesions = overlaps(method)
        patients = [one.patient for one in with_lung]
        found[name] = {"dice": dice_difference(of_lungs, lungs, patients).as_dict()}
        if of_lesions:
            patients = [one.patient for one in with_truth]
            difference = pooled_difference(of_lesions, lesions, patients)
            found[name]["lesion_dice_pooled"] = difference.as_dict()
    return found


def times(
    networks: Mapping[str, LungSegmenter],
    passes: Mapping[str, Mapping[str, Sequence[View]]],
    given: argparse.Namespace,
) -> dict[str, dict[str, float]]:
    """Milliseconds per slice of each trained network (eager torch), of all ``passes`` of those that
    average several, and of the classic method."""
    import torch
    from segmenter_speed import in_torch, sample_pictures, timed

    from lungseg.threshold import threshold_display_lungs

    torch.set_num_threads(given.threads)
    forward = {name: in_torch(one.network, torch.float32) for name, one in networks.items()}

    @cache
    def picture(size: int) -> torch.Tensor:
        return sample_pictures(REPOSITORY / "samples", size)[:1]

    def all_of(runs: Sequence[tuple[str, int]]) -> Callable[[torch.Tensor], object]:
        return lambda _: [forward[name](picture(size)) for name, size in runs]

    grey = (picture(256)[0, 0] * 0.5 + 0.5).numpy()
    ways = {name: all_of([(name, one.size)]) for name, one in networks.items()}
    for name, views in passes.items():
        sizes = [(one, view.input_size(networks[one].size)) for one in views for view in views[one]]
        ways[name] = all_of(sizes)
    ways[CLASSIC] = lambda _: threshold_display_lungs(grey)
    return timed(ways, picture(256), given.repeats)


if __name__ == "__main__":
    sys.exit(main())
