"""What a user wrote, parsed once to the options of policies.

The options are those of Flask-CORS 6.0.5, with its names, its defaults and its way of reading them. The engines
compile the :class:`Options` that :func:`parse` returns.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from string import ascii_letters, digits
from typing import TYPE_CHECKING, Any

from .. import _engine, _log, _process_state
from ..origins import Origin, Regex, Subdomains
from .patterns import (
    ANY,
    WILDCARD,
    ConvertedText,
    RegexPattern,
    expand_wildcard,
    is_compiled,
    looks_like_regex,
    pattern_text,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal

    from flask import Blueprint, Flask
    from typing_extensions import TypeGuard

    from .._engine.contract import Matcher
    from ..options import CORSOptions
    from .patterns import Pattern

    Report = Callable[[Exception], None]
    """What to do with an error in an option: raise it, or log it and go on without that value."""

ALL_METHODS = ["GET", "HEAD", "POST", "OPTIONS", "PUT", "PATCH", "DELETE"]

DEFAULT_OPTIONS: CORSOptions = {
    "origins": "*",
    "methods": ALL_METHODS,
    "allow_headers": "*",
    "expose_headers": None,
    "supports_credentials": False,
    "max_age": None,
    "send_wildcard": False,
    "automatic_options": True,
    "vary_header": True,
    "resources": r"/*",
    "intercept_exceptions": True,
    "always_send": True,
    "allow_private_network": False,
    "middleware": False,
    "audit": "log",
    "report_only": None,
}
"""The options and their defaults: :mod:`flask_cors_rs.options` documents them."""

CONFIG_KEYS = {name: f"CORS_{name.upper()}" for name in DEFAULT_OPTIONS}
"""The key of ``app.config`` for each option."""


class Options:
    """The options of one policy, merged and parsed.

    :param values: all options by name
    """

    __slots__ = (
        "allow_headers",
        "allow_private_network",
        "always_send",
        "automatic_options",
        "expose_headers",
        "intercept_exceptions",
        "max_age",
        "methods",
        "origin_matchers",
        "origins",
        "send_wildcard",
        "supports_credentials",
        "vary_header",
    )

    origins: tuple[Pattern, ...]
    origin_matchers: tuple[Matcher, ...]
    """What is asked about the whole of an origin, after :attr:`origins`; functions come last."""
    methods: str
    """The value of Access-Control-Allow-Methods, in upper case."""
    allow_headers: tuple[Pattern, ...]
    expose_headers: str | None
    """The value of Access-Control-Expose-Headers."""
    supports_credentials: bool
    max_age: str | None
    """The value of Access-Control-Max-Age, in seconds."""
    send_wildcard: bool
    vary_header: bool | Literal["always"]
    always_send: bool
    allow_private_network: bool
    automatic_options: bool
    intercept_exceptions: bool

    def __init__(self, values: Mapping[str, Any]) -> None:
        for name, value in values.items():
            setattr(self, name, value)

    @property
    def any_origin(self) -> bool:
        """Whether ``"*"`` is among the origins."""
        return WILDCARD in self.origins

    def as_dict(self) -> dict[str, Any]:
        """Return the options by name."""
        return {name: getattr(self, name) for name in self.__slots__}

    def replace(self, **changes: Any) -> Options:
        """Return a copy with other values for some options."""
        return Options({**self.as_dict(), **changes})

    def __repr__(self) -> str:
        return f"Options({', '.join(f'{name}={value!r}' for name, value in self.as_dict().items())})"


def raise_error(error: Exception) -> None:
    """Raise a configuration error, as at set-up."""
    raise error


def log_error(error: Exception) -> None:
    """Log a configuration error that can only be seen at a request, which must not fail."""
    _log.warn(
        "The CORS configuration of a view (@cross_origin and CORS_* keys) has an error, and what it concerns is left"
        " out of responses: %s",
        _log.printable(str(error)[:500]),
        level=_log.ERROR,
    )


def config_layer(app: Flask | Blueprint | None) -> dict[str, Any]:
    """Return the options in the ``CORS_*`` keys of an application. A key whose value is None counts as absent.

    A Blueprint has no configuration, unless the user gave it an attribute ``config``.
    """
    config: Any = getattr(app, "config", {})
    return {name: value for name, key in CONFIG_KEYS.items() if (value := config.get(key)) is not None}


def warn_of_unknown(layers: Iterable[Mapping[str, Any]]) -> None:
    """Log a warning for each name that is not an option, with the option that was probably meant."""
    for name in dict.fromkeys(name for layer in layers for name in layer if name not in DEFAULT_OPTIONS):
        with _process_state.import_lock.current:
            from .similar import similar_option

        similar = similar_option(name, DEFAULT_OPTIONS)
        remedy = f"did you mean {similar}?" if similar else "remove it"
        _log.warn("%s is not an option of CORS and is ignored: %s", _log.escaped(name), remedy)


def parse(merged: Mapping[str, Any], report: Report = raise_error) -> Options:
    """Parse merged options.

    :param merged: every option of :data:`DEFAULT_OPTIONS`, as the user wrote it; other names are ignored
    :param report: a function that is called with each error; if it returns, the value is left out
    :raises ValueError: a regular expression is invalid, a value cannot be sent in a header, or any origin is
        combined with credentials and ``send_wildcard``
    :raises TypeError: a value has the wrong type
    """
    return Options(_parse_values({name: merged[name] for name in _PARSERS}, {}, report))


def parse_own(own: Mapping[str, Any], common: Options | None = None, report: Report = raise_error) -> Options:
    """Parse some options, and merge them over options that have been parsed already.

    :param own: the options, for example those of a resource
    :param common: the options for all resources; without it, the defaults
    :param report: a function that is called with each error; if it returns, the value is left out
    :raises ValueError: as for :func:`parse`
    :raises TypeError: a value has the wrong type
    """
    parsed = _parsed_defaults() if common is None else common.as_dict()
    return Options(_engine.engine.merge([_parse_values(own, parsed, report), parsed]))


def parse_alone(own: Mapping[str, Any]) -> dict[str, Any]:
    """Parse some options, whatever they will be merged with.

    :raises ValueError: as for :func:`parse`
    :raises TypeError: a value has the wrong type
    """
    return _parse_values(own, {}, raise_error)


@cache
def _parsed_defaults() -> dict[str, Any]:
    return _parse_values({**DEFAULT_OPTIONS}, {}, raise_error)


def _parse_values(written: Mapping[str, Any], parsed: Mapping[str, Any], report: Report) -> dict[str, Any]:
    """Parse some options.

    :param written: the options, as the user wrote them; other names are ignored
    :param parsed: the parsed options that they will be merged with
    """
    values = {name: _PARSERS[name](resolved(written[name]), report) for name in _ORIGIN_OPTIONS if name in written}
    if "origins" in values:
        values["origins"], values["origin_matchers"] = values["origins"]
    if values:
        _refuse_wildcard_with_credentials(values, parsed, report)
    for name, value in written.items():
        if name in _PARSERS and name not in values:
            values[name] = _PARSERS[name](resolved(value), report)
    return values


def _refuse_wildcard_with_credentials(values: dict[str, Any], parsed: Mapping[str, Any], report: Report) -> None:
    merged = {**parsed, **values}
    is_wildcard = merged.get("send_wildcard") and WILDCARD in merged.get("origins", ())
    if is_wildcard and merged.get("supports_credentials"):
        report(
            ValueError(
                "origins='*' cannot be combined with supports_credentials=True and send_wildcard=True, because"
                " browsers refuse '*' for requests with credentials: name the origins, or leave send_wildcard off"
            )
        )
        values.update(origins=(), origin_matchers=())


def _parse_origins(value: Any, report: Report) -> tuple[tuple[Pattern, ...], tuple[Matcher, ...]]:
    items = _items("origins", value, report)
    matchers = _origin_matchers(items, report)
    literals_and_regexes = [item for item in items if not _is_matcher(item)]
    return _patterns("origins", literals_and_regexes, report, ignore_case=True), matchers


def _parse_methods(value: Any, report: Report) -> str:
    return (_header_value("methods", joined("methods", value, report, _plain), report) or "").upper()


def _parse_allow_headers(value: Any, report: Report) -> tuple[Pattern, ...]:
    return _patterns("allow_headers", _items("allow_headers", value, report), report, ignore_case=True)


def _parse_expose_headers(value: Any, report: Report) -> str | None:
    return _header_value("expose_headers", joined("expose_headers", value, report), report)


def _parse_max_age(value: Any, report: Report) -> str | None:
    return _header_value("max_age", _seconds(value), report)


def _parse_vary_header(value: Any, report: Report) -> bool | Literal["always"]:
    return "always" if value == "always" else bool(value)


def _parse_flag(value: Any, report: Report) -> bool:
    return bool(value)


_PARSERS: dict[str, Callable[[Any, Report], Any]] = {
    "origins": _parse_origins,
    "methods": _parse_methods,
    "allow_headers": _parse_allow_headers,
    "expose_headers": _parse_expose_headers,
    "supports_credentials": _parse_flag,
    "max_age": _parse_max_age,
    "send_wildcard": _parse_flag,
    "vary_header": _parse_vary_header,
    "always_send": _parse_flag,
    "allow_private_network": _parse_flag,
    "automatic_options": _parse_flag,
    "intercept_exceptions": _parse_flag,
}
"""How each option of a policy is parsed."""

_ORIGIN_OPTIONS = ("origins", "supports_credentials", "send_wildcard")
"""The options that are parsed first, as in Flask-CORS: their combination can be an error."""


def reads_the_same(value: object) -> bool:
    """Whether reading an option again gives the same. An iterator, for example, is empty then."""
    return type(value) in CONTAINERS or is_constant_or_function(value)


def is_constant_or_function(value: object) -> bool:
    """Whether a value never changes, or is asked at each request."""
    return is_constant(value) or (callable(value) and not issubclass(type(value), Iterable))


def is_constant(value: object) -> bool:
    """Whether a value never changes. A proxy such as Werkzeug's only passes itself off as one."""
    return issubclass(type(value), CONSTANTS)


