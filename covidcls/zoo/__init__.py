"""Classifiers by name."""

from covidcls.zoo.evidence import logit_and_evidence
from covidcls.zoo.registry import ARCHITECTURES, Architecture, architecture, create_classifier

__all__ = [
    "ARCHITECTURES",
    "Architecture",
    "architecture",
    "create_classifier",
    "logit_and_evidence",
]
