"""A command that lacks an extra says which one and how to get it."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from lungseg.errors import UsageError
from pipelines.command import ExitCode, run_command
from pipelines.extras import EXTRAS, brought_by_extra, check_installed, lacking

DISTRIBUTIONS = {
    "sklearn": "scikit-learn",
    "faiss": "faiss-cpu",
    "yaml": "PyYAML",
    "segmentation_models_pytorch": "segmentation-models-pytorch",
}


def test_each_extra_brings_the_modules_that_are_said_to_come_with_it(repository: Path) -> None:
    settings = tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))
    for extra, modules in EXTRAS.items():
        brought = " ".join(settings["project"]["optional-dependencies"][extra]).lower()
        for module in modules:
            assert DISTRIBUTIONS.get(module, module).lower() in brought, (extra, module)


def test_a_failed_import_names_the_extra(capsys: pytest.CaptureFixture[str]) -> None:
    def work() -> ExitCode:
        raise ModuleNotFoundError("No module named 'torch.nn'", name="torch.nn")

    assert run_command(work) == ExitCode.USAGE
    said = capsys.readouterr().err
    assert "needs torch, which comes with the extra [train]: python -m pip install" in said
    assert brought_by_extra(ModuleNotFoundError("", name="no_such_module")) == ""


def test_nothing_is_lacking_where_everything_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EXTRAS, "audit", ("json", "csv"))
    assert lacking("audit") == ""
    monkeypatch.setitem(EXTRAS, "audit", ("json", "no_such_module"))
    assert lacking("audit").startswith("this command needs no_such_module, which comes with")
    with pytest.raises(UsageError, match=r"no_such_module, which comes with the extra \[audit\]"):
        check_installed("audit")


def test_of_several_extras_with_a_module_the_lightest_is_named() -> None:
    said = brought_by_extra(ModuleNotFoundError("", name="scipy.stats"))
    assert "the extra [evaluate]" in said


@pytest.mark.parametrize("command", ["train_seg", "train_cls"])
def test_a_training_without_torch_ends_with_a_sentence(repository: Path, command: str) -> None:
    program = (
        "import sys; sys.modules['torch'] = None\n"
        f"from pipelines.{command} import main; raise SystemExit(main([]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=repository, capture_output=True, text=True
    )
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.count("\n") == 1
    assert "the extra [train]" in done.stderr
