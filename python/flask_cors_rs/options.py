"""What a user may write, parsed in one place.

The options are those of Flask-CORS 6.0.5, with its names, its defaults and its way of reading them.
:func:`parse` turns merged options into :class:`Options`, which both engines compile to a policy.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Callable, Literal, NamedTuple, TypedDict, Union, cast

from . import _log, _regex
from .origins import Matcher, Origin, OriginFunction, Regex, Subdomains

if TYPE_CHECKING:
    from flask import Blueprint, Flask
    from typing_extensions import TypeGuard

PatternLike = Union[str, "re.Pattern[str]"]
"""A literal, a string that holds a regular expression, or a compiled one."""

OriginLike = Union[PatternLike, Subdomains, Regex, Callable[[str], object]]
"""An origin as text, one or several by :mod:`flask_cors_rs.origins`, or a function that is asked about an origin."""

ResourcesLike = Union[PatternLike, Iterable[PatternLike], Mapping[PatternLike, "CrossOriginOptions"]]
"""One path pattern, several, or options by path pattern."""


class CrossOriginOptions(TypedDict, total=False):
    """The options of :func:`~flask_cors_rs.cross_origin`, and of a resource of :class:`~flask_cors_rs.CORS`."""

    origins: Union[OriginLike, Iterable[OriginLike]]
    """The origins allowed: literals (compared without case), regular expressions, or ``"*"`` for any.
    Default ``"*"``. Not in Flask-CORS: :class:`~flask_cors_rs.Origin`, :class:`~flask_cors_rs.Subdomains`,
    :class:`~flask_cors_rs.Regex`; functions of an origin, sync or async, asked last, whose true answers allow it."""

    methods: Union[str, Iterable[str]]
    """The methods that a preflight may ask for. Default GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE."""

    expose_headers: Union[str, Iterable[str], None]
    """The response headers that scripts may read, besides those that they always may. Default None."""

    allow_headers: Union[PatternLike, Iterable[PatternLike]]
    """The request headers that a preflight may ask for: literals, regular expressions, or ``"*"`` for
    any. Default ``"*"``."""

    supports_credentials: bool
    """Whether requests with cookies, client certificates or HTTP authentication are allowed. Default False."""

    max_age: Union[timedelta, int, str, None]
    """How long a browser may keep the answer to a preflight, in seconds; 0 is not at all. Default None."""

    send_wildcard: bool
    """Whether any origin is answered with ``*`` and not with the request's Origin. Default False."""

    vary_header: Union[bool, Literal["always"]]
    """Whether ``Vary: Origin`` is sent where an origin is allowed and others could be. Default True. Not in
    Flask-CORS: ``"always"``, to name all that the answer depends on, merged into a Vary that is there."""

    automatic_options: bool
    """Whether the decorator answers OPTIONS in place of the view. Default True."""

    always_send: bool
    """Whether requests without an Origin are answered too. Default True."""

    allow_private_network: bool
    """Whether pages on public networks may reach this server on a private one. Default False."""

    intercept_exceptions: bool
    """Whether responses to errors get the headers too. Default True for :class:`~flask_cors_rs.CORS`. Not in
    Flask-CORS: where it is given to the decorator itself, responses to what the view raises. It means nothing to
    a resource."""


class CORSOptions(CrossOriginOptions, total=False):
    """The options of :class:`~flask_cors_rs.CORS`."""

    resources: ResourcesLike
    """The paths that have CORS, with options of their own where it is a dict. Default every path."""

    middleware: bool
    """Whether the headers are added around ``app.wsgi_app``, and preflights answered there. Default False; not
    in Flask-CORS."""

    audit: Literal["log", "raise", "off"]
    """What to do with weak spots of severity ``error`` at set-up: log them at WARNING, raise an
    :class:`~flask_cors_rs.AuditError`, or do not look. Default ``"log"``; not in Flask-CORS."""


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
}

CONFIG_KEYS = {name: f"CORS_{name.upper()}" for name in DEFAULT_OPTIONS}
"""The key of ``app.config`` for each option."""


class CompiledRegex:
    """A regular expression in an option that takes patterns: Python's, and its translation."""

    __slots__ = ("pattern",)

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern

    @property
    def rust(self) -> str | None:
        """The same for Rust's ``regex``; None where it cannot be said there exactly."""
        return _translate(self.pattern).rust

    @property
    def matches_all(self) -> bool:
        """Whether every string matches."""
        return _translate(self.pattern).matches_all

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CompiledRegex) and other.pattern == self.pattern

    def __hash__(self) -> int:
        return hash(self.pattern.pattern)

    def __repr__(self) -> str:
        return repr(self.pattern)

    @property
    def match(self) -> Callable[[str], object]:
        """What matches at the start of a text."""
        return self.pattern.match


Pattern = Union[str, CompiledRegex]
"""A literal or a regular expression, told apart once, at set-up."""

_translate = lru_cache(maxsize=4096)(_regex.translate)


