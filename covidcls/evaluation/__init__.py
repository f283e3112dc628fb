"""A classifier judged by its probabilities: figures, curves, and paired tests; needs no torch."""
