"""The names of ``flask_cors.core``, implemented with this package's engine.

They are for programs written for Flask-CORS. :func:`flask_cors_rs.install_as_flask_cors` makes ``flask_cors.core``
export them.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Union

from flask import current_app, request
from werkzeug.datastructures import Headers, MultiDict

from . import _engine, _log
from ._flask.hook import Registration as _Registration, make_after_request as _make_after_request
from ._flask.response import EVALUATED as FLASK_CORS_EVALUATED, add_headers as _add_headers
from ._headers import (
    ALLOW_CREDENTIALS as ACL_CREDENTIALS,
    ALLOW_HEADERS as ACL_ALLOW_HEADERS,
    ALLOW_METHODS as ACL_METHODS,
    ALLOW_ORIGIN as ACL_ORIGIN,
    ALLOW_PRIVATE_NETWORK as ACL_RESPONSE_PRIVATE_NETWORK,
    EXPOSE_HEADERS as ACL_EXPOSE_HEADERS,
    MAX_AGE as ACL_MAX_AGE,
    ORIGIN as _ORIGIN,
    REQUEST_HEADERS as ACL_REQUEST_HEADERS,
    REQUEST_METHOD as ACL_REQUEST_METHOD,
    REQUEST_PRIVATE_NETWORK as ACL_REQUEST_HEADER_PRIVATE_NETWORK,
)
from ._options import parse as _parse, patterns as _patterns
from ._options.parse import ALL_METHODS, Options
from ._options.resources import Resources as _Resources
from ._process_state import may_mark as _may_mark
from .options import (
    CORSOptions as CorsOptionsInput,
    CrossOriginOptions as CrossOriginOptionsInput,
    PatternLike as ResourcePattern,
    ResourcesLike as ResourceSpec,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Flask, Response

    from ._engine.decision import Decision

__all__ = [
    "ACL_ALLOW_HEADERS",
    "ACL_CREDENTIALS",
    "ACL_EXPOSE_HEADERS",
    "ACL_MAX_AGE",
    "ACL_METHODS",
    "ACL_ORIGIN",
    "ACL_REQUEST_HEADERS",
    "ACL_REQUEST_HEADER_PRIVATE_NETWORK",
    "ACL_REQUEST_METHOD",
    "ACL_RESPONSE_PRIVATE_NETWORK",
    "ALL_METHODS",
    "CONFIG_OPTIONS",
    "CorsOptionsInput",
    "CrossOriginOptionsInput",
    "DEFAULT_OPTIONS",
    "ExposeHeadersInput",
    "FLASK_CORS_EVALUATED",
    "LOG",
    "Headers",
    "HeadersInput",
    "Iterable",
    "Mapping",
    "MaxAgeInput",
    "MethodsInput",
    "MultiDict",
    "OriginsInput",
    "RegexObject",
    "ResourcePattern",
    "ResourceSpec",
    "current_app",
    "ensure_iterable",
    "flexible_str",
    "get_allow_headers",
    "get_app_kwarg_dict",
    "get_cors_headers",
    "get_cors_options",
    "get_cors_origins",
    "get_regexp_pattern",
    "logging",
    "make_after_request_function",
    "merge_options",
    "parse_resources",
    "probably_regex",
    "re",
    "re_fix",
    "request",
    "sanitize_regex_param",
    "serialize_options",
    "set_cors_headers",
    "try_match_any_pattern",
    "try_match_pattern",
]

DEFAULT_OPTIONS = {name: value for name, value in _parse.DEFAULT_OPTIONS.items() if name not in {"audit", "middleware"}}
CONFIG_OPTIONS = [_parse.CONFIG_KEYS[name] for name in DEFAULT_OPTIONS]
RegexObject = re.Pattern
OriginsInput = HeadersInput = Union[ResourcePattern, Iterable[ResourcePattern]]
MethodsInput = Union[str, Iterable[str]]
ExposeHeadersInput = Union[str, Iterable[str], None]
MaxAgeInput = Union[timedelta, int, str, None]
LOG = _log.LOG

# Whoever imports FLASK_CORS_EVALUATED may set it.
_may_mark()

ensure_iterable = _parse.ensure_iterable
re_fix = _patterns.expand_wildcard


def _is_expression(pattern: Any) -> bool:
    """Whether a pattern is a compiled expression, or one in the options that ``get_cors_options`` returns."""
    return isinstance(pattern, (re.Pattern, _patterns.RegexPattern))


def sanitize_regex_param(param: Any) -> list[Any]:
    """Return a scalar as a list of one and an iterable as a list, with ``"*"`` replaced by ``".*"``."""
    return [re_fix(item) for item in ensure_iterable(param)]


def probably_regex(maybe_regex: Any) -> bool:
    """Whether a pattern is a regular expression, or would be read as one."""
    return _is_expression(maybe_regex) or _patterns.looks_like_regex(maybe_regex)


def flexible_str(obj: Any) -> str | None:
    """Return None and a str as they are, an iterable sorted and joined with ``", "``, and anything else as text."""
    return _parse.joined("value", obj, _parse.raise_error)


def get_regexp_pattern(regexp: Any) -> str:
    """Return the text of a pattern, compiled or not."""
    return str(regexp.pattern if _patterns.is_compiled(regexp) else _patterns.pattern_text(regexp))


def get_app_kwarg_dict(appInstance: Flask | Blueprint | None = None) -> dict[str, Any]:
    """Return the options in the ``CORS_*`` keys of an application, by default of the current one."""
    return _parse.config_layer(appInstance or current_app)


def merge_options(appInstance: Flask | Blueprint | None, *dicts: Mapping[str, Any]) -> dict[str, Any]:
    """Merge the defaults, the configuration of an application and dicts of options, the weakest first."""
    merged = {**DEFAULT_OPTIONS, **get_app_kwarg_dict(appInstance)}
    for options in dicts:
        merged.update(options)
    return merged


def serialize_options(opts: Mapping[str, Any]) -> Options:
    """Parse merged options. An option that is missing counts as None, as in Flask-CORS.

    :raises ValueError: an option is wrong
    """
    _parse.warn_of_unknown([opts])
    return _parse.parse({**dict.fromkeys(DEFAULT_OPTIONS), **opts})


def get_cors_options(appInstance: Flask | Blueprint | None, *dicts: Mapping[str, Any]) -> Options:
    """Return the options for an application, merged and parsed.

    :raises ValueError: an option is wrong
    """
    return serialize_options(merge_options(appInstance, *dicts))


def parse_resources(resources: Any) -> list[tuple[Any, Mapping[str, Any]]]:
    """Return the path patterns of ``resources``, literals or compiled expressions, with their options, in order.

    :raises ValueError: the value does not hold path patterns
    """
    return [(path if isinstance(path, str) else path.pattern, own) for path, own in _parse.parse_resources(resources)]


def try_match_pattern(value: Any, pattern: Any, caseSensitive: bool = True) -> bool:
    """Whether a compiled expression matches at the start of a value, or a literal equals it."""
    if _is_expression(pattern):
        return pattern.match(value) is not None
    value, pattern = str(value), str(pattern)
    return value == pattern if caseSensitive else bool(value.casefold() == pattern.casefold())


def try_match_any_pattern(inst: Any, patterns: Iterable[Any], caseSensitive: bool = True) -> bool:
    """Whether one of several patterns matches a value."""
    return any(try_match_pattern(inst, pattern, caseSensitive) for pattern in patterns)


def _decide(options: Options, method: str, headers: Mapping[str, str | None]) -> Decision:
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items() if value is not None}
    return _engine.engine.Policy(options).decide({"REQUEST_METHOD": method, **environ})


def get_cors_origins(options: Options, request_origin: str | None) -> list[str] | None:
    """Return the possible values of Access-Control-Allow-Origin for a request, or None if it is not sent."""
    if not request_origin and options.always_send and not options.any_origin:
        return sorted(origin for origin in options.origins if isinstance(origin, str))
    headers = _decide(options, "GET", {_ORIGIN: request_origin}).headers
    return [value for name, value in headers if name == ACL_ORIGIN] or None


def get_allow_headers(options: Options, acl_request_headers: str | None) -> str | None:
    """Return the requested headers that are allowed, sorted and joined; None if none are requested."""
    if not acl_request_headers:
        return None
    any_request = options.replace(origins=("x",), origin_matchers=(), methods="GET")
    headers = {_ORIGIN: "x", ACL_REQUEST_METHOD: "GET", ACL_REQUEST_HEADERS: acl_request_headers}
    return dict(_decide(any_request, "OPTIONS", headers).headers).get(ACL_ALLOW_HEADERS, "")


def get_cors_headers(options: Options, request_headers: Any, request_method: str) -> MultiDict[str, str]:
    """Return the response headers for a request with some headers and a method."""
    names = (_ORIGIN, ACL_REQUEST_METHOD, ACL_REQUEST_HEADERS, ACL_REQUEST_HEADER_PRIVATE_NETWORK)
    return MultiDict(_decide(options, request_method, {name: request_headers.get(name) for name in names}).headers)


def set_cors_headers(resp: Response, options: Options) -> Response:
    """Add the headers for the current request to a response, unless a decorator has evaluated it."""
    policy = _engine.engine.Policy(options)
    _add_headers(policy, resp, request._get_current_object())  # type: ignore[attr-defined]
    return resp


def make_after_request_function(resources: Sequence[tuple[Any, Options]]) -> Callable[[Response], Response]:
    """Make a function for ``Flask.after_request`` from patterns with parsed options.

    :raises ValueError: the options do not make a valid policy
    """
    rules: list[tuple[_patterns.Pattern, Options]] = [
        (_patterns.RegexPattern(path) if _patterns.is_compiled(path) else str(path), options)
        for path, options in resources
    ]
    return _make_after_request(_Registration(None, _Resources(rules)))