class Options(NamedTuple):
    """The options of one policy, after the merge and parsed."""

    origins: tuple[Pattern, ...]
    origin_matchers: tuple[Matcher, ...]
    """What is asked of the whole of an origin, and last: functions after the others."""
    any_origin: bool
    """Whether the wildcard is among the origins."""
    first_literal_origin: str | None
    """The literal that sorts first: what a request without an Origin is told."""
    methods: str
    """The value of Access-Control-Allow-Methods, upper-cased."""
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


Report = Callable[[Exception], None]
"""What to do with an error in an option: raise it, or log it and go on without that value."""


def raise_error(error: Exception) -> None:
    """Raise a configuration error, as at set-up."""
    raise error


def log_error(error: Exception) -> None:
    """Log a configuration error that shows only at a request: the request must not fail."""
    _log.LOG.error("%s: it is left out of responses", _log.escaped(error))


def config_layer(app: Flask | Blueprint | None) -> dict[str, Any]:
    """The options in the ``CORS_*`` keys of an application; a key whose value is None is absent.

    A Blueprint has no configuration, unless it was given a ``config``.
    """
    config: Any = getattr(app, "config", {})
    return {name: value for name, key in CONFIG_KEYS.items() if (value := config.get(key)) is not None}


def warn_of_unknown(layers: Iterable[Mapping[str, Any]]) -> None:
    """Log a warning for each option that there is not."""
    for name in dict.fromkeys(name for layer in layers for name in layer if name not in DEFAULT_OPTIONS):
        _log.LOG.warning("Unknown option of CORS: %s", _log.escaped(name))


def parse(merged: Mapping[str, Any], report: Report = raise_error) -> Options:
    """Parse merged options.

    :param merged: every option of :data:`DEFAULT_OPTIONS`, as the user wrote it
    :param report: called with each error; if it returns, that value is left out
    :raises ValueError: a regular expression is invalid, a value cannot be sent in a header, or any
        origin is combined with credentials and ``send_wildcard``
    :raises TypeError: a value has a type from which nothing can be made
    """
    given = _items("origins", merged["origins"], report)
    any_origin = _ANY in given
    matchers = _origin_matchers(given, report)
    given = [item for item in given if not _is_matcher(item)]
    origins = _patterns("origins", given, report, ignore_case=True)
    strings = {str(item) for item in given if isinstance(item, str)}
    first_literal = min((origin for origin in origins if isinstance(origin, str) and origin in strings), default=None)
    credentials = bool(merged["supports_credentials"])
    send_wildcard = bool(merged["send_wildcard"])
    if any_origin and credentials and send_wildcard:
        report(
            ValueError(
                "origins='*' cannot be combined with supports_credentials=True and send_wildcard=True, as browsers"
                " refuse '*' on requests with credentials: name the origins, or leave send_wildcard off"
            )
        )
        any_origin, origins, matchers, first_literal = False, (), (), None
    return Options(
        origins=origins,
        origin_matchers=matchers,
        any_origin=any_origin,
        first_literal_origin=first_literal,
        methods=(_header_value("methods", joined("methods", merged["methods"], report), report) or "").upper(),
        allow_headers=_patterns(
            "allow_headers", _items("allow_headers", merged["allow_headers"], report), report, ignore_case=True
        ),
        expose_headers=_header_value(
            "expose_headers", joined("expose_headers", merged["expose_headers"], report), report
        ),
        supports_credentials=credentials,
        max_age=_header_value("max_age", _seconds(merged["max_age"]), report),
        send_wildcard=send_wildcard,
        vary_header="always" if merged["vary_header"] == "always" else bool(merged["vary_header"]),
        always_send=bool(merged["always_send"]),
        allow_private_network=bool(merged["allow_private_network"]),
        automatic_options=bool(merged["automatic_options"]),
        intercept_exceptions=bool(merged["intercept_exceptions"]),
    )


def parse_resources(resources: Any) -> list[tuple[Pattern, Mapping[str, Any]]]:
    """Parse ``resources`` to path patterns with options of their own, in the order in which they are tried.

    A dict is sorted as Flask-CORS does: literal paths, then compiled patterns, then regular expressions
    in strings, and in each of these by the number of ``/`` and by length, most first.

    :raises ValueError: it is nothing that holds patterns, or a regular expression is invalid
    :raises TypeError: a pattern or its options have a type from which nothing can be made
    """
    pairs: list[tuple[Any, Any]]
    if _is_dict(resources):
        pairs = [(wildcard(path), options) for path, options in resources.items()]
        try:
            pairs.sort(key=_specificity)
        except (TypeError, AttributeError) as error:
            raise TypeError(f"resources: every key must be a str or a compiled str pattern ({error})") from error
    elif isinstance(resources, (str, re.Pattern)):
        pairs = [(wildcard(resources), {})]
    elif _is_iterable(resources):
        pairs = [(wildcard(path), {}) for path in resources]
    else:
        raise ValueError(
            f"resources={resources!r} is no path pattern: give a str, a compiled pattern, a list of these,"
            " or a dict from these to options"
        )
    parsed = _patterns("resources", [path for path, _ in pairs], raise_error, ignore_case=False)
    return [(path, _resource_options(path, options)) for path, (_, options) in zip(parsed, pairs)]


