"""A small audit with one finding of most kinds."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from covidcls.audit.audit import Audit, audit_images
from covidcls.audit.inventory import Inventory, LabelledImage


@pytest.fixture(scope="session")
def audit(tmp_path_factory: pytest.TempPathFactory, chests: list[NDArray[np.uint8]]) -> Audit:
    """A copy across labels and splits, one across nothing, a paper in two splits of which one
    file is absent, and a file that is no picture."""
    root = tmp_path_factory.mktemp("data")
    for folder in ("sick", "well"):
        (root / folder).mkdir()
    Image.fromarray(chests[0][:112]).save(root / "sick" / "a.png")
    Image.fromarray(chests[0][:112]).save(root / "well" / "a.png")
    Image.fromarray(chests[2]).save(root / "sick" / "b.png")
    Image.fromarray(chests[2]).save(root / "sick" / "c.jpg", quality=60)
    (root / "well" / "page.png").write_text("<html>not found</html>")
    images = (
        LabelledImage("sick/a.png", "sick", "train", "Patient 1"),
        LabelledImage("sick/b.png", "sick", "train", source="paper 1"),
        LabelledImage("sick/c.jpg", "sick", "train"),
        LabelledImage("well/a.png", "well", "test"),
        LabelledImage("well/page.png", "well", "test"),
    )
    absent = (LabelledImage("sick/gone.png", "sick", "test", source="paper 1"),)
    return audit_images(Inventory(root, images, absent))
