"""Judge a classifier on labelled slices into figures, curves and rows."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from covidcls.data.learned import overlap
from covidcls.data.pictures import Layout, split_sha256
from covidcls.evaluation.drawing import tables_of
from covidcls.evaluation.familiarity import Familiarity, familiarity, slices_learned
from covidcls.evaluation.labelled import DEFAULT_SPLIT, Drawing, LabelledData, Split
from covidcls.evaluation.report import (
    EXPLAINED,
    metrics,
    of_band,
    of_operating_points,
    of_patients,
)
from covidcls.evaluation.scored import Scored, clusters_of
from covidcls.operating_point import DEFAULT_AIM, out_of_fold
from lungseg.bootstrap import of_few
from lungseg.checkpoint import resolve
from lungseg.errors import UsageError
from lungseg.regions import Region
from pipelines.command import ExitCode
from pipelines.evaluate_cls_output import write_results
from pipelines.extras import check_installed
from pipelines.labelled_slices import Judged, predict_labelled
from pipelines.output_folder import check_results_go_to
from pipelines.prediction import STATUSES
from pipelines.progress import Progress
from pipelines.versions import versions

if TYPE_CHECKING:
    from pipelines.two_stage import TwoStagePipeline


@dataclass(frozen=True)
class Options:
    """What to judge and how: see ``python -m pipelines.evaluate cls --help``.

    ``split`` None: ``val`` of covid-ct, all of class folders. ``checkpoint`` None: the default
    classifier of ``weights`` for ``region``; ``region`` None: that of ``checkpoint``, or ``crop``.
    ``threshold`` None: that of the ``operating_point``. ``hu_offset``: 16-bit pictures are HU
    plus this.
    """

    layout: Layout = "covid-ct"
    positive: str = "COVID"
    split: Split | None = None
    patients: Path | None = None
    region: Region | None = None
    checkpoint: str | None = None
    weights: Path | None = None
    device: str = "auto"
    backend: str = "auto"
    batch_size: int = 16
    threshold: float | None = None
    operating_point: str = DEFAULT_AIM
    hu_offset: float | None = None


def evaluate_cls(
    data: Path,
    out: Path,
    options: Options | None = None,
    overwrite: bool = False,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Judge every labelled slice and write what was found to ``out``; returns what
    ``metrics.json`` has.

    Figures are of the slices that both stages judged; those that were refused are counted and
    have rows. Raises UsageError, before anything is written, for data that are missing or lack a
    class, an ``out`` in the way, weights that are missing or damaged, and where the extra
    ``evaluate`` is not installed.
    """
    options = options or Options()
    began = time.perf_counter()
    check_installed("evaluate")
    split = options.split or DEFAULT_SPLIT[options.layout]
    messages: list[str] = []
    labelled = LabelledData(data, options.layout, options.positive, split, options.patients)
    pictures = labelled.pictures(messages.append)
    check_results_go_to(out, (data,), overwrite)
    pipeline = _pipeline(options)
    learned = slices_learned(pipeline.classifier)
    drawing = Drawing.from_card(pipeline.classifier.card)
    if drawing != Drawing():  # known only now: wrong data are told before networks are loaded
        pictures = labelled.pictures(drawing=drawing)
    judged = predict_labelled(
        pipeline, pictures, data, options.batch_size, progress, options.hu_offset
    )
    scored, patients = _scored(judged)

    classifier = pipeline.classifier
    record = {
        "tool": "lungseg-covid evaluate cls",
        "data": {
            "name": labelled.name,
            "layout": options.layout,
            "split": split,
            "sha256": split_sha256((split, picture) for picture in pictures),
        },
        "checkpoint": {
            "name": classifier.name,
            "sha256": classifier.sha256,
            "region": classifier.region,
            "segmenter": {"name": pipeline.segmenter.name, "sha256": pipeline.segmenter.sha256},
        },
        "positive_class": options.positive,
        "hu_offset": options.hu_offset,
        "threshold": pipeline.threshold,
        "threshold_chosen_by": _chosen_by(pipeline),
        "operating_point": pipeline.operating_point,
        **metrics(scored, pipeline.threshold),
        "operating_points": of_operating_points(scored, classifier.thresholds),
    }
    if classifier.band is not None:
        record["indeterminate"] = of_band(scored, classifier.band, pipeline.threshold)
    record["patients"] = of_patients(scored, patients)
    statuses = Counter(one.status for one in judged)
    record["slices"] = {status: statuses[status] for status in STATUSES}
    n_learned = None if learned is None else overlap((one.content for one in judged), learned)
    known = familiarity(classifier, labelled, n_learned)
    record["n_learned"], record["floor"] = known.n_learned, known.floor
    record["messages"] = [*messages, *_messages(scored, judged, known)]
    record["rules"] = {name: said for name, said in EXPLAINED.items() if record.get(name)}
    record |= {"versions": versions(), "device": pipeline.segmenter.device}
    record["backend"] = pipeline.backend
    look = statuses["unreadable"] or statuses["not_ct"]
    record["exit_code"] = int(ExitCode.LOOK if look else ExitCode.DONE)
    record["seconds"] = round(time.perf_counter() - began, 1)
    write_results(out, judged, tables_of(scored, pipeline.threshold), record)
    return record


