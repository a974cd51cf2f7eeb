"""The decorator: CORS for one view."""

from __future__ import annotations

from functools import update_wrapper
from inspect import CO_COROUTINE, iscoroutinefunction, unwrap
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, TypeVar

from flask import after_this_request
from flask.views import View

from ._evaluation import note_evaluation
from ._flask.context import CONTEXT, refuse_outside_request
from ._flask.response import EVALUATED as RESPONSE_EVALUATED, add_headers
from ._flask.view_policies import ViewPolicies, set_policies
from ._headers import INTERCEPTED
from ._options.parse import PLAIN_OPTIONS, depends_on_request, is_constant, is_plain, parse_alone, warn_of_unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from flask import Flask, Request, Response
    from typing_extensions import Unpack

    from ._engine.contract import Policy
    from .options import CrossOriginOptions

ViewT = TypeVar("ViewT", bound="Callable[..., Any]")
"""The type of a view, which is kept as it is: with a ParamSpec, checkers could not infer the type of a lambda."""


def cross_origin(*args: Any, **options: Unpack[CrossOriginOptions]) -> Callable[[ViewT], ViewT]:
    """Decorate a view so that its responses get CORS headers and it answers preflights.

    >>> from flask import Flask
    >>> app = Flask(__name__)
    >>> @app.route("/")
    ... @cross_origin(origins="https://app.example", max_age=600)
    ... def index():
    ...     return "hello"

    Put it below ``@app.route``. The view can be ``async``, a method of a :class:`~flask.views.MethodView`, or made
    from a :class:`~flask.views.View` that has ``decorators = [cross_origin()]``. Options that are not given come
    from the ``CORS_*`` keys of the application that handles the request, as they are at that time. If both the
    decorator and the extension cover a view, the decorator decides.

    With ``intercept_exceptions=True`` (not in Flask-CORS, and not read from the configuration), the policy also
    covers the responses of error handlers to what the view raises, including ``abort()``.

    :param args: ignored, as in Flask-CORS
    :param options: see :class:`~flask_cors_rs.options.CrossOriginOptions`
    :raises ValueError: an option is wrong; the message says which one and how to fix it
    :raises TypeError: an option has the wrong type
    """
    given: Any = options
    are_constant = _check(given)

    def decorate(view: ViewT) -> ViewT:
        policies = ViewPolicies(given, are_constant)
        # An attribute can mark a function as a coroutine function.
        code = view.__code__ if type(view) is FunctionType and not view.__dict__ else None
        is_async = iscoroutinefunction(view) if code is None else bool(code.co_flags & CO_COROUTINE)
        wrapper: Any = (_deciding_async if is_async else _deciding)(view, policies)
        if given.get("intercept_exceptions"):
            wrapper = (_intercepting_async if is_async else _intercepting)(wrapper, policies)
        if given.get("automatic_options", True):
            if _is_made_by_as_view(view) if code is None else code in _AS_VIEW_CODE:
                wrapper = _ClassView(wrapper, policies)
            # Flask reads both when the view is routed: OPTIONS is routed to the view, which the decorator replaces.
            target: Any = view
            target.required_methods = {"OPTIONS"} if code else {*getattr(view, "required_methods", ()), "OPTIONS"}
            target.provide_automatic_options = False
        update_wrapper(wrapper, view)
        set_policies(wrapper, policies)
        decorated: ViewT = wrapper
        return decorated

    return decorate


def _check(given: Mapping[str, Any]) -> bool:
    """Raise errors in the options themselves, whatever the configuration of an application says.

    :returns: whether their values never change
    """
    # Most views have flags and plain text. To parse these now would take longer than all the rest of the set-up.
    for name, value in given.items():
        if name not in PLAIN_OPTIONS:
            break
        if value is not True and value is not False and not (type(value) is str and is_plain(value)):
            break
    else:
        return True
    warn_of_unknown([given])
    if given.get("report_only") is not None:
        from ._options.resources import check_report_only, report_only_errors

        with report_only_errors():
            report_only = check_report_only(given["report_only"])
            if "resources" in report_only:
                raise ValueError(f"resources={report_only['resources']!r} has no effect on a view: leave it out")
            warn_of_unknown([report_only])
            _parse_readable(report_only)
    _parse_readable(given)
    return all(map(is_constant, given.values()))


