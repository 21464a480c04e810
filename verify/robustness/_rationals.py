"""Exact arithmetic: floating-point numbers as the fractions that they are, and definiteness by elimination."""

from fractions import Fraction

import numpy as np


def exactly(a):
    """An array of fractions of the same values."""
    return np.vectorize(lambda x: Fraction(float(x)), otypes=[object])(a)


def is_semidefinite(S):
    """Whether a symmetric matrix of fractions is ⪰ 0."""
    S = S.copy()
    while len(S):
        pivot, row = S[0, 0], S[0, 1:]
        if pivot < 0 or (pivot == 0 and row.any()):
            return False
        S = S[1:, 1:] - (np.outer(row, row) / pivot if pivot else 0)
    return True
