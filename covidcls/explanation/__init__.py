"""Where a classifier sees its evidence for COVID-19, and how much of that lies in the lungs."""

from covidcls.explanation.energy import energy_inside
from covidcls.explanation.explain import (
    METHODS,
    Energy,
    Explanation,
    Method,
    check_explainable,
    explain,
)
from covidcls.explanation.summary import difference, distribution

__all__ = [
    "METHODS",
    "Energy",
    "Explanation",
    "Method",
    "check_explainable",
    "difference",
    "distribution",
    "energy_inside",
    "explain",
]
