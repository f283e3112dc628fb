"""EfficientNet-Lite: the CPU-friendly cut of EfficientNet, by timm's names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lungseg.errors import UsageError

if TYPE_CHECKING:
    from torch import nn


# timm draws the last layer from +-1 / sqrt(outputs): with one output logits of +-10 at the start,
# whose gradients wash the pretrained weights out (measured: validation AUC 0.5 after three epochs).
HEAD_STD = 0.01


def build_lite(name: str, pretrained: str, dropout: float) -> nn.Module:
    """One logit. ``pretrained``: ``none``, ``package`` (ImageNet), ``download`` or a file: a state
    dict of the network, or a stage 1 that has it as its encoder."""
    import timm

    options: dict[str, Any] = {"num_classes": 1, "drop_rate": dropout}
    if pretrained == "download":
        try:
            downloaded: nn.Module = timm.create_model(name, pretrained=True, **options)
        except (OSError, RuntimeError) as error:
            raise UsageError(
                f"the ImageNet weights of {name} could not be downloaded ({error}); "
                "use pretrained=package or a local file"
            ) from error
        return with_small_head(downloaded)
    network: nn.Module = timm.create_model(name, pretrained=False, **options)
    if pretrained != "none":
        from lungseg.networks.pretrained import pretrained_network

        state = pretrained_network(name, pretrained).state_dict()
        own = network.state_dict()
        head = [key for key in own if own[key].shape != state[key].shape]
        network.load_state_dict({**state, **{key: own[key] for key in head}})
    return with_small_head(network)


def with_small_head(network: nn.Module) -> nn.Module:
    """``network`` with a last layer that starts near zero."""
    from torch.nn import init

    head: Any = network.get_submodule("classifier")
    init.normal_(head.weight, std=HEAD_STD)
    init.zeros_(head.bias)
    return network
