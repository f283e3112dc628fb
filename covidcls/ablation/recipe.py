"""Recipes as ``train_cls`` reads them: nested options, with some of them changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lungseg.errors import UsageError

# with an example of each
SECTIONS = {
    "trainer": "max_epochs: 10",
    "early_stopping": "patience: 10",
    "model": "learning_rate: 1.0e-4",
    "data": "region: crop",
}


def read_yaml(file: Path) -> dict[str, Any]:
    """The mapping in a YAML file. Raises UsageError where there is none."""
    import yaml

    try:
        content = yaml.safe_load(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise UsageError(f"there is no file {file}; name a YAML file with a recipe") from error
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        said = str(error).splitlines()[0]
        raise UsageError(f"cannot read {file} as YAML ({said}); correct it") from error
    if not isinstance(content, dict):
        raise UsageError(f"{file} holds no options; see configs/ablations for an example")
    return content


def check_sections(recipe: Mapping[str, Any]) -> None:
    """Raise UsageError for a section of ``recipe`` that is no options by name."""
    for key in SECTIONS:
        if not isinstance(recipe.get(key, {}), Mapping):
            raise UsageError(
                f"{key} should be options by name, such as {SECTIONS[key]}, and is {recipe[key]!r}"
            )


def with_options(recipe: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of the nested ``recipe`` with dotted ``options`` set, such as ``data.region``.

    Raises UsageError for an option of what is no section."""
    changed = copy.deepcopy(dict(recipe))
    for name, value in options.items():
        *path, last = name.split(".")
        inside = changed
        for key in path:
            inside = inside.setdefault(key, {})
            if not isinstance(inside, dict):
                raise UsageError(f"{name} cannot be set: {key} is {inside!r}, and no options")
        inside[last] = value
    return changed


def differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    """Dotted names of the options that two nested recipes do not share, with both values.

    Of the folder of the data, and of the table of patients, only the name counts, for the same
    data lie elsewhere on another machine.
    """
    a, b = (dict(_flat(with_named_data(recipe))) for recipe in (one, other))
    return [
        f"{name} ({a.get(name)} before, {b.get(name)} now)"
        for name in sorted(a.keys() | b.keys())
        if a.get(name) != b.get(name)
    ]


def with_named_data(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """A copy of ``recipe`` with the names of the folders and tables of its data in place of where
    they are."""
    data = recipe.get("data", {})
    folder, sources = data.get("data_dir"), data.get("sources")
    named: dict[str, Any] = {} if folder is None else {"data.data_dir": Path(folder).name}
    if sources is not None:
        named["data.sources"] = [
            {**one, **{key: Path(one[key]).name for key in ("folder", "patients") if one.get(key)}}
            for one in sources
        ]
    return with_options(recipe, named)


def _flat(recipe: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in recipe.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value
