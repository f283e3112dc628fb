"""Training data of stage 1."""
