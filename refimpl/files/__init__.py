"""Files: written whole or not at all, and partial results from which long computations resume."""
