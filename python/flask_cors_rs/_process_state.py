"""What the policies of a process share: how many there are, who must choose again when that changes, and locks."""

from __future__ import annotations

import os
from importlib import import_module
from sys import modules
from threading import RLock
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

if TYPE_CHECKING:
    from .report_only import Recorder


class _Decorations:
    """How many policies there are in this process beside that of one middleware."""

    __slots__ = ("count", "marks", "middlewares")

    def __init__(self) -> None:
        self.count = 0
        """How many views have been decorated, applications and Blueprints got a hook, and further middlewares made."""
        self.marks = False
        """Whether a response may be marked as decided about: a view has been decorated, or the mark imported."""
        self.middlewares = 0
        """How many middlewares of Flask applications have been made."""


def may_mark() -> None:
    """Note that from now on something may mark responses as decided about."""
    if not decorations.marks:
        decorations.marks = True
        forget_plans()


_observable: set[ReferenceType[Any]] = set()
"""Weak references to whatever has chosen what to do with requests. It chooses again if its method ``forget_plan`` is
called.
"""


def register(chooser: Any) -> None:
    """Register an object that has a method ``forget_plan``, for :func:`forget_plans`."""
    # This takes a third of the time of a WeakSet, and another thread can add a reference while the set is copied.
    _observable.add(ref(chooser, _observable.discard))


def is_observed(report_only: object) -> bool:
    """Whether anybody is told about decisions, apart from the log in debug mode."""
    signals = modules.get("flask_cors_rs.signals")
    return report_only is not None or (signals is not None and signals.have_receivers())


class LazyRecorder:
    """What records differences from report-only policies. It is made when it is first needed."""

    __slots__ = ("_made",)

    def __init__(self) -> None:
        self._made: list[Recorder] = []

    def __call__(self) -> Recorder:
        """Return the recorder."""
        if not self._made:
            with import_lock.current:
                # By its name, because modules of this layer must not import from that one.
                module: Any = import_module("flask_cors_rs.report_only")
            # Two threads can do so at the same time. The first one counts.
            self._made.append(module.Recorder())
        return self._made[0]


def forget_plans() -> None:
    """Let everything that handles requests choose again what to do with them."""
    for reference in _observable.copy():
        chooser = reference()
        if chooser is not None:
            chooser.forget_plan()


class ForkableLock:
    """A reentrant lock that is free in a forked process, whichever thread of the parent held it at the fork.

    Use it as ``with lock.current:``. What is released is then what was acquired, also if the process forks meanwhile.
    """

    __slots__ = ("__weakref__", "current")

    def __init__(self) -> None:
        self.current = RLock()
        _locks.add(ref(self, _locks.discard))


_locks: set[ReferenceType[ForkableLock]] = set()


import_lock = ForkableLock()
"""Held while a module is imported after set-up. A process that forks waits for it.

Python locks a module while a thread imports it. In the child of a fork that thread is gone, and the module would stay
locked: the child could never import it.
"""


def _free_locks() -> None:
    for reference in _locks.copy():
        lock = reference()
        if lock is not None:
            lock.current = RLock()


def _begin_fork() -> None:
    import_lock.current.acquire()


def _end_fork_in_parent() -> None:
    import_lock.current.release()


def _begin_in_child() -> None:
    # Another thread of the parent may have been changing what the plans are made from.
    _free_locks()
    forget_plans()


if hasattr(os, "register_at_fork"):
    # What is registered as `before` is called from the last to the first. Logging, for which an import can wait,
    # was loaded before. So it has not locked its lock yet when this waits for the import.
    os.register_at_fork(
        before=_begin_fork,
        after_in_parent=_end_fork_in_parent,
        after_in_child=_begin_in_child,
    )

# An object with a slot: reading it takes 100 instructions fewer than reading an attribute of a class.
decorations = _Decorations()
