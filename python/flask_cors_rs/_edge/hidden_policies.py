"""Views that may call a decorated view without showing it."""

from __future__ import annotations

from functools import partial
from itertools import islice
from types import CodeType, FunctionType, MappingProxyType, MemberDescriptorType, MethodType
from typing import TYPE_CHECKING, Any, cast

from .._flask.view_policies import POLICIES
from .._options.parse import CONTAINERS
from .._process_state import decorations

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from types import CellType

_MAX_HIDDEN = 100
"""How many callable objects that a view refers to are looked at."""
_MAX_ITEMS = 50
"""How many items of a container are looked at."""


def hides_policies(view: object) -> bool:
    """Whether a view that has no policies of its own may call a decorated view.

    That is so if a decorator around :func:`~flask_cors_rs.cross_origin` does not use :func:`functools.wraps`. What a
    function has in its closure and in its defaults is followed, and so are the attributes of a callable object and the
    items of containers. The globals that a function names are looked at, and followed if they are containers.
    """
    if not decorations.count:
        return False
    try:
        return _refers_to_policies(view)
    except Exception:
        # A metaclass can run code of the application, and another thread can change a container.
        return True


def _refers_to_policies(view: object) -> bool:
    objects, seen = [view], {id(view)}
    for each in objects:
        named = _named_globals(each) if type(each) is FunctionType else []
        if any(POLICIES in _attributes(value) for value in named):
            return True
        containers = [value for value in named if type(value) in CONTAINERS]
        for other in filter(callable, _flat([*_referred(each), *containers])):
            if POLICIES in _attributes(other) or len(objects) == _MAX_HIDDEN:
                return True
            if id(other) not in seen:
                seen.add(id(other))
                objects.append(other)
    return False


def _flat(values: Iterable[Any], depth: int = 3) -> Iterator[Any]:
    """Iterate over values, and over the first items of those that are containers."""
    for value in values:
        if type(value) not in CONTAINERS:
            yield value
        elif depth:
            yield from _flat(islice(_items(value), _MAX_ITEMS), depth - 1)


def _items(container: Any) -> Iterable[Any]:
    return cast("Iterable[Any]", container.values() if hasattr(container, "values") else container)


def _attributes(value: Any) -> Mapping[str, Any]:
    """Return the attributes of an object itself. A proxy such as ``flask.request`` has none."""
    try:
        attributes: Any = object.__getattribute__(value, "__dict__")
    except AttributeError:
        return {}
    # Where a class defines it, it can be anything.
    return attributes if type(attributes) in {dict, MappingProxyType} else {}


def _named_globals(function: FunctionType) -> list[Any]:
    """Return the globals that a function names, or a function that is defined in it."""
    codes = [function.__code__]
    for code in codes:
        codes += [constant for constant in code.co_consts if isinstance(constant, CodeType)]
    names = {name for code in codes for name in code.co_names}
    return [function.__globals__[name] for name in names if name in function.__globals__]


def _referred(view: Any) -> list[Any]:
    """Return the objects that a view, or what it refers to, can call."""
    kind = cast("Any", type(view))
    if kind is FunctionType:
        contents = [content for cell in view.__closure__ or () for content in _contents(cell)]
        return [*contents, *(view.__defaults__ or ()), *(view.__kwdefaults__ or {}).values()]
    if kind is MethodType:
        return [view.__func__, view.__self__]
    if kind is partial:
        return [view.func, *view.args, *view.keywords.values()]
    if issubclass(kind, type):
        return []
    bases: tuple[type, ...] = kind.__mro__
    members: list[tuple[str, Any]] = [member for base in bases for member in vars(base).items()]
    calls = [member for name, member in members if name == "__call__" and type(member) is FunctionType]
    slots = [member for _, member in members if type(member) is MemberDescriptorType]
    return [*calls, *_attributes(view).values(), *(value for slot in slots for value in _slot(slot, view))]


def _slot(slot: Any, owner: object) -> tuple[Any, ...]:
    try:
        return (slot.__get__(owner),)
    except AttributeError:  # It is not set.
        return ()


def _contents(cell: CellType) -> tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # It is empty.
        return ()
