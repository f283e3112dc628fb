"""Commands, and the composition of both stages."""
