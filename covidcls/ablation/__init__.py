"""Ablations of stage 2: recipes trained with several seeds, and what the difference is worth."""
