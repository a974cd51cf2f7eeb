"""The decorator: CORS for one view."""

from __future__ import annotations

import inspect
import weakref
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta
from functools import update_wrapper
from re import Pattern as RePattern
from types import CodeType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, TypeVar, cast

from flask import after_this_request, current_app, request
from flask.views import View

from . import _backend, _log
from ._response import EVALUATED, add_headers
from .middleware import EVALUATED as ENVIRON_EVALUATED, INTERCEPTED, OWN_POLICIES
from .options import CONFIG_KEYS, DEFAULT_OPTIONS, CrossOriginOptions, config_layer, log_error, parse, warn_of_unknown
from .origins import Regex, Subdomains

if TYPE_CHECKING:
    from collections.abc import Callable

    from flask import Flask, Request, Response
    from typing_extensions import Unpack

    from ._backend import Policy
    from .options import Options

ViewT = TypeVar("ViewT", bound="Callable[..., Any]")
"""The type of a view, kept as it is; a ParamSpec would not let checkers infer a lambda's."""

POLICIES: Final = "_flask_cors_rs_policies"
"""The attribute of a decorated view in which its policies are."""

_current_app: Callable[[], Flask] = current_app._get_current_object  # type: ignore[attr-defined]
_current_request: Callable[[], Request] = request._get_current_object  # type: ignore[attr-defined]


def cross_origin(*args: Any, **options: Unpack[CrossOriginOptions]) -> Callable[[ViewT], ViewT]:
    """Decorate a view: its responses get CORS headers, and it answers preflights.

    >>> from flask import Flask
    >>> app = Flask(__name__)
    >>> @app.route("/")
    ... @cross_origin(origins="https://app.example", max_age=600)
    ... def index():
    ...     return "hello"

    It goes below ``@app.route``. The view may be ``async``, a method of a :class:`~flask.views.MethodView`, or made
    of a :class:`~flask.views.View` that has ``decorators = [cross_origin()]``. The options are completed by the
    ``CORS_*`` keys of the application that handles the request, as they are then. A view that has both the decorator
    and the extension keeps the decorator's policy.

    With ``intercept_exceptions=True`` (not in Flask-CORS, and not read from the configuration) the responses that
    error handlers make of what the view raises, ``abort()`` included, have the view's policy too.

    :param args: ignored, as in Flask-CORS
    :param options: see :class:`~flask_cors_rs.options.CrossOriginOptions`
    :raises ValueError: an option is wrong: the message says which, and what to do
    :raises TypeError: the same, for a value of a type from which nothing can be made
    """
    given: dict[str, Any] = dict(options)
    _check(given)

    def decorate(view: ViewT) -> ViewT:
        policies = Policies(given)
        automatic = bool(given.get("automatic_options", True))
        pinned = automatic and _is_unfinished_class_view(view)

        def cross_origin_view(*args: Any, **kwargs: Any) -> Response:
            app = _current_app()
            request = _current_request()
            policy, automatic_options = policies.get(app)
            if request.method == "OPTIONS":
                if automatic_options:
                    response = app.make_default_options_response()
                elif pinned and "OPTIONS" not in (getattr(wrapper, "methods", None) or ()):
                    # Flask would have answered for a class without a method of that name.
                    return app.make_default_options_response()
                else:
                    response = app.make_response(view(*args, **kwargs))
            else:
                response = app.make_response(view(*args, **kwargs))
            if policy is not None:
                add_headers(policy, response, request)
            setattr(response, EVALUATED, True)
            request.environ[ENVIRON_EVALUATED] = True
            return response

        async def cross_origin_async_view(*args: Any, **kwargs: Any) -> Response:
            app = _current_app()
            request = _current_request()
            policy, automatic_options = policies.get(app)
            if request.method == "OPTIONS" and automatic_options:
                response = app.make_default_options_response()
            else:
                response = app.make_response(await view(*args, **kwargs))
            if policy is not None:
                add_headers(policy, response, request)
            setattr(response, EVALUATED, True)
            request.environ[ENVIRON_EVALUATED] = True
            return response

        wrapper: Any = cross_origin_view
        if inspect.iscoroutinefunction(view):
            wrapper = cross_origin_async_view
        if given.get("intercept_exceptions"):
            wrapper = _intercepting(wrapper, policies)
        if pinned:
            wrapper = _ClassView(wrapper)
        if automatic:
            # Read by Flask when the view is routed: OPTIONS comes to the view, which is not asked to answer it.
            target: Any = view
            target.required_methods = {*getattr(view, "required_methods", ()), "OPTIONS"}
            target.provide_automatic_options = False
        update_wrapper(wrapper, view)
        setattr(wrapper, POLICIES, policies)
        OWN_POLICIES.append(getattr(view, "__name__", repr(view)))
        return cast("ViewT", wrapper)

    return decorate


