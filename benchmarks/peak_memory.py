"""The most memory that one process of a command had resident."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Collection, Sequence

UNIT = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss: bytes there, KiB elsewhere


def peak_memory(command: Sequence[str], well: Collection[int] = (0,)) -> float:
    """MiB. Raises RuntimeError where the exit code is none of ``well``.

    Linux begins to count at what the process had that starts another one, so a small one is put
    between this, which may hold networks, and ``command``.
    """
    between = [sys.executable, __file__, *command]
    said = subprocess.run(between, check=True, stdout=subprocess.PIPE).stdout
    code, peak = json.loads(said)
    if code not in well:
        raise RuntimeError(f"{' '.join(command)} ended with exit code {code}")
    return round(peak * UNIT / 2**20, 1)


if __name__ == "__main__":
    exit_code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL).returncode
    print(json.dumps([exit_code, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss]))
