"""The paper's classifier: EfficientNet-B4 (Tan & Le 2019) by efficientnet_pytorch."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import nn

NAME, TIMM_NAME = "efficientnet-b4", "tf_efficientnet_b4"
HEAD = ("_fc.weight", "_fc.bias")


def build_b4(pretrained: str, dropout: float) -> nn.Module:
    """One logit. ``pretrained``: ``none``, ``download`` (ImageNet, by the library) or a file.

    A file is a state dict of efficientnet_pytorch; its last layer may have any number of classes
    and is left out unless it has one. Or it is a stage 1 with timm's B4 as its encoder, which has
    the same tensors in the same order; the layers behind the encoder then start at random.
    Everything else must fit; what does not is named.
    """
    from efficientnet_pytorch import EfficientNet

    options: dict[str, Any] = {"num_classes": 1, "dropout_rate": dropout, "image_size": None}
    # As TensorFlow counts it: 0.1 of each batch. Its own 0.99 (ImageNet, a million steps) leaves
    # the running statistics behind the weights when a few hundred steps are all there is.
    options["batch_norm_momentum"] = 0.9
    if pretrained == "download":
        try:
            network: nn.Module = EfficientNet.from_pretrained(NAME, **options)
        except OSError as error:
            raise UsageError(
                f"the ImageNet weights of {NAME} could not be downloaded ({error}); "
                "give the path of a local file instead"
            ) from error
        return network
    network = EfficientNet.from_name(NAME, **options)
    if pretrained == "none":
        return network
    if pretrained == "package":
        raise UsageError(
            f"no installed package brings weights for {NAME}; use none, download or a file"
        )
    from lungseg.networks.pretrained import encoder_of, pretrained_network, read_state

    state = read_state(Path(pretrained))
    expected = network.state_dict()
    if encoder_of(state):
        whole = pretrained_network(TIMM_NAME, pretrained).state_dict()
        state = dict(zip(expected, whole.values(), strict=True))
    if any(key in state and state[key].shape != expected[key].shape for key in HEAD):
        state = {key: value for key, value in state.items() if key not in HEAD}
    wrong = [
        key
        for key in sorted((expected.keys() | state.keys()) - set(HEAD))
        if key not in state or key not in expected or state[key].shape != expected[key].shape
    ]
    if wrong:
        raise UsageError(
            f"{pretrained} is no state dict of {NAME}: {len(wrong)} tensors differ "
            f"(first: {wrong[0]})"
        )
    network.load_state_dict({**expected, **state})
    return network
