"""The names that programs import from ``flask_cors.core``, on our engine.

Programs that were written for Flask-CORS call these; new ones have no use for them.
:func:`flask_cors_rs.install_as_flask_cors` puts this module in the place of ``flask_cors.core``.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from flask import current_app, request
from werkzeug.datastructures import Headers, MultiDict

from . import _backend, _log, options as _options
from ._response import ALLOW_ORIGIN as ACL_ORIGIN, EVALUATED as FLASK_CORS_EVALUATED, add_headers as _add_headers
from .extension import make_after_request as _make_after_request
from .options import (
    ALL_METHODS,
    CONFIG_KEYS as _CONFIG_KEYS,
    DEFAULT_OPTIONS as _DEFAULT_OPTIONS,
    CompiledRegex as _CompiledRegex,
    Options,
    is_compiled as _is_compiled,
)
from .resources import Resources as _Resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Blueprint, Flask, Response

    from .decision import Decision

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
    "DEFAULT_OPTIONS",
    "FLASK_CORS_EVALUATED",
    "LOG",
    "Headers",
    "Iterable",
    "Mapping",
    "MultiDict",
    "RegexObject",
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

ACL_METHODS = "Access-Control-Allow-Methods"
ACL_ALLOW_HEADERS = "Access-Control-Allow-Headers"
ACL_EXPOSE_HEADERS = "Access-Control-Expose-Headers"
ACL_CREDENTIALS = "Access-Control-Allow-Credentials"
ACL_MAX_AGE = "Access-Control-Max-Age"
ACL_RESPONSE_PRIVATE_NETWORK = "Access-Control-Allow-Private-Network"
ACL_REQUEST_METHOD = "Access-Control-Request-Method"
ACL_REQUEST_HEADERS = "Access-Control-Request-Headers"
ACL_REQUEST_HEADER_PRIVATE_NETWORK = "Access-Control-Request-Private-Network"

DEFAULT_OPTIONS = {name: value for name, value in _DEFAULT_OPTIONS.items() if name not in {"audit", "middleware"}}
CONFIG_OPTIONS = [_CONFIG_KEYS[name] for name in DEFAULT_OPTIONS]
RegexObject = re.Pattern
LOG = _log.LOG

ensure_iterable = _options.ensure_iterable
re_fix = _options.wildcard
probably_regex = _options.holds_regex


def sanitize_regex_param(param: Any) -> list[Any]:
    """A scalar as a list of one, any iterable as a list, with ``"*"`` as ``".*"``."""
    return [re_fix(item) for item in ensure_iterable(param)]


def flexible_str(obj: Any) -> str | None:
    """None and a str as they are, an iterable sorted and joined with ``", "``, anything else by ``str()``."""
    return _options.joined("value", obj, _options.raise_error)


def get_regexp_pattern(regexp: Any) -> str:
    """The text of a pattern, compiled or not."""
    return str(regexp.pattern if _is_compiled(regexp) else regexp)


def get_app_kwarg_dict(appInstance: Flask | Blueprint | None = None) -> dict[str, Any]:
    """The options in the ``CORS_*`` keys of an application, by default the current one."""
    return _options.config_layer(appInstance or current_app)


def merge_options(appInstance: Flask | Blueprint | None, *dicts: Mapping[str, Any]) -> dict[str, Any]:
    """Defaults, the application's configuration and dicts of options merged: the last that sets one wins."""
    merged = {**DEFAULT_OPTIONS, **get_app_kwarg_dict(appInstance)}
    for options in dicts:
        merged.update(options)
    return merged


def serialize_options(opts: Mapping[str, Any]) -> Options:
    """Parse merged options; one that is missing counts as None, as in Flask-CORS.

    :raises ValueError: an option is wrong
    """
    _options.warn_of_unknown([opts])
    return _options.parse({**dict.fromkeys(DEFAULT_OPTIONS), **opts})


def get_cors_options(appInstance: Flask | Blueprint | None, *dicts: Mapping[str, Any]) -> Options:
    """The options for an application, merged and parsed.

    :raises ValueError: an option is wrong
    """
    return serialize_options(merge_options(appInstance, *dicts))


def parse_resources(resources: Any) -> list[tuple[Any, Mapping[str, Any]]]:
    """The paths of ``resources``, literals or compiled patterns, with their options, in the order of matching.

    :raises ValueError: it is nothing that holds patterns
    """
    return [
        (path.pattern if isinstance(path, _CompiledRegex) else path, own)
        for path, own in _options.parse_resources(resources)
    ]


def try_match_pattern(value: Any, pattern: Any, caseSensitive: bool = True) -> bool:
    """Whether a compiled pattern matches at the start of a value, or a literal equals it."""
    if _is_compiled(pattern):
        return pattern.match(value) is not None
    value, pattern = str(value), str(pattern)
    return value == pattern if caseSensitive else bool(value.casefold() == pattern.casefold())


def try_match_any_pattern(inst: Any, patterns: Iterable[Any], caseSensitive: bool = True) -> bool:
    """Whether one of several patterns matches."""
    return any(try_match_pattern(inst, pattern, caseSensitive) for pattern in patterns)


def _decide(options: Options, method: str, headers: Mapping[str, str | None]) -> Decision:
    environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in headers.items() if value is not None}
    return _backend.engine.Policy(options).decide({"REQUEST_METHOD": method, **environ})


def get_cors_origins(options: Options, request_origin: str | None) -> list[str] | None:
    """What Access-Control-Allow-Origin would say to an origin, as a list; None for nothing."""
    if not request_origin and options.always_send and not options.any_origin:
        return sorted(origin for origin in options.origins if isinstance(origin, str))
    headers = _decide(options, "GET", {"Origin": request_origin}).headers
    return [value for name, value in headers if name == ACL_ORIGIN] or None


def get_allow_headers(options: Options, acl_request_headers: str | None) -> str | None:
    """Which of the requested headers are allowed, sorted and joined; None where none are requested."""
    if not acl_request_headers:
        return None
    any_origin = options._replace(origins=("x",), any_origin=False, methods="GET")
    asked = {"Origin": "x", ACL_REQUEST_METHOD: "GET", ACL_REQUEST_HEADERS: acl_request_headers}
    return dict(_decide(any_origin, "OPTIONS", asked).headers).get(ACL_ALLOW_HEADERS, "")


def get_cors_headers(options: Options, request_headers: Any, request_method: str) -> MultiDict[str, str]:
    """The headers for a request, told by its headers and its method."""
    names = ("Origin", ACL_REQUEST_METHOD, ACL_REQUEST_HEADERS, ACL_REQUEST_HEADER_PRIVATE_NETWORK)
    return MultiDict(_decide(options, request_method, {name: request_headers.get(name) for name in names}).headers)


def set_cors_headers(resp: Response, options: Options) -> Response:
    """Add the headers for the current request to a response, unless a decorator has evaluated it."""
    _add_headers(_backend.engine.Policy(options), resp, request._get_current_object())  # type: ignore[attr-defined]
    return resp


def make_after_request_function(resources: Sequence[tuple[Any, Options]]) -> Callable[[Response], Response]:
    """A function for ``Flask.after_request`` from patterns and parsed options.

    :raises ValueError: options that make no policy
    """
    rules = [(_CompiledRegex(path) if _is_compiled(path) else str(path), options) for path, options in resources]
    return _make_after_request(_Resources(rules))[0]
