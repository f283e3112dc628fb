"""The notebooks run from top to bottom with the shipped weights."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.mark.parametrize("name", ["01_quickstart.ipynb", "ablation.ipynb"])
def test_the_notebook_runs_without_an_error(name: str, repository: Path) -> None:
    import nbformat
    from nbclient import NotebookClient

    path = repository / "notebooks" / name
    notebook = nbformat.read(path, as_version=4)
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    )
    client.execute()
    streams = [o for cell in notebook.cells for o in cell.get("outputs", [])]
    assert not [o for o in streams if o.output_type == "error"]
    assert any(o.output_type == "display_data" for o in streams), "no picture was drawn"
