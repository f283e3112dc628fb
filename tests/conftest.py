"""Fixtures that every test may use."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def repository() -> Path:
    """The root of the checkout."""
    return REPOSITORY


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real CT; its pictures may not be published, so a fresh clone lacks it."""
    folder = Path(os.environ.get("LUNGSEG_DATA", REPOSITORY.parent / "shared" / "data"))
    if not (folder / "lung-masks").is_dir():
        pytest.skip(f"the real data are not at {folder} (set LUNGSEG_DATA)")
    return folder
