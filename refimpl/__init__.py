"""Executable mathematics of one lecture: Mathematics of Data, Lecture 12, Diffusion Models and Robustness (EPFL).

Chapters, in the lecture's order: ``minimax``, ``sampling``, ``diffusion``, ``networks``, ``robustness``, ``control``.
"""

__version__ = "0.1.0"
