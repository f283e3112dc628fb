"""Figures of a segmenter on slices with true masks."""