def _parse_readable(options: Mapping[str, Any]) -> None:
    """Raise errors in the options that can be read before there is a request."""
    parse_alone({name: value for name, value in options.items() if not depends_on_request(value)})


def _deciding(view: Callable[..., Any], policies: ViewPolicies) -> Callable[..., Response]:
    """Return a view whose responses get the headers of its policy."""

    # The name in Flask-CORS, which is that of the endpoint if the view has no name.
    def wrapped_function(*args: Any, **kwargs: Any) -> Response:
        app, request, policy, answers_options = _start(policies)
        # Not one call of make_response for both, which an application can override.
        response = app.make_default_options_response() if answers_options else app.make_response(view(*args, **kwargs))
        return _finish(request, policy, response)

    return wrapped_function


def _deciding_async(view: Callable[..., Any], policies: ViewPolicies) -> Callable[..., Coroutine[Any, Any, Response]]:
    async def wrapped_function(*args: Any, **kwargs: Any) -> Response:
        app, request, policy, answers_options = _start(policies)
        if answers_options:
            response = app.make_default_options_response()
        else:
            response = app.make_response(await view(*args, **kwargs))
        return _finish(request, policy, response)

    return wrapped_function


def _start(policies: ViewPolicies) -> tuple[Flask, Request, Policy | None, bool]:
    """Return the policy for the current request, and whether OPTIONS is answered instead of the view."""
    try:
        context = CONTEXT.get()
    except LookupError:
        refuse_outside_request()
    app, request = context.app, context.request
    policy, automatic_options = policies.get(app, request.environ)
    return app, request, policy, automatic_options and request.method == "OPTIONS"


def _finish(request: Request, policy: Policy | None, response: Response) -> Response:
    """Add the headers to the response of a view."""
    if policy is not None:
        add_headers(policy, response, request)
    setattr(response, RESPONSE_EVALUATED, True)
    note_evaluation(request.environ)
    return response


def _intercepting(view: Callable[..., Any], policies: ViewPolicies) -> Callable[..., Any]:
    """Return a decorated view whose policy also covers the responses of error handlers."""

    def wrapped_function(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except Exception:
            _intercept(policies)
            raise

    return wrapped_function


def _intercepting_async(view: Callable[..., Any], policies: ViewPolicies) -> Callable[..., Any]:
    async def wrapped_function(*args: Any, **kwargs: Any) -> Any:
        try:
            return await view(*args, **kwargs)
        except Exception:
            _intercept(policies)
            raise

    return wrapped_function


def _intercept(policies: ViewPolicies) -> None:
    """Add the headers to the response to the current request, whatever it will be."""
    context = CONTEXT.get()
    request = context.request
    policy, _ = policies.get(context.app, request.environ)
    request.environ[INTERCEPTED] = True
    note_evaluation(request.environ)

    @after_this_request
    def add(response: Response) -> Response:
        if policy is not None:
            add_headers(policy, response, request)
        setattr(response, RESPONSE_EVALUATED, True)
        return response


_AS_VIEW_CODE = tuple(code for code in View.as_view.__func__.__code__.co_consts if isinstance(code, CodeType))  # type: ignore[attr-defined]


def _is_made_by_as_view(view: Callable[..., Any]) -> bool:
    """Whether ``View.as_view`` is making a view, and applies the ``decorators`` of the class."""
    function = unwrap(view) if hasattr(view, "__wrapped__") else view
    return getattr(function, "__code__", None) in _AS_VIEW_CODE and getattr(view, "view_class", None) is None


class _ClassView:
    """A view made by ``View.as_view``, which resets ``provide_automatic_options`` after it has applied the
    ``decorators`` of the class. Here it stays False, so that preflights reach the decorator.
    """

    def __init__(self, view: Callable[..., Any], policies: ViewPolicies) -> None:
        self._view = view
        self._policies = policies

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        try:
            context = CONTEXT.get()
        except LookupError:
            refuse_outside_request()
        is_options = context.request.method == "OPTIONS" and "OPTIONS" not in (getattr(self, "methods", None) or ())
        if is_options and not self._policies.answers_options(context.app):
            # Flask answers for a class without a method of that name.
            return context.app.make_default_options_response()
        return self._view(*args, **kwargs)

    def __setattr__(self, name: str, value: Any) -> None:
        if name != "provide_automatic_options" or value is not None:
            super().__setattr__(name, value)
