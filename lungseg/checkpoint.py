"""Weights as NAME.safetensors and their card as NAME.json; never a pickle."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, cast, get_args

import numpy as np
from numpy.typing import NDArray

from lungseg.errors import CheckpointError, UsageError
from lungseg.whole_file import write_json, write_whole

if TYPE_CHECKING:
    from torch import Tensor, nn

Kind = Literal["segmenter", "classifier"]
DEFAULTS = "defaults.json"


@dataclass(frozen=True, eq=False)
class Checkpoint:
    """Weights (float32 by name; arrays from a file, tensors from a training), their card, the
    sha256 of the weights' file, and where it lies; None where they are from none."""

    name: str
    card: dict[str, Any]
    tensors: Mapping[str, NDArray[Any] | Tensor]
    sha256: str
    path: Path | None = None

    @contextmanager
    def describing(self, kind: Kind) -> Iterator[None]:
        """To read in what the card says of a ``kind``; CheckpointError where that is not there."""
        try:
            yield
        except (AttributeError, KeyError, TypeError, ValueError, RuntimeError, UsageError) as error:
            raise CheckpointError(
                f"the card {self.name}.json does not describe a {kind}: {error}"
            ) from error


def shipped_directory() -> Path:
    """The folder of the weights that come with the package: checkout or installed wheel."""
    package = Path(__file__).resolve().parent
    for folder in (package / "_checkpoints", package.parent / "checkpoints"):
        if folder.is_dir():
            return folder
    raise CheckpointError("the shipped weights are missing from this installation; reinstall it")


def _read_json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise CheckpointError(f"there is no file {path}; name a folder with weights") from error
    except (OSError, ValueError) as error:
        raise CheckpointError(f"cannot read {path} as JSON: {error}") from error
    if not isinstance(content, dict):
        raise CheckpointError(f"{path} holds no JSON object; it is not a file of this project")
    return content


def defaults(directory: Path) -> dict[str, Any]:
    """``{"segmenter": NAME, "classifier": {REGION: NAME}}`` of a folder of weights."""
    content = _read_json(Path(directory) / DEFAULTS)
    if not isinstance(content.get("segmenter"), str) or not isinstance(
        content.get("classifier"), dict
    ):
        raise CheckpointError(
            f"{Path(directory) / DEFAULTS} names no segmenter and classifiers; "
            'expected {"segmenter": NAME, "classifier": {"crop": NAME}}'
        )
    return content


def in_half(tensor: Tensor) -> Tensor:
    """Float16 for matrices and filters; biases and batch statistics, small and sensitive, stay."""
    return tensor.half() if tensor.is_floating_point() and tensor.dim() > 1 else tensor


def save_checkpoint(
    directory: Path,
    name: str,
    tensors: Mapping[str, NDArray[Any] | Tensor],
    card: Mapping[str, Any],
    half: bool = True,
) -> Path:
    """Write ``NAME.safetensors`` (see :func:`in_half`) and ``NAME.json``; the path of the former.

    The card is completed with ``name``, ``precision`` and the ``sha256`` of the weights' file. A
    graph ``NAME.onnx`` from before is removed: it belongs to the weights that are replaced.
    """
    import torch
    from safetensors.torch import save

    directory = Path(directory)
    directory.mkdir(parents=True, exist_ok=True)
    given = {key: torch.as_tensor(value) for key, value in tensors.items()}
    stored = {
        key: (in_half(value) if half else value).contiguous().cpu() for key, value in given.items()
    }
    overflowed = [k for k, v in stored.items() if v.is_floating_point() and not v.isfinite().all()]
    if overflowed:
        raise CheckpointError(
            f"{len(overflowed)} tensors of {name} are not finite (first: {overflowed[0]}); "
            "the training diverged, or the weights do not fit half precision"
        )
    content = save(stored)
    path = directory / f"{name}.safetensors"
    full = {
        **card,
        "name": name,
        "precision": "float16" if half else "float32",
        "sha256": hashlib.sha256(content).hexdigest(),
    }
    path.with_suffix(".onnx").unlink(missing_ok=True)
    write_whole(path, content)
    write_json(path.with_suffix(".json"), full)
    return path


def kind_of(path: Path) -> Kind:
    """What the card beside the weights ``path`` says that they are."""
    kind = _read_json(path.with_suffix(".json")).get("kind")
    if kind not in get_args(Kind):
        raise CheckpointError(
            f"{path.with_suffix('.json')} is the card of a {kind!r}; known are "
            f"{' and '.join(get_args(Kind))}"
        )
    return cast(Kind, kind)