def _pipeline(options: Options) -> TwoStagePipeline:
    region = options.region or "crop"
    segmenter = resolve(None, options.weights, "segmenter")
    weights = resolve(options.checkpoint, options.weights, "classifier", region)

    from covidcls.classifier import CovidClassifier
    from lungseg.segmenter import LungSegmenter
    from pipelines.two_stage import TwoStagePipeline

    classifier = CovidClassifier.from_checkpoint(
        weights, device=options.device, backend=options.backend
    )
    if options.region is not None and classifier.region != options.region:
        raise UsageError(
            f"{classifier.name} was trained on region {classifier.region!r}, not "
            f"{options.region!r}; leave --region out, or give another --checkpoint"
        )
    return TwoStagePipeline(
        LungSegmenter.from_checkpoint(segmenter, device=options.device, backend=options.backend),
        classifier,
        options.threshold,
        options.operating_point,
    )


def _scored(judged: Sequence[Judged]) -> tuple[Scored, list[str]]:
    """The slices that have a probability, and the patient of each, empty where unknown.

    Raises UsageError where there is none, or where they lack a class.
    """
    kept = [one for one in judged if one.probability is not None]
    if judged and not kept:
        counts = Counter(one.status for one in judged).items()
        raise UsageError(
            f"none of the {len(judged)} slices could be judged "
            f"({', '.join(f'{status} {count}' for status, count in counts)}), first "
            f"{judged[0].path}: {judged[0].message}"
        )
    pictures = [one.picture for one in kept]
    scored = Scored(
        np.array([picture.label for picture in pictures], int),
        np.array([one.probability for one in kept], float),
        tuple(picture.patient for picture in pictures),
        clusters_of(picture.patient for picture in pictures),
    )
    return scored, [picture.patient if picture.patient_known else "" for picture in pictures]


def _chosen_by(pipeline: TwoStagePipeline) -> str:
    if pipeline.operating_point == "given":
        return "given by hand"
    card = pipeline.classifier.card
    point = card.get("operating_points", {}).get(pipeline.operating_point)
    where = "out of fold" if out_of_fold(card) else "on validation"
    return f"{point['aim']}, {where}" if point else str(card.get("threshold_chosen_by"))


def _messages(scored: Scored, judged: Sequence[Judged], known: Familiarity) -> Iterator[str]:
    if known.n_learned:
        yield (
            f"{known.n_learned} of {len(judged)} slices were trained on, by their content: the "
            "figures flatter the classifier"
        )
    elif known.learned:
        yield "the classifier was trained on images of this split: its figures flatter it"
    if known.chosen:
        yield (
            "epoch, calibration and thresholds of the classifier were chosen on this split: its "
            "figures are optimistic"
        )
    refused = [one for one in judged if one.probability is None]
    if refused:
        yield (
            f"{len(refused)} slices were not judged and are in no figure, first "
            f"{refused[0].path}: {refused[0].message}"
        )
    unknown = sum(not one.picture.patient_known for one in judged)
    if unknown == len(judged):
        yield (
            f"no patient ids: intervals are over {scored.clustered_by}s, and too narrow where "
            "several show one patient"
        )
    elif unknown:
        yield (
            f"{unknown} of {len(judged)} slices have no patient id: they count by source paper or "
            "file, and intervals are too narrow where several show one patient"
        )
    if narrow := of_few(scored.n_groups, scored.clustered_by):
        yield narrow
        return
    for label, name, figure in ((1, "positive", "recall"), (0, "negative", "specificity")):
        here = {scored.groups[i] for i in np.flatnonzero(scored.labels == label)}
        if narrow := of_few(len(here), scored.clustered_by):
            yield f"{name} slices, so {figure}: {narrow}"
