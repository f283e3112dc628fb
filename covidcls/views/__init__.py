"""What stage 2 sees of a slice: one rule for training and for use."""
