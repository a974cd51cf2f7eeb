"""The options of :class:`~flask_cors_rs.CORS` and :func:`~flask_cors_rs.cross_origin`, as types.

The names, meanings and defaults are those of Flask-CORS 6.0.5, unless an option says otherwise. This module is for
annotations and documentation: an application that serves does not import it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Callable, Literal, TypedDict, Union

from ._options.parse import ALL_METHODS, CONFIG_KEYS, DEFAULT_OPTIONS
from .origins import Regex, Subdomains

__all__ = [
    "ALL_METHODS",
    "CONFIG_KEYS",
    "DEFAULT_OPTIONS",
    "CORSOptions",
    "CrossOriginOptions",
    "OriginLike",
    "PatternLike",
    "ResourcesLike",
]

PatternLike = Union[str, "re.Pattern[str]"]
"""A literal, a string that holds a regular expression, or a compiled regular expression."""

OriginLike = Union[PatternLike, Subdomains, Regex, Callable[[str], object]]
"""A pattern for origins, one of the types of :mod:`flask_cors_rs.origins`, or a function of an origin."""

ResourcesLike = Union[PatternLike, Iterable[PatternLike], Mapping[PatternLike, "CrossOriginOptions"]]
"""One path pattern, several path patterns, or a mapping from path patterns to options."""


class CrossOriginOptions(TypedDict, total=False):
    """The options of :func:`~flask_cors_rs.cross_origin`, and of a resource of :class:`~flask_cors_rs.CORS`."""

    origins: Union[OriginLike, Iterable[OriginLike]]
    """The allowed origins: literals, which are compared without case; regular expressions; or ``"*"`` for any
    origin. Default ``"*"``. Not in Flask-CORS: :class:`~flask_cors_rs.Origin`,
    :class:`~flask_cors_rs.Subdomains`, :class:`~flask_cors_rs.Regex`, and functions that take an origin and return
    whether it is allowed (True or False, or the origin or None), sync or async, which are called last."""

    methods: Union[str, Iterable[str]]
    """The methods that a preflight may ask for. Default GET, HEAD, POST, OPTIONS, PUT, PATCH, DELETE."""

    expose_headers: Union[str, Iterable[str], None]
    """The response headers that scripts may read besides the safelisted ones. Default None."""

    allow_headers: Union[PatternLike, Iterable[PatternLike]]
    """The request headers that a preflight may ask for: literals, which are compared without case; regular
    expressions; or ``"*"`` for any header. Default ``"*"``."""

    supports_credentials: bool
    """Whether requests with cookies, client certificates or HTTP authentication are allowed. Default False."""

    max_age: Union[timedelta, int, str, None]
    """How long a browser may cache the answer to a preflight, in seconds. 0 means not at all. Default None, which
    leaves it to the browser."""

    send_wildcard: bool
    """Whether a policy that allows any origin answers with ``*`` instead of the request's Origin. Default False."""

    vary_header: Union[bool, Literal["always"]]
    """Whether ``Vary: Origin`` is sent where an origin is allowed and others could be. Default True. Not in
    Flask-CORS: ``"always"`` names everything that the answer depends on, in every response, and merges it into an
    existing Vary header."""

    automatic_options: bool
    """Whether the decorator answers OPTIONS requests instead of the view. Default True."""

    always_send: bool
    """Whether requests without an Origin get CORS headers too. Default True."""

    allow_private_network: bool
    """Whether pages on public networks may reach this server on a private network. Default False."""

    intercept_exceptions: bool
    """Whether responses made by error handlers get the headers too. Default True for
    :class:`~flask_cors_rs.CORS`. Not in Flask-CORS: as a keyword of the decorator, it covers what the view raises.
    It has no effect in a resource."""

    report_only: Union[Mapping[str, Any], None]
    """The options of a policy that is only compared with the one that answers: its decisions are recorded where they
    differ, and never sent. They are those of ``CORS``, and what they leave out comes from the configuration or is the
    default: ``reconfigure(**report_only)`` would put this policy in force. A resource cannot have this option. Default
    None. Not in Flask-CORS."""


class CORSOptions(CrossOriginOptions, total=False):
    """The options of :class:`~flask_cors_rs.CORS`."""

    resources: ResourcesLike
    """The paths that have CORS, optionally with options of their own. Default every path."""

    middleware: bool
    """Whether the headers are added around ``app.wsgi_app``, and preflights answered there. Default False. Not in
    Flask-CORS."""

    audit: Literal["log", "raise", "off"]
    """What to do with findings of severity ``error`` at set-up. ``"log"`` logs them as warnings, in production only
    those that can be seen at once; ``"raise"`` raises an :class:`~flask_cors_rs.AuditError`; ``"off"`` does not look
    for any. Default ``"log"``. Not in Flask-CORS."""
