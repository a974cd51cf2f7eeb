"""Values of options as text for people: no ``repr`` of objects, no memory addresses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from .._options.patterns import RegexPattern, is_compiled
from .._origins.functions import OriginFunction
from ..origins import Cached, Regex, Subdomains

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def readable(value: Any) -> str:
    """Return an item of an option as text: a literal as it is, ``any`` for a pattern that matches everything."""
    if isinstance(value, RegexPattern):
        return "any" if value.matches_all else value.text
    if isinstance(value, str):
        return str(value)
    if is_compiled(value):
        return str(value.pattern)
    if isinstance(value, Subdomains):
        flags = "".join(
            f", {name}=True" for name in ("apex", "any_port", "allow_public_suffixes") if getattr(value, name)
        )
        return f'Subdomains("{value.origin}"{flags})'
    if isinstance(value, Regex):
        return f"Regex({quoted(readable(value.pattern))})"
    if isinstance(value, Cached):
        return f"{readable(value.__wrapped__)} cached for {value.max_age:g} s"
    if isinstance(value, OriginFunction):
        return readable(value.function)
    if callable(value):
        return _function(value)
    return f"{value}"


def readable_option(value: Any) -> str:
    """Return the value of an option as text, as in a program: strings in quotes, lists in brackets."""
    if isinstance(value, dict):
        items = cast("Mapping[Any, Any]", value).items()
        return f"{{{', '.join(f'{readable_option(key)}: {readable_option(item)}' for key, item in items)}}}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"[{', '.join(map(readable_option, cast('Iterable[Any]', value)))}]"
    if value is None or isinstance(value, (str, int, float)):
        return repr(value)
    return readable(value)


def quoted(pattern: str) -> str:
    r"""Return a pattern as a string literal in a program: ``r"https://a\.example"``."""
    if '"' in pattern or pattern.endswith("\\") or not pattern.isprintable():
        return repr(pattern)
    return f'r"{pattern}"' if "\\" in pattern else f'"{pattern}"'


def comma_separated(value: str | None) -> list[str]:
    """Return the items of a header value that is a list."""
    return [item for item in (part.strip() for part in (value or "").split(",")) if item]


def _function(function: Any) -> str:
    name = getattr(function, "__qualname__", None)
    if name is None:
        # functools.partial, or an object that can be called.
        wrapped = getattr(function, "func", None)
        return readable(wrapped) if callable(wrapped) else f"{type(function).__name__}()"
    name = name.rpartition("<locals>.")[2]
    return "a lambda" if name == "<lambda>" else f"{name}()"