def depends_on_request(value: Any) -> bool:
    """Whether a value is or contains a proxy of Werkzeug, or refuses to be iterated without a context of Flask: perhaps
    it can be read in a request only.
    """
    return (
        _is_proxy(value)
        or (type(value) in CONTAINERS and any(map(_is_proxy, value)))
        or (not reads_the_same(value) and _is_iterable(value) and _needs_context(value))
    )


def _needs_context(value: Iterable[Any]) -> bool:
    try:
        return iter(value) is value or any(False for _ in value)
    except RuntimeError:
        return True
    except Exception:
        return False


def _is_proxy(value: object) -> bool:
    # Asking for anything else calls the function of the proxy.
    return hasattr(type(value), "_get_current_object")


def resolved(value: Any) -> Any:
    """Return what a proxy of Werkzeug stands for, and anything else as it is."""
    return value._get_current_object() if _is_proxy(value) else value  # noqa: SLF001 - Werkzeug documents it


PLAIN = f"{ascii_letters}{digits}-._~:/, "
"""Characters that are special nowhere: text of these alone is valid in each of ``PLAIN_OPTIONS``."""
PLAIN_OPTIONS = frozenset(DEFAULT_OPTIONS) - {"report_only"}

# Letters are plain, so that what is no letter afterwards is not.
_PLAIN_TO_LETTER = bytes.maketrans(PLAIN.encode(), b"a" * len(PLAIN))


