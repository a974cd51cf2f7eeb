"""Attributes that are computed when they are first read."""

from __future__ import annotations

from typing import Any, Callable, Generic, TypeVar

ValueT = TypeVar("ValueT")


class LazyProperty(Generic[ValueT]):
    """A property that is computed once for each object, when it is first read.

    Up to Python 3.11, :class:`functools.cached_property` has a lock, which all objects share. A process that forks
    while a thread computes the property would leave a child in which it stays locked.
    """

    def __init__(self, compute: Callable[[Any], ValueT]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> ValueT:
        value = self._compute(instance)
        # From now on, this hides the property.
        instance.__dict__[self._name] = value
        return value
