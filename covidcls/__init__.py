"""Stage 2: from a slice and its lung mask to a probability of COVID-19."""
