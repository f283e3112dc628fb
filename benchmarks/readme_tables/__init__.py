"""The tables of README.md: of the cards of networks, and of what benchmarks wrote."""
