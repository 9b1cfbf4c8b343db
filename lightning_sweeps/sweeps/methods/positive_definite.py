"""Factorizes, solves and inverts positive definite matrices by LAPACK itself.

A fit does this hundreds of times with small matrices. There the checks around scipy's functions take longer than the
work. All arrays must be finite.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import LinAlgError, lapack

Array = NDArray[np.float64]


def factorize(matrix: Array) -> Array:
    """Return the lower triangular L with L L^T = `matrix` (n, n). Only the lower triangle of `matrix` is read.

    Raises:
        LinAlgError: the matrix is not positive definite.
    """
    factor, info = lapack.dpotrf(matrix, lower=1, clean=1)
    if info:
        raise LinAlgError(f"the matrix is not positive definite: LAPACK's dpotrf returned {info}")
    return np.asarray(factor)


def solve(factor: Array, right: Array) -> Array:
    """Return x with L L^T x = `right`: (n,) or (n, m).

    Args:
        factor: L, as `factorize` returns it: (n, n).
        right: (n,) or (n, m).
    """
    found, _ = lapack.dpotrs(factor, right, lower=1)
    return np.asarray(found)


def solve_lower(factor: Array, right: Array) -> Array:
    """Return x with L x = `right`: (n, m).

    Args:
        factor: L, as `factorize` returns it: (n, n).
        right: (n, m).
    """
    found, _ = lapack.dtrtrs(factor, right, lower=1)
    return np.asarray(found)


def inverse(factor: Array) -> Array:
    """Return the inverse (n, n) of L L^T for L as `factorize` returns it.

    LAPACK's `dpotri` is faster, but rounds in another way for each number of threads: one seed would not give one
    sequence of points in the server and in a notebook.
    """
    return solve(factor, np.eye(len(factor)))
