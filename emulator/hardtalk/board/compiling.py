"""Loops over memory that numba compiles, for boards and for what is studied from outside."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

# The compiler's interface is untyped.
library: Any = numba
Function = TypeVar("Function", bound=Callable[..., Any])


def kept(function: Function) -> Function:
    """Compiled at its first call; kept on disk where a folder for that can be written."""
    try:
        result: Function = library.njit(cache=True)(function)
    except RuntimeError:
        result = library.njit(function)
    return result