def is_plain(text: str) -> bool:
    """Whether text consists of ``PLAIN`` characters. This is faster than ``strip`` or a regular expression."""
    return text.isascii() and text.encode().translate(_PLAIN_TO_LETTER).isalpha()


CONTAINERS = (list, tuple, set, frozenset, dict)
CONSTANTS = (str, bytes, bool, int, float, timedelta, re.Pattern, Subdomains, Regex, type(None))
"""The types of values that never change."""


def parse_resources(resources: Any) -> list[tuple[Pattern, Mapping[str, Any]]]:
    """Parse ``resources`` to path patterns with their options, in the order in which they are tried.

    A dict is sorted as in Flask-CORS: literal paths, then compiled expressions, then expressions in strings, and
    within each of these by the number of ``/`` and by length, most first.

    :raises ValueError: the value does not hold path patterns, or a regular expression is invalid
    :raises TypeError: a pattern or its options have the wrong type
    """
    pairs: list[tuple[Any, Any]]
    if _is_dict(resources):
        pairs = [(expand_wildcard(path), options) for path, options in resources.items()]
        pairs.sort(key=_specificity)
    elif isinstance(resources, str) or is_compiled(resources):
        pairs = [(expand_wildcard(resources), {})]
    elif _is_iterable(resources):
        pairs = [(expand_wildcard(path), {}) for path in resources]
    else:
        raise ValueError(
            f"resources={resources!r} is not a path pattern: give a str, a compiled expression, a list of these, or a"
            " dict from these to options"
        )
    patterns = _patterns("resources", [path for path, _ in pairs], raise_error, ignore_case=False)
    return [(path, _resource_options(path, options)) for path, (_, options) in zip(patterns, pairs)]


def _resource_options(path: Pattern, options: Any) -> Mapping[str, Any]:
    try:
        return dict(options)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"resources: the options of {pattern_text(path)!r} must be a dict, not {options!r} ({error})"
        ) from error


def _is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable)


def _is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def _specificity(pair: tuple[Any, Any]) -> tuple[int, int, int]:
    path: Any = pair[0]
    try:
        kind = 1 if is_compiled(path) else 2 if looks_like_regex(path) else 0
        text: Any = path.pattern if is_compiled(path) else path
        return kind, -text.count("/"), -len(text)
    except (TypeError, AttributeError) as error:
        raise TypeError(
            f"resources: the key {path!r} must be a str or a compiled expression of str ({error})"
        ) from error


def ensure_iterable(value: Any) -> Iterable[Any]:
    """Return an iterable as it is, and a scalar, which includes a str, as a list of one."""
    return [value] if isinstance(value, str) or not _is_iterable(value) else value


