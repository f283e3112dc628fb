"""Stage 1: slices, lung masks, boxes, and what both stages share."""
