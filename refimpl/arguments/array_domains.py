"""Domains of arrays of which more is asked than a shape: signs, sums, definiteness, integers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from refimpl.arguments.domains import Domain, Sizes, array, as_array, is_foreign, shortened


def _narrower(dims: str, condition: str, refuse: Callable[[str, np.ndarray, Sizes], None]) -> Domain:
    """An array as in `array`, unless `refuse` raises; arrays of other libraries pass uninspected."""
    entries = array(dims)

    def check(name: str, value: Any, sizes: Sizes) -> Any:
        a = entries.check(name, value, sizes)
        if not is_foreign(a):
            refuse(name, a, sizes)
        return a

    return Domain(f"{entries.text}, {condition}", check)


def alike(dims: str) -> Domain:
    """An array as in `array`, of one shape in all the arguments of a call that are declared so."""

    def refuse(name: str, a: np.ndarray, sizes: Sizes) -> None:
        if a.shape != (wanted := sizes.setdefault(f"({dims})", a.shape)):
            raise ValueError(f"{name} must have the shape {wanted} of what goes with it, got {a.shape}")

    return _narrower(dims, "all of one shape", refuse)


def positive_array(dims: str) -> Domain:
    """An array as in `array`, whose entries are > 0."""
    return _bounded_array(dims, "> 0", lambda a: a > 0)


def nonnegative_array(dims: str) -> Domain:
    """An array as in `array`, whose entries are >= 0."""
    return _bounded_array(dims, ">= 0", lambda a: a >= 0)


def _bounded_array(dims: str, condition: str, holds: Callable[[np.ndarray], np.ndarray]) -> Domain:
    def refuse(name: str, a: np.ndarray, sizes: Sizes) -> None:
        if not holds(a).all():
            raise ValueError(f"{name} must be {condition}, got {a.min()}")

    return _narrower(dims, condition, refuse)


def probabilities(dims: str) -> Domain:
    """An array as in `array`, whose entries are nonnegative and sum to 1 along the last axis."""

    def refuse(name: str, w: np.ndarray, sizes: Sizes) -> None:
        if (w < 0).any():
            raise ValueError(f"{name} must be probabilities, >= 0, got {w.min()}")
        total = w.sum(axis=-1)
        if (wrong := np.abs(total - 1) > 1e-9).any():
            raise ValueError(f"{name} must sum to 1, got a sum of {total[wrong].flat[0]}")

    return _narrower(dims, "nonnegative, of sum 1 along the last axis", refuse)


def symmetric(dims: str) -> Domain:
    """An array as in `array` of symmetric matrices: ``"p p"`` one, ``"k p p"`` k of them."""
    return _narrower(dims, "symmetric", lambda name, C, sizes: _refuse_asymmetric(name, C))


def covariance(dims: str) -> Domain:
    """An array as in `array` of symmetric positive definite matrices: ``"p p"`` one, ``"k p p"`` k of them."""

    def refuse(name: str, C: np.ndarray, sizes: Sizes) -> None:
        _refuse_asymmetric(name, C)
        try:
            np.linalg.cholesky(C)
        except np.linalg.LinAlgError:
            raise ValueError(f"{name} must be positive definite, got {shortened(C)}") from None

    return _narrower(dims, "symmetric positive definite", refuse)


def semidefinite(dims: str) -> Domain:
    """A matrix as in `array`, symmetric positive semidefinite: ``"p p"``."""

    def refuse(name: str, C: np.ndarray, sizes: Sizes) -> None:
        _refuse_asymmetric(name, C)
        if (lowest := np.linalg.eigvalsh(C)[0]) < -1e-12 * np.abs(C).max():
            raise ValueError(f"{name} must be positive semidefinite, got the eigenvalue {lowest:.6g}")

    return _narrower(dims, "symmetric positive semidefinite", refuse)


def _refuse_asymmetric(name: str, C: np.ndarray) -> None:
    if (np.abs(C - C.mT) > 1e-12 * np.abs(C).max(axis=(-2, -1), keepdims=True)).any():
        raise ValueError(f"{name} must be symmetric, got {shortened(C.tolist())}")


def integers(least: int | None = None) -> Domain:
    """An array of integers of any shape; where `least` is given not empty, and its entries are >= that."""

    def check(name: str, value: Any, sizes: Sizes) -> np.ndarray:
        a = as_array(name, value)
        if a.dtype.kind not in "iu":
            raise TypeError(f"{name} must hold integers, got dtype {a.dtype}")
        if least is not None and (a.size == 0 or a.min() < least):
            raise ValueError(f"{name} must be integers >= {least}, got {a.min() if a.size else 'none'}")
        return a

    return Domain("array of integers" + ("" if least is None else f" >= {least}"), check)
