"""The baseline that sees no picture."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from covidcls.views.lesion_share import lesion_features
from covidcls.zoo import create_classifier
from lungseg.errors import UsageError


def pictures(n: int) -> torch.Tensor:
    """Of N x 3 x 16 x 16, the lesion grows with the number."""
    found = torch.rand(n, 3, 16, 16, generator=torch.Generator().manual_seed(0))
    found[:, 1] = 0
    found[:, 1, 4:12, 4:12] = 1
    share = torch.linspace(0, 0.9, n)
    found[:, 2] = found[:, 1] * share[:, None, None]
    return found


def test_the_grey_is_not_looked_at() -> None:
    network = create_classifier("lesion_share").eval()
    torch.nn.init.ones_(network.classifier.weight)  # type: ignore[arg-type, union-attr]
    one, other = pictures(6), pictures(6)
    other[:, 0] = 0
    logits = network(one)
    assert torch.equal(logits, network(other))
    assert (logits[1:] > logits[:-1]).all()


def test_its_inputs_are_the_lesion_features() -> None:
    network = create_classifier("lesion_share").eval()
    batch = pictures(6)
    found = network.forward_features(batch)[:, :, 0, 0].numpy()  # type: ignore[operator]
    seen = np.moveaxis(batch.numpy(), 1, -1)
    expected = [lesion_features(picture) for picture in seen]
    assert found == pytest.approx(np.array(expected), abs=1e-4)  # a fresh norm changes nothing


def test_there_is_nothing_to_start_from() -> None:
    with pytest.raises(UsageError, match="no weights to start lesion_share from"):
        create_classifier("lesion_share", "package")