def _check(given: Mapping[str, Any]) -> None:
    """Raise what is wrong with the options themselves, whatever the application's configuration says."""
    warn_of_unknown([given])
    readable = {name: value for name, value in given.items() if not isinstance(value, Iterator)}
    parse({**DEFAULT_OPTIONS, "origins": (), **readable})


def _intercepting(view: Callable[..., Any], policies: Policies) -> Callable[..., Any]:
    """A decorated view whose policy goes to the response of an error handler too."""
    if inspect.iscoroutinefunction(view):

        async def intercepting_async_view(*args: Any, **kwargs: Any) -> Any:
            try:
                return await view(*args, **kwargs)
            except Exception:
                policies.intercept()
                raise

        return intercepting_async_view

    def intercepting_view(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except Exception:
            policies.intercept()
            raise

    return intercepting_view


_AS_VIEW_CODE = frozenset(code for code in View.as_view.__func__.__code__.co_consts if isinstance(code, CodeType))  # type: ignore[attr-defined]


def _is_unfinished_class_view(view: Callable[..., Any]) -> bool:
    """Whether a view is being made by ``View.as_view``, from the ``decorators`` of a class."""
    return (
        getattr(inspect.unwrap(view), "__code__", None) in _AS_VIEW_CODE and getattr(view, "view_class", None) is None
    )


class _ClassView:
    """A view made by ``View.as_view``, which resets ``provide_automatic_options`` after it has applied the
    ``decorators`` of a class: here it stays False, so that preflights reach the decorator.
    """

    def __init__(self, view: Callable[..., Response]) -> None:
        self._view = view

    def __call__(self, *args: Any, **kwargs: Any) -> Response:
        return self._view(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "provide_automatic_options" or value is not None:
            super().__setattr__(name, value)


_KEYS = tuple(CONFIG_KEYS.values())
_NO_CONFIG = (None,) * len(_KEYS)
_MAX_AGE = list(CONFIG_KEYS).index("max_age")
_CONSTANT = (str, bytes, bool, int, float, timedelta, RePattern, Subdomains, Regex, type(None))
_CONTAINERS = (list, tuple, set, frozenset, dict)
_EVERY_TIME = 64
"""Containers of fewer than twice as many items are compared at each request, longer ones in turn less often,
so that the cost stays the same."""


class _Watched:
    """A container in an option, and its items when the policy was made from it."""

    __slots__ = ("_copy", "_every", "_live", "_requests")

    def __init__(self, live: Any) -> None:
        self._live = live
        self._copy = live.copy() if hasattr(live, "copy") else live
        self._every = max(1, len(live) // _EVERY_TIME)
        self._requests = 0

    def changed(self) -> bool:
        """Whether items have come or gone, at once; whether one took another's place, at the latest after as
        many requests as there are items for each 64.
        """
        if len(self._live) != len(self._copy):
            return True
        self._requests += 1
        return self._requests % self._every == 0 and bool(self._live != self._copy)


class _Entry(NamedTuple):
    """A policy, and what it was made from."""

    app: Callable[[], object]
    config: tuple[Any, ...]
    watched: tuple[_Watched, ...]
    policy: Policy | None
    automatic_options: bool


class Policies:
    """The policies of a decorated view, one for each application that routes to it."""

    def __init__(self, options: dict[str, Any]) -> None:
        self._options = options
        self._last: _Entry | None = None
        self._entries: weakref.WeakKeyDictionary[Flask, _Entry] = weakref.WeakKeyDictionary()

    def get(self, app: Flask) -> tuple[Policy | None, bool]:
        """The policy for a request to an application, None where its configuration makes none, and whether
        OPTIONS is answered in place of the view.
        """
        entry = self._last
        if entry is None or entry.app() is not app:
            entry = self._entries.get(app)
        live: Any = app.config
        # Few applications have such keys, and that is told at once.
        config: tuple[Any, ...] = _NO_CONFIG
        if not live.keys().isdisjoint(_KEYS):
            config = (*map(live.get, _KEYS),)
        if (
            entry is None
            or entry.config != config
            or entry.config[_MAX_AGE] is not config[_MAX_AGE]
            or (entry.watched and any(watched.changed() for watched in entry.watched))
        ):
            entry = self._make(app, config)
        return entry.policy, entry.automatic_options

    @property
    def given(self) -> Mapping[str, Any]:
        """The options of the decorator itself."""
        return self._options

    def parsed(self, app: Flask) -> Options:
        """The options for an application, as they would be now.

        :raises ValueError: its configuration makes none
        """
        defaults = cast("Mapping[str, Any]", DEFAULT_OPTIONS)
        return parse(_backend.engine.merge([self._options, config_layer(app), defaults]))

    def intercept(self) -> None:
        """Add the headers to the response to the current request, whatever it will be."""
        request = _current_request()
        policy, _ = self.get(_current_app())
        request.environ[ENVIRON_EVALUATED] = request.environ[INTERCEPTED] = True

        @after_this_request
        def add(response: Response) -> Response:
            if policy is not None:
                add_headers(policy, response, request)
            setattr(response, EVALUATED, True)
            return response

    def _make(self, app: Flask, config: tuple[Any, ...]) -> _Entry:
        engine = _backend.engine
        merged = engine.merge([self._options, config_layer(app), cast("Mapping[str, Any]", DEFAULT_OPTIONS)])
        values = [*self._options.values(), *(value for value in config if value is not None)]
        watched = tuple(_Watched(value) for value in values if type(value) in _CONTAINERS)
        policy: Policy | None = None
        automatic_options = bool(merged["automatic_options"])
        try:
            options = parse(merged, log_error)
            policy = engine.Policy(options)
            if app.debug:
                policy = _ExplainingPolicy(policy)
        except Exception:
            # A configuration that only shows at a request must not fail it.
            _log.LOG.exception("The CORS configuration makes no policy: no headers are sent")
        entry = _Entry(weakref.ref(app), config, watched, policy, automatic_options)
        if all(map(_is_stable, values)):
            self._entries[app] = entry
            self._last = entry
        return entry


class _ExplainingPolicy:
    """A policy that logs why a browser will block a request."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self.decide = policy.decide

    def apply(self, environ: dict[str, Any], headers: list[tuple[str, str]], /) -> None:
        """Append the headers, and log what they lack."""
        self._policy.apply(environ, headers)
        _log.log_blocked(self._policy.decide(environ), environ, "@cross_origin")


def _is_stable(value: object) -> bool:
    """Whether a change of an option's value would be noticed; an iterator, for one, is empty when read again."""
    if type(value) in _CONTAINERS:
        return all(isinstance(item, _CONSTANT) or callable(item) for item in cast("Iterable[Any]", value))
    return isinstance(value, _CONSTANT) or (callable(value) and not isinstance(value, Iterable))