def _resource_options(path: Pattern, options: Any) -> Mapping[str, Any]:
    try:
        return dict(options)
    except (TypeError, ValueError) as error:
        raise type(error)(f"resources: the options of {path!r} must be a dict, not {options!r} ({error})") from error


_ANY = ".*"
_REGEX_CHARACTERS = frozenset("*\\]?$^[]()")


def wildcard(pattern: Any) -> Any:
    """``"*"``, which is no regular expression, for the one that it stands for."""
    return _ANY if pattern == "*" else pattern


def is_compiled(value: object) -> TypeGuard[re.Pattern[Any]]:
    """Whether a value is a compiled regular expression of ``re``."""
    return isinstance(value, re.Pattern)


def _is_iterable(value: object) -> TypeGuard[Iterable[Any]]:
    return isinstance(value, Iterable)


def _is_dict(value: object) -> TypeGuard[dict[Any, Any]]:
    return isinstance(value, dict)


def holds_regex(pattern: Any) -> bool:
    """Whether a pattern is taken for a regular expression: a compiled one, or a str with a character that
    literals seldom have.
    """
    return is_compiled(pattern) or not _REGEX_CHARACTERS.isdisjoint(pattern)


def _specificity(pair: tuple[Any, Any]) -> tuple[int, int, int]:
    path: Any = pair[0]
    kind = 1 if is_compiled(path) else 2 if holds_regex(path) else 0
    text: Any = path.pattern if is_compiled(path) else path
    return kind, -text.count("/"), -len(text)


def ensure_iterable(value: Any) -> Iterable[Any]:
    """A scalar, a str included, as a list of one; any other iterable as it is."""
    return value if _is_iterable(value) and not isinstance(value, str) else [value]


def _items(option: str, value: Any, report: Report) -> list[Any]:
    """A scalar as a list of one, any iterable as a list; ``"*"`` as the expression that it stands for."""
    try:
        return [wildcard(item) for item in ensure_iterable(value)]
    except Exception as error:
        report(type(error)(f"{option}={value!r} cannot be read: {error}"))
        return []


def _is_matcher(item: object) -> TypeGuard[Subdomains | Regex | Callable[[str], object]]:
    """Whether an item of ``origins`` is asked about origins. To Flask-CORS such is an error, or matches nothing."""
    return isinstance(item, (Subdomains, Regex)) or (callable(item) and not isinstance(item, str))


def _origin_matchers(items: Iterable[Any], report: Report) -> tuple[Matcher, ...]:
    """The items of ``origins`` that are asked about origins, functions last."""
    matchers: list[Matcher] = []
    functions: list[Matcher] = []
    for item in items:
        if isinstance(item, (Subdomains, Regex)):
            matchers.append(item)
        elif _is_matcher(item):
            try:
                functions.append(OriginFunction(cast("Any", item)))
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


_ANYTHING = CompiledRegex(re.compile(_ANY, re.IGNORECASE))


def _pattern(option: str, item: Any, ignore_case: bool) -> Pattern:
    if isinstance(item, Origin) and option == "origins":
        return item
    if ignore_case and type(item) is str and item == _ANY:
        return _ANYTHING  # As in every policy that leaves allow_headers out.
    if is_compiled(item):
        if not isinstance(item.pattern, str):
            raise TypeError(f"{option}: {item!r} matches bytes, and can match nothing here: compile a str")
        return CompiledRegex(item)
    if isinstance(item, str) and holds_regex(item):
        try:
            return CompiledRegex(re.compile(item, re.IGNORECASE if ignore_case else 0))
        except (re.error, OverflowError, RecursionError) as error:
            raise ValueError(
                f"{option}: {item!r} is taken for a regular expression, as it holds one of * \\ ] ? $ ^ [ ( ),"
                f" and is not a valid one ({error}): mend it, or give a compiled pattern made with re.escape"
            ) from error
    try:
        return str(item)
    except Exception as error:
        raise TypeError(f"{option}: {type(item)!r} is neither a str nor a compiled pattern ({error})") from error


def joined(option: str, value: Any, report: Report) -> str | None:
    """A str as it is, an iterable sorted and joined, as Flask-CORS sends lists."""
    if value is None or isinstance(value, str):
        return value
    if not _is_iterable(value):
        return str(value)
    try:
        return ", ".join(str(item) for item in sorted(value))
    except TypeError as error:
        report(TypeError(f"{option}={value!r} must be a str or hold only str ({error})"))
        return None


def _seconds(value: Any) -> str | None:
    """``max_age`` as it is sent. The number 0 is sent; every other false value is not."""
    if isinstance(value, timedelta):
        return str(int(value.total_seconds()))
    if not value and (type(value) is not int):
        return None
    return str(value)


_UNSENDABLE = re.compile("[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")


def _header_value(option: str, value: str | None, report: Report) -> str | None:
    """Refuse what RFC 9110, section 5.5, keeps out of field values, and what cannot be encoded."""
    if value is not None and (found := _UNSENDABLE.search(value)):
        report(
            ValueError(
                f"{option}: {value!r} holds {found.group()!r} and cannot be sent in a header: remove that character"
            )
        )
        return None
    return value