def _items(option: str, value: Any, report: Report) -> list[Any]:
    """Return a scalar as a list of one and an iterable as a list, with ``"*"`` expanded."""
    try:
        return [expand_wildcard(resolved(item)) for item in ensure_iterable(value)]
    except Exception as error:
        report(_unreadable_error(option, value, error))
        return []


def _unreadable_error(option: str, value: Any, error: Exception) -> Exception:
    # Not of the error's own class, which may take more than a message.
    kind = TypeError if isinstance(error, TypeError) else ValueError
    return kind(f"{option}={value!r} cannot be read: {error}")


def _is_matcher(item: object) -> TypeGuard[Subdomains | Regex | Callable[[str], object]]:
    """Whether an item of ``origins`` is asked about origins. Flask-CORS cannot use such an item."""
    return not isinstance(item, str) and (isinstance(item, (Subdomains, Regex)) or callable(item))


def _origin_matchers(items: Iterable[Any], report: Report) -> tuple[Matcher, ...]:
    """Return the items of ``origins`` that are asked about origins, functions last."""
    matchers: list[Matcher] = []
    functions: list[Matcher] = []
    for item in items:
        if isinstance(item, str):
            continue
        if isinstance(item, (Subdomains, Regex)):
            matchers.append(item)
        elif callable(item):
            with _process_state.import_lock.current:
                from .._origins.functions import OriginFunction

            try:
                functions.append(OriginFunction(item))
            except TypeError as error:
                report(error)
    return *matchers, *functions


def _patterns(option: str, items: Iterable[Any], report: Report, *, ignore_case: bool) -> tuple[Pattern, ...]:
    patterns: list[Pattern] = []
    for item in items:
        try:
            pattern = _pattern(option, item, ignore_case)
        except (TypeError, ValueError) as error:
            report(error)
            continue
        if option != "origins" or not isinstance(pattern, str) or _header_value(option, pattern, report) is not None:
            patterns.append(pattern)
    return tuple(patterns)


def _pattern(option: str, item: Any, ignore_case: bool) -> Pattern:
    is_origin = option == "origins"
    if isinstance(item, RegexPattern) or (isinstance(item, Origin) and is_origin):
        return item
    if isinstance(item, str):
        if item == ANY:
            return WILDCARD
        if not looks_like_regex(item):
            return str(item)
        try:
            return RegexPattern(_plain(item), re.IGNORECASE if ignore_case else 0)
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(
                f"{option}: {item!r} is not a valid regular expression ({error}). It is read as one because it contains"
                " one of * \\ ] ? $ ^ [ ( ): fix it, or escape it with re.escape()"
            ) from error
    if is_compiled(item):
        if not isinstance(item.pattern, str):
            raise TypeError(f"{option}: {item!r} matches bytes, but what it is matched with is a str: compile a str")
        return RegexPattern(item)
    try:
        text = str(item)
    except Exception as error:
        raise TypeError(f"{option}: {type(item)!r} is neither a str nor a compiled expression ({error})") from error
    return ConvertedText(text) if is_origin else text


def _plain(value: Any) -> str:
    """Return a value as text. The text of a member of an enumeration of str is its value, not its name."""
    return str.__str__(value) if issubclass(type(value), str) else str(value)


def joined(option: str, value: Any, report: Report, as_text: Callable[[Any], str] = str) -> str | None:
    """Return None as it is, an iterable sorted and joined, and anything else as text, as Flask-CORS sends lists."""
    if value is None:
        return None
    try:
        if isinstance(value, str) or not _is_iterable(value):
            return as_text(value)
        return ", ".join(as_text(item) for item in sorted(value))
    except TypeError as error:
        report(TypeError(f"{option}={value!r} must be a str or an iterable of str ({error})"))
    except Exception as error:
        report(_unreadable_error(option, value, error))
    return None


def _seconds(value: Any) -> str | None:
    """Return ``max_age`` as it is sent. The numbers 0 and timedelta(0) are sent; other false values are not."""
    if isinstance(value, timedelta):
        return str(int(value.total_seconds()))
    if not value and (type(value) is not int):
        return None
    return _plain(value)


def _header_value(option: str, value: str | None, report: Report) -> str | None:
    """Refuse a value that cannot be sent in a header.

    Source: `RFC 9110, section 5.5 <https://www.rfc-editor.org/rfc/rfc9110#section-5.5>`_.
    """
    # Nearly all values are printable ASCII, which needs no search.
    if value is None or (value.isascii() and value.isprintable()):
        return value
    unsendable = next((character for character in value if _is_unsendable(character)), None)
    if unsendable is not None:
        report(
            ValueError(
                f"{option}: {value!r} contains {unsendable!r} and cannot be sent in a header: remove that character"
            )
        )
        return None
    return value


def _is_unsendable(character: str) -> bool:
    return (character < " " and character != "\t") or character == "\x7f" or "\ud800" <= character <= "\udfff"
