"""Views that call a decorated view without showing it, and views that only look as if they did."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from flask_cors_rs import cross_origin

if TYPE_CHECKING:
    from collections.abc import Callable


def hidden_in_closure(view: Any) -> Any:
    def hiding() -> Any:
        if view is None:
            return never_set  # An empty cell of the closure.
        return view()

    if view is None:
        never_set = view
    return hiding


def hidden_in_object(view: Any) -> Any:
    class Hiding:
        def __init__(self) -> None:
            self.kept = view

        def __call__(self) -> Any:
            return self.kept()

    return Hiding()


def hidden_in_default(view: Any) -> Any:
    return lambda view=view: view()


def hidden_in_keyword_default(view: Any) -> Any:
    return lambda *, view=view: view()


def hidden_in_list(view: Any) -> Any:
    views = [{"view": (view,)}]

    def hiding() -> Any:
        return views[0]["view"][0]()

    return hiding


HIDDEN: dict[str, Any] = {}
named_view: Any = None


def hidden_in_global(view: Any) -> Any:
    HIDDEN["view"] = view

    def hiding() -> Any:
        def inner() -> Any:
            return HIDDEN["view"]()

        return inner()

    return hiding


def hidden_in_slot(view: Any) -> Any:
    class Hiding:
        __slots__ = ("kept", "unset")

        kept: Any
        unset: Any

        def __call__(self) -> Any:
            return self.kept()

    hiding = Hiding()
    hiding.kept = view
    return hiding


def hidden_in_call(view: Any) -> Any:
    class Hiding:
        def __call__(self) -> Any:
            return view()

    return Hiding()


def hidden_in_method(view: Any) -> Any:
    class Hiding:
        def handle(self) -> Any:
            return view()

    return Hiding().handle


def hidden_in_base(view: Any) -> Any:
    class Base:
        def __call__(self) -> Any:
            return view()

    class Hiding(Base):
        pass

    return Hiding()


def hidden_in_partial(view: Any) -> Any:
    return partial(lambda view: view(), view)


def hidden_in_partial_keyword(view: Any) -> Any:
    return partial(lambda *, view: view(), view=view)


def hidden_in_partial_function(view: Any) -> Any:
    return partial(lambda: view())  # noqa: PLW0108 - it hides the policy


def hidden_in_name(view: Any) -> Any:
    global named_view
    named_view = view
    return lambda: named_view()  # noqa: PLW0108 - it hides the policy


HIDING: list[Callable[[Any], Any]] = [
    hidden_in_closure,
    hidden_in_object,
    lambda view: hidden_in_object(view).__call__,
    hidden_in_default,
    hidden_in_keyword_default,
    hidden_in_list,
    hidden_in_global,
    hidden_in_slot,
    hidden_in_call,
    hidden_in_method,
    hidden_in_base,
    hidden_in_partial,
    hidden_in_partial_keyword,
    hidden_in_partial_function,
    hidden_in_name,
]

ROWS: list[dict[str, Any]] = [{"id": number, "tags": {number}} for number in range(1_000)]


class Lazy:
    """An object whose attributes cannot be read yet."""

    __slots__ = ("first", "second")

    def __call__(self) -> str:
        return "lazy"

    def __getattr__(self, name: str) -> Any:
        raise RuntimeError("too early")


class Odd(Lazy):
    """An object that has no attributes at all."""

    __dict__ = None  # type: ignore[assignment]

    @property
    def first(self) -> Any:
        raise RuntimeError("too early")


class Beside:
    """A class with a decorated method, which is not what a call of its objects runs."""

    other = cross_origin(origins="https://b.example")(lambda _: "other")

    def __call__(self) -> str:
        return "beside"


def make_recursive() -> Any:
    def recursive(number: int) -> int:
        return number and recursive(number - 1)

    return recursive


HARMLESS: list[Callable[[], Any]] = [lambda: ROWS, Lazy, Odd, make_recursive, lambda: Beside, Beside]
