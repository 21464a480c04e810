"""Control: reinforcement learning where it can be computed exactly, and made robust against an adversary."""
