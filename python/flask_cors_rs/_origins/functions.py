"""Functions of a user that are asked about an origin, sync or async."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, cast

from .. import _log
from .._process_state import import_lock

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
            _log.warn(
                "origins: %s failed: the origin %s is not allowed",
                _log.printable(named(self.function)),
                _log.escaped(origin),
                level=_log.ERROR,
                exc_info=True,
            )
            return None

    def __repr__(self) -> str:
        return repr(self.function)


_PLAIN = (bool, int, float, re.Match)
"""The types of answers, beside None, that are true or false as Python says."""


def named(function: object) -> str:
    """Return the qualified name of a function, or the ``repr`` of another callable without memory addresses."""
    try:
        name = getattr(function, "__qualname__", None)
        return name if isinstance(name, str) else re.sub(" at 0x[0-9a-fA-F]+", "", repr(function))
    except Exception:  # It is for messages about errors, which must not raise one.
        return type(function).__qualname__


def synchronous(function: Any) -> Callable[[str], bool]:
    """Return a function of an origin as one that is not async and returns True or False.

    :raises TypeError: it cannot be called with an origin, or it is async and nothing can run it
    """
    try:
        inspect.signature(function).bind("https://app.example")
    except TypeError as error:
        raise TypeError(f"origins: {named(function)} must take one argument, an origin ({error})") from error
    except ValueError:
        pass  # Some functions written in C have no signature.
    kinds = (function, getattr(function, "__call__", None))  # noqa: B004 - it can be an async method
    if any(map(inspect.isgeneratorfunction, kinds)) or any(map(inspect.isasyncgenfunction, kinds)):
        raise TypeError(f"origins: {named(function)} is a generator function: return whether the origin is allowed")
    ask = _synchronized(function) if any(map(inspect.iscoroutinefunction, kinds)) else function

    def answer(origin: str) -> bool:
        answer = ask(origin)
        if answer is None or isinstance(answer, _PLAIN):
            return bool(cast("object", answer))
        if isinstance(answer, str) and (not answer or answer == origin):
            return bool(answer)
        if inspect.iscoroutine(answer):
            answer.close()  # Otherwise Python warns that it was never awaited.
        # A future, a list of origins or the text "false", for example, would count as true.
        kind = "a str that is not the origin" if isinstance(answer, str) else repr(type(cast("object", answer)))
        raise TypeError(f"{named(function)} returned {kind}: return True or False, or the origin itself to allow it")

    return answer


def _synchronized(function: Callable[[str], Any]) -> Callable[[str], object]:
    """Return an async function as one that runs it to its end, as Flask does with async views."""
    try:
        with import_lock.current:
            from asgiref.sync import async_to_sync
    except ImportError as error:
        raise TypeError(
            f"origins: {named(function)} is async, and asgiref, which runs it, is not installed: install flask[async],"
            " or use a function that is not async"
        ) from error
    with import_lock.current:
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
