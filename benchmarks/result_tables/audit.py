"""The table of what is measured of the audit: seconds and memory of its search for copies."""

from __future__ import annotations

from result_tables.markdown import table_of
from result_tables.measured import Measured, measured


@measured
def audit_speed(result: Measured) -> str:
    """Seconds and memory of the search for copies by the number of pictures."""
    rows = [
        [
            f"{int(count):,}",
            f"{found['seconds']:.0f}",
            f"{found['cpu_s']:.0f}",
            f"{found['candidates'] / int(count):.1f}",
            f"{found['planted_found']} of {found['planted']}",
            str(found["other_pairs"]),
            f"{found['peak_memory_mib']:,}",
        ]
        for count, found in result["counts"].items()
    ]
    head = ["pictures", "s", "processor s", "pairs compared a picture", "copies found"]
    growth = " and ".join(str(power) for power in result["growth_cpu"][-2:])
    return (
        f"{table_of([*head, 'other pairs', 'peak memory, MiB'], rows)}\n\n"
        f"{result['cores']} cores; the processor time of the last two grew with the power {growth} "
        "of the number of pictures (1: each costs the same; 2: all pairs)."
    )
