"""Locks for processes that fork."""

from __future__ import annotations

import os
from threading import RLock
from typing import TYPE_CHECKING
from weakref import ref

if TYPE_CHECKING:
    from weakref import ReferenceType


class ForkableLock:
    """A reentrant lock that is free in a forked process, whichever thread of the parent held it at the fork.

    Use it as ``with lock.current:``. What is released is then what was acquired, also if the process forks meanwhile.
    """

    __slots__ = ("__weakref__", "current")

    def __init__(self) -> None:
        self.current = RLock()
        _locks.add(ref(self, _locks.discard))


_locks: set[ReferenceType[ForkableLock]] = set()


def free_locks() -> None:
    """Free all locks, in a process that has just been forked."""
    for reference in _locks.copy():
        lock = reference()
        if lock is not None:
            lock.current = RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=free_locks)