def load_checkpoint(path: Path, kind: Kind) -> Checkpoint:
    """Read ``NAME.safetensors`` beside ``NAME.json``, without torch; half precision comes back as
    float32.

    Raises CheckpointError, in one sentence, for a missing, damaged or foreign file, a pickle, a
    card of another kind, and a card whose hash is not that of the weights.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    path = Path(path)
    if path.suffix != ".safetensors":
        raise CheckpointError(
            f"{path} is no safetensors file; pickled checkpoints can run code and are never read"
        )
    card = _read_json(path.with_suffix(".json"))
    try:
        content = path.read_bytes()
    except OSError as error:
        raise CheckpointError(f"cannot read the weights {path}: {error.strerror}") from error
    # the length of a safetensors header may begin with 0x80 too, but then its JSON follows
    pickled = content[:1] == b"\x80" and content[8:9] != b"{"
    if content[:4] == b"PK\x03\x04" or pickled:
        raise CheckpointError(
            f"{path} is a pickle under another name; pickles can run code and are never read"
        )
    sha256 = hashlib.sha256(content).hexdigest()
    if card.get("sha256") != sha256:
        raise CheckpointError(
            f"the weights {path.name} and their card {path.with_suffix('.json').name} do not "
            f"belong together: the card was made for sha256 {str(card.get('sha256'))[:12]}, "
            f"the file has {sha256[:12]}; get both again"
        )
    if card.get("kind") != kind:
        raise CheckpointError(
            f"{path.name} is a {card.get('kind')!r} by its card, but a {kind!r} is needed here"
        )
    try:
        tensors = load(content)
    except SafetensorError as error:
        raise CheckpointError(f"{path} is damaged or no safetensors file: {error}") from error
    full = {k: v.astype(np.float32) if v.dtype.kind == "f" else v for k, v in tensors.items()}
    broken = [k for k, v in full.items() if not np.isfinite(v).all()]
    if broken:
        raise CheckpointError(
            f"{len(broken)} tensors of {path} are not finite (first: {broken[0]}); "
            "the training diverged, get other weights"
        )
    return Checkpoint(path.stem, card, full, sha256, path)


def resolve(
    name: str | Path | None, directory: Path | None, kind: Kind, region: str = "crop"
) -> Path:
    """The weights' file for a path, a name in ``directory``, or None for its default.

    ``directory`` None is the shipped folder. ``region`` chooses among the default classifiers.
    """
    # a name may hold dots, such as net-1.5
    if name is not None and (Path(name).suffix == ".safetensors" or Path(name).is_file()):
        return Path(name)
    folder = shipped_directory() if directory is None else Path(directory)
    if not folder.is_dir():
        raise CheckpointError(f"there is no folder of weights {folder}")
    if name is None:
        chosen = defaults(folder)
        if kind == "segmenter":
            name = str(chosen["segmenter"])
        elif region in chosen["classifier"]:
            name = str(chosen["classifier"][region])
        else:
            raise CheckpointError(
                f"{folder / DEFAULTS} names no classifier for region {region!r}; "
                f"it has {', '.join(sorted(chosen['classifier'])) or 'none'}"
            )
    path = folder / f"{name}.safetensors"
    if not path.is_file():
        import difflib

        known = sorted(p.stem for p in folder.glob("*.safetensors"))
        near = difflib.get_close_matches(str(name), known, n=3, cutoff=0.3) or known
        raise CheckpointError(
            f"there are no weights {path}; known there are: {', '.join(near) or 'none'}"
        )
    return path


def load_weights(network: nn.Module, checkpoint: Checkpoint) -> None:
    """Put the weights into ``network``, strictly; names what does not fit."""
    import torch

    expected = network.state_dict()
    missing = sorted(expected.keys() - checkpoint.tensors.keys())
    foreign = sorted(checkpoint.tensors.keys() - expected.keys())
    shapes = [
        f"{key} {tuple(checkpoint.tensors[key].shape)} instead of {tuple(expected[key].shape)}"
        for key in sorted(expected.keys() & checkpoint.tensors.keys())
        if expected[key].shape != checkpoint.tensors[key].shape
    ]
    wrong = [f"missing {k}" for k in missing] + [f"unknown {k}" for k in foreign] + shapes
    if wrong:
        raise CheckpointError(
            f"the weights {checkpoint.name} do not fit the architecture of their card: "
            f"{len(wrong)} tensors differ (first: {wrong[0]})"
        )
    network.load_state_dict({key: torch.as_tensor(v) for key, v in checkpoint.tensors.items()})
