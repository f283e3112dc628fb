"""Help and wrong use answer at once: the light paths import nothing heavy."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = (
    "torch",
    "torchvision",
    "timm",
    "lightning",
    "albumentations",
    "cv2",
    "scipy",
    "sklearn",
    "nibabel",
    "pydicom",
    "highdicom",
    "gdcm",
    "nrrd",
)


@pytest.mark.parametrize(
    ("statement", "exit_code"),
    [
        ("import lungseg, covidcls, pipelines, pipelines.predict, pipelines.__main__", 0),
        ("import lungseg.io", 0),
        ("from pipelines.predict import main; main(['--help'])", 0),
        ("from pipelines.predict import main; main(['--unknown'])", 2),
        ("from pipelines.predict import main; main(['x', '--batch-size', '0'])", 2),
        ("from pipelines.predict import main; raise SystemExit(main(['missing-folder']))", 2),
        ("from pipelines.pseudo_label import main; main(['--help'])", 0),
        ("from pipelines.pseudo_label import main; raise SystemExit(main(['missing-folder']))", 2),
        ("from pipelines.evaluate import main; main(['seg', '--help'])", 0),
        ("from pipelines.evaluate import main; main(['seg', '--images', 'x'])", 2),
        (
            "from pipelines.evaluate import main; raise SystemExit(main("
            "['seg', '--images', 'missing', '--masks', 'missing-too', '--out', 'out']))",
            2,
        ),
        ("from pipelines.evaluate import main; main(['cls', '--help'])", 0),
        (
            "from pipelines.evaluate import main; raise SystemExit(main("
            "['cls', '--data', 'missing', '--layout', 'folders', '--out', 'out']))",
            2,
        ),
        ("import covidcls.evaluation.drawing, covidcls.evaluation.report", 0),
        ("from pipelines.explain import main; main(['--help'])", 0),
        ("from pipelines.explain import main; main(['x', '--method', 'saliency'])", 2),
        (
            "from pipelines.explain import main; raise SystemExit(main("
            "['missing-folder', '--out', 'out']))",
            2,
        ),
        ("from pipelines.ablate import main; main(['--help'])", 0),
        ("from pipelines.ablate import main; main(['--data', 'x', '--regions', 'lung'])", 2),
        (
            "from pipelines.ablate import main; raise SystemExit(main("
            "['--data', 'missing', '--layout', 'folders', '--out', 'out']))",
            2,
        ),
        ("from pipelines.cross import main; main(['--help'])", 0),
        ("from pipelines.cross import main; raise SystemExit(main(['--train', 'missing']))", 2),
        ("from pipelines.refit import main; main(['--help'])", 0),
        (
            "from pipelines.refit import main; raise SystemExit(main("
            "['--config', 'missing.yaml']))",
            2,
        ),
        ("from pipelines.audit import main; main(['--help'])", 0),
        (
            "from pipelines.audit import main; raise SystemExit(main("
            "['missing-folder', '--out', 'out']))",
            2,
        ),
        ("from pipelines.export import main; main(['--help'])", 0),
        ("from pipelines.inspect import main; main(['--help'])", 0),
        ("from pipelines.inspect import main; raise SystemExit(main(['missing-folder']))", 2),
        ("from pipelines.inspect import main; raise SystemExit(main(['samples', '--quiet']))", 0),
        ("from pipelines.audit_table import main; main(['--help'])", 0),
        ("from pipelines.audit_table import main; raise SystemExit(main(['--recall', '900']))", 2),
        ("from pipelines.__main__ import main; raise SystemExit(main(['predct']))", 2),
        ("from pipelines.__main__ import main; main(['predict', '--help'])", 0),
    ],
)
def test_light_paths_import_nothing_heavy(repository: Path, statement: str, exit_code: int) -> None:
    program = (
        "import atexit, sys\n"
        f"heavy = {HEAVY!r}\n"
        "atexit.register(lambda: print('HEAVY', [m for m in heavy if m in sys.modules]))\n"
        f"{statement}\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == exit_code, done.stderr
    assert done.stdout.endswith("HEAVY []\n"), done.stdout


@pytest.mark.parametrize("backend", ["openvino", "onnxruntime"])
def test_predict_without_torch(repository: Path, tmp_path: Path, backend: str) -> None:
    """As after a plain ``pip install .``, which brings neither torch nor what needs it."""
    pytest.importorskip(backend)
    program = (
        "import sys\n"
        "for name in ('torch', 'torchvision', 'timm', 'onnx', 'scipy', 'sklearn', 'matplotlib'):\n"
        "    sys.modules[name] = None  # importing it fails\n"
        "from pipelines.predict import main\n"
        f"raise SystemExit(main(['samples/patient-3', '--out', {str(tmp_path / 'out')!r}, "
        f"'--backend', {backend!r}, '--device', 'cpu', '--quiet', '--debug']))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "out" / "predictions.csv").is_file()


def test_predict_tells_nobody_that_it_runs(repository: Path, tmp_path: Path) -> None:
    """What OpenVINO's telemetry would leave in the home folder, and its module, are not there."""
    pytest.importorskip("openvino")
    program = (
        "import sys\n"
        "from pipelines.predict import main\n"
        f"main(['samples/patient-3', '--out', {str(tmp_path / 'out')!r}, '--quiet', "
        "'--backend', 'openvino'])\n"
        "assert 'openvino' in sys.modules\n"
        "raise SystemExit(sys.modules['openvino_telemetry'] is not None)\n"
    )
    home = tmp_path / "home"
    home.mkdir()
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=repository,
        env={**os.environ, "HOME": str(home)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert not (home / "intel").exists()
