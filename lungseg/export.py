"""From a finished training to a shipped segmenter with its measured card."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from lungseg.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lungseg.data.module import LungMaskDataModule
from lungseg.evaluation.guard import guard_threshold
from lungseg.evaluation.measure import measure
from lungseg.evaluation.thresholds import choose_thresholds, min_certainty
from lungseg.segmenter import LungSegmenter
from lungseg.training import network_of

# of the sets that the shipped recipe trains on, by the names of their folders
SHIPPED_SETS = ("lung-masks", "medseg-98", "tcga-hu", "not-chest-ct", "reformats")
TERMS = (
    "CC BY-NC-SA 4.0: the strictest of the training data (lung-masks of Ma et al. 2020 and its "
    "Radiopaedia part, and medicalsegmentation.com, both non-commercial)"
)


def export_segmenter(
    trained: Path,
    data: LungMaskDataModule,
    directory: Path,
    name: str,
    training: dict[str, Any],
    test: bool = False,
) -> dict[str, Any]:
    """Write ``NAME.safetensors`` and its card into ``directory``; the card.

    ``trained``: the best Lightning checkpoint. ``training``: what the card says of the training
    (seed, epochs, versions, ...). The figures are those of the half-precision weights, by source
    of validation; ``test`` adds the held-out patients, to be looked at once.
    """
    data.setup()
    module, tensors = network_of(trained)
    card: dict[str, Any] = {
        "kind": "segmenter",
        "architecture": module.architecture,
        "classes": ["lung", "lesion"][: module.architecture["classes"]],
        "input_size": data.size,
        "framing": data.framing,
        "normalisation": {"mean": 0.5, "std": 0.5, "channels": "grey, three times"},
        "threshold": 0.5,
        "chest_threshold": 0.0,
        "loss": {k: v for k, v in vars(module.loss_settings).items()},
        "training": {
            "data": {k: len(v) for k, v in data.train.items()},
            "shares": {k: round(v, 4) for k, v in data.shares().items()},
            **({"pseudo_labels": data.pseudo_labels} if data.pseudo_labels else {}),
            "split": data.split.data,
            "split_sha256": data.split.sha256,
            "held_out_patients": sorted(data.split.test),
            "validation_patients": {
                source: sorted({one.patient for one in slices})
                for source, slices in data.plain_val().items()
            },
            **training,
        },
        "parameters": sum(v.numel() for v in module.network.parameters()),
        "licence": licence_of(list(data.train)),
    }
    whole = LungSegmenter(Checkpoint(name, card, tensors, ""), device="auto")
    with tempfile.TemporaryDirectory() as folder:  # weights with half a card are never shipped
        path = save_checkpoint(Path(folder), name, tensors, card)
        half = LungSegmenter(load_checkpoint(path, "segmenter"), device="auto")
    card |= choose_thresholds(half, data.plain_val())
    for segmenter in (whole, half):
        segmenter.threshold = card["threshold"]
        segmenter.lesion_threshold = card.get("lesion_threshold", card["threshold"])
    half.min_chest_ct = whole.min_chest_ct = 0.0
    looks = ", altered looks included" if data.stress else ""
    if module.loss_settings.chest:  # else the head has learned nothing, and refuses nothing
        card["chest_threshold"] = round(guard_threshold(half, data.val), 4)
        card["chest_threshold_chosen_by"] = (
            f"a tenth of the odds of the least certain 1 % of validation CT{looks}"
        )
        half.min_chest_ct = whole.min_chest_ct = card["chest_threshold"]
    card["min_certainty"] = min_certainty(half, data.val)
    card["min_certainty_chosen_by"] = (
        "half way between the least certain lung of validation and its surest mask without lung"
        f"{looks}"
    )
    half.min_certainty = whole.min_certainty = card["min_certainty"]
    measured = {source: measure(half, slices) for source, slices in data.val.items()}
    figures: dict[str, Any] = {
        f"validation {source}": {k: v.as_dict() for k, v in found.items()}
        for source, found in measured.items()
    }
    of_whole = measure(whole, data.val[data.folder])
    cost = measured[data.folder]["dice"].value - of_whole["dice"].value
    if test:
        held_out = measure(half, data.test)
        figures[f"held-out patients {data.folder}"] = {k: v.as_dict() for k, v in held_out.items()}
    card["figures"] = figures
    card["intervals"] = "95 %, percentile bootstrap of 2,000 resamples clustered by patient"
    card["half_precision_cost"] = {"validation_dice": round(cost, 6)}
    path = save_checkpoint(directory, name, tensors, card)
    final: dict[str, Any] = load_checkpoint(path, "segmenter").card
    return final


def licence_of(sources: Sequence[str]) -> str:
    """The line of a card whose network learned from ``sources``, folders by name.

    The terms of those of the shipped recipe are known, as one; of any other folder they are not,
    and this says so.
    """
    known = [TERMS] if any(name in SHIPPED_SETS for name in sources) else []
    others = [name for name in sources if name not in SHIPPED_SETS]
    unknown = [f"{name} (a folder of its user, whose terms are not known here)" for name in others]
    return "; ".join([*known, *unknown])
