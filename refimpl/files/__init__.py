"""Files that survive an interruption.

- `writing`: files written whole or not at all
- `checkpoints`: partial results from which long computations resume
"""
