"""The tables of README.md and docs/: of the cards of networks, and of what benchmarks wrote."""
