"""Waiting for something slow without keeping the loop from what is due."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


async def aside(function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Return what the function returns, called in a thread that is gone afterwards.

    `asyncio.to_thread` would keep its thread, and the memory it has touched, for good.
    """
    pool = ThreadPoolExecutor(max_workers=1)
    try:
        call = partial(function, *args, **kwargs)
        return await asyncio.get_running_loop().run_in_executor(pool, call)
    finally:
        pool.shutdown(wait=False)
