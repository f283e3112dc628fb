"""Masks of a DICOM input as a DICOM Segmentation object (PS3.3 A.51), built by highdicom."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from lungseg import drawing
from lungseg.io.dicom.sources import Sources
from lungseg.io.planes import turned_to_lps

if TYPE_CHECKING:
    from highdicom.seg import SegmentDescription
    from pydicom.sr.coding import Code

SERIES_NUMBER = 9000  # higher than what scanners give, so that viewers list it last
MAKER = "lungseg-covid"
REMOVED = "names, dates and ids left out, UIDs kept"  # DeidentificationMethod, at most 64 letters


@dataclass(frozen=True)
class Algorithm:
    """What drew the masks: the ``name`` of the network, the ``version`` of this package, and a
    ``serial`` number, which tells these weights from others."""

    name: str
    version: str
    serial: str


def encode_segmentation(
    sources: Sources,
    lung: Sequence[NDArray[np.bool_]],
    lesion: Sequence[NDArray[np.bool_]] | None,
    algorithm: Algorithm,
    identified: bool = False,
) -> bytes:
    """A DICOM file with the segments 1, lung, and 2, lesion, which lies within it.

    ``lung`` and ``lesion`` (None: no such segment) are H x W in LPS, one a slice of ``sources``;
    the segments are in the geometry of the sources, frame by frame with a reference to the
    instance that it was drawn on. Slices without a segment have no frame of it. ``identified``:
    whether the sources have all that names the patient; otherwise the object says that they have
    not.

    Raises ValueError for masks of another shape than their sources, and whatever highdicom raises
    for headers that it cannot refer to.
    """
    from highdicom import UID
    from highdicom.seg import Segmentation, SegmentationTypeValues

    masks = [lung] if lesion is None else [lung, lesion]
    segments = np.zeros((sources.count, *sources.shape, len(masks)), np.bool_)
    for number, of_slices in enumerate(masks):
        for plane, mask in zip(sources.planes, of_slices, strict=True):
            # a view: what is written to it turns from LPS to where the source has it
            view = turned_to_lps(segments[plane, :, :, number], sources.directions)
            if mask.shape != view.shape:
                raise ValueError(f"a mask of {mask.shape} for a slice of {view.shape} pixels")
            view[...] = mask
    found = Segmentation(
        source_images=list(sources.headers),
        pixel_array=segments,
        segmentation_type=SegmentationTypeValues.BINARY,  # what viewers and PACS know
        segment_descriptions=_segments(algorithm)[: len(masks)],
        series_instance_uid=UID(),
        series_number=SERIES_NUMBER,
        sop_instance_uid=UID(),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=algorithm.name,
        software_versions=algorithm.version,
        device_serial_number=algorithm.serial,
        content_label="LUNG" if lesion is None else "LUNG_LESION",
        content_description="Not a medical device: for research alone",
        series_description="Lung segmentation, research only",
        specific_character_set="ISO_IR 192",  # UTF-8, which has the letters of all others
    )
    if not identified:
        found.PatientIdentityRemoved = "YES"
        found.DeidentificationMethod = REMOVED
    content = io.BytesIO()
    found.save_as(content, enforce_file_format=True)
    return content.getvalue()


def _segments(algorithm: Algorithm) -> list[SegmentDescription]:
    from pydicom.sr.codedict import codes

    return [
        _segment(1, "Lung", codes.SCT.AnatomicalStructure, codes.SCT.Lung, drawing.LUNG, algorithm),
        _segment(
            2,
            "Lesion in the lung",
            codes.SCT.MorphologicallyAbnormalStructure,
            codes.SCT.Lesion,
            drawing.LESION,
            algorithm,
        ),
    ]


def _segment(
    number: int,
    label: str,
    category: Code,
    kind: Code,
    colour: drawing.Colour,
    algorithm: Algorithm,
) -> SegmentDescription:
    from highdicom import AlgorithmIdentificationSequence
    from highdicom.color import CIELabColor
    from highdicom.seg import SegmentAlgorithmTypeValues, SegmentDescription
    from pydicom.sr.codedict import codes

    blue, green, red = colour
    return SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=category,
        segmented_property_type=kind,
        algorithm_type=SegmentAlgorithmTypeValues.AUTOMATIC,
        algorithm_identification=AlgorithmIdentificationSequence(
            name=algorithm.name,
            family=codes.DCM.ArtificialIntelligence,
            version=algorithm.version,
        ),
        anatomic_regions=[codes.SCT.Lung],
        display_color=CIELabColor.from_rgb(red, green, blue),
    )
