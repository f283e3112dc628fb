"""Classifiers by name."""

from covidcls.zoo.registry import ARCHITECTURES, Architecture, architecture, create_classifier

__all__ = ["ARCHITECTURES", "Architecture", "architecture", "create_classifier"]
