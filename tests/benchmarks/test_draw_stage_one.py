"""The figure of the README is drawn by its script, and small enough to ship."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from PIL import Image

MOST_BYTES = 300_000


def test_the_script_draws_four_phantoms_in_four_columns(
    tiny_weights: Path, repository: Path, tmp_path: Path
) -> None:
    out = tmp_path / "docs" / "figure.png"
    script = repository / "benchmarks" / "draw_stage_one.py"
    done = subprocess.run(
        [sys.executable, script, "--out", out, "--weights", tiny_weights],
        env={**os.environ, "PYTHONPATH": str(repository)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "by dark" in done.stdout
    with Image.open(out) as drawn, Image.open(repository / "docs" / "stage_one.png") as shipped:
        assert drawn.size == shipped.size
    assert (repository / "docs" / "stage_one.png").stat().st_size < MOST_BYTES
