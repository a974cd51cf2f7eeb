"""Functions of a user that are asked about an origin, sync or async."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, cast

from .. import _log
from .._process_state import imports

if TYPE_CHECKING:
    from collections.abc import Callable


class OriginFunction:
    """A function of a user, as a matcher.

    :param function: what stands in ``origins``
    :raises TypeError: it cannot be called with an origin, or it is async and nothing can run it
    """

    rust = None
    is_wildcard = False
    matches_all = False
    answers_can_change = True

    def __init__(self, function: Callable[[str], object]) -> None:
        self.function = function
        self._ask = synchronous(function)

    def match(self, origin: str) -> bool | None:
        """Return True if the function allows an origin, None if it does not or raises an exception."""
        try:
            return True if self._ask(origin) else None
        except Exception:
            _log.write(
                _log.ERROR,
                "origins: %r failed: the origin %s is not allowed",
                self.function,
                _log.escaped(origin),
                exc_info=True,
            )
            return None

    def __repr__(self) -> str:
        return repr(self.function)


_PLAIN = (bool, int, float, str, bytes, tuple, list, set, frozenset, dict, re.Match)
"""The types of answers, beside None, that are true or false as Python says."""


def synchronous(function: Any) -> Callable[[str], bool]:
    """Return a function of an origin as one that is not async and returns True or False.

    :raises TypeError: it cannot be called with an origin, or it is async and nothing can run it
    """
    try:
        inspect.signature(function).bind("https://app.example")
    except TypeError as error:
        raise TypeError(f"origins: {function!r} must take one argument, an origin ({error})") from error
    except ValueError:
        pass  # Some functions written in C have no signature.
    kinds = (function, getattr(function, "__call__", None))  # noqa: B004 - it can be an async method
    if any(map(inspect.isgeneratorfunction, kinds)) or any(map(inspect.isasyncgenfunction, kinds)):
        raise TypeError(f"origins: {function!r} is a generator function: return whether the origin is allowed")
    ask = _synchronized(function) if any(map(inspect.iscoroutinefunction, kinds)) else function

    def answer(origin: str) -> bool:
        answer = ask(origin)
        if answer is None or isinstance(answer, _PLAIN):
            return bool(cast("object", answer))
        if inspect.iscoroutine(answer):
            answer.close()  # Otherwise Python warns that it was never awaited.
        # A generator, an awaitable or a future, for example, would count as true.
        raise TypeError(f"{function!r} returned {type(answer)!r}: return True or False")

    return answer


def _synchronized(function: Callable[[str], Any]) -> Callable[[str], object]:
    """Return an async function as one that runs it to its end, as Flask does with async views."""
    try:
        with imports.current:
            from asgiref.sync import async_to_sync
    except ImportError as error:
        raise TypeError(
            f"origins: {function!r} is async, and asgiref, which runs it, is not installed: install flask[async], or"
            " use a function that is not async"
        ) from error
    with imports.current:
        from asyncio import get_running_loop, run as run_in_loop
        from concurrent.futures import ThreadPoolExecutor
        from contextvars import copy_context

    run = async_to_sync(function)

    def ask(origin: str) -> object:
        try:
            get_running_loop()
        except RuntimeError:
            return run(origin)
        # An async view runs in a loop of this thread, which waits for the answer. What asgiref would run beside that
        # loop could wait for this thread in turn, so the function gets a loop of its own.
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(copy_context().run, lambda: run_in_loop(function(origin))).result()

    return ask
