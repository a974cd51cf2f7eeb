"""The middleware around a Flask application, which knows the policies of its views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from . import decorator
from ._response import HOOK
from .middleware import OWN_POLICIES, CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Blueprint, Flask
    from werkzeug.routing import MapAdapter, Rule

    from ._backend import Environ
    from .decision import Decision
    from .resources import Resources

EXTENSION = "flask_cors_rs"
"""The key of ``Flask.extensions``."""


def add_middleware(app: Flask | Blueprint, resources: Resources) -> Callable[[Resources], None]:
    """Wrap ``app.wsgi_app``. Of several on one application the latest is asked first, as after_request hooks are.

    :returns: a function that puts other rules in the place of these
    :raises ValueError: ``app`` is a Blueprint
    """
    flask: Any = app
    if not hasattr(flask, "wsgi_app"):
        raise ValueError(
            f"middleware=True: {app!r} has no wsgi_app to be put around: leave it off, or give it to the CORS of the"
            " application, with resources for these paths"
        )

    def use(others: Resources) -> None:
        nonlocal resources
        middleware: FlaskMiddleware = flask.extensions[EXTENSION]
        middleware.use([others if own is resources else own for own in middleware.resources])
        resources = others

    before: FlaskMiddleware | None = flask.extensions.get(EXTENSION)
    if before is not None and before.__call__ == flask.wsgi_app:
        before.use([resources, *before.resources])
        return use
    everything = [resources]
    if before is not None:
        # Other middleware has come between: its responses are the new extension's as well.
        everything += before.resources
        before.use([])
    middleware = flask.extensions[EXTENSION] = FlaskMiddleware(flask, everything)
    # A method is called faster than an object that can be called.
    flask.wsgi_app = middleware.__call__
    return use


class FlaskMiddleware(CORSMiddleware):
    """CORS around a Flask application. Decorated views, and Blueprints that have CORS, keep their own policies."""

    def __init__(self, app: Flask, resources: Sequence[Resources]) -> None:
        self.wsgi_app = app.wsgi_app
        self._app = app
        self._seen: tuple[int, ...] = ()
        self._has_own = False
        self.use(resources)

    @property
    def debug(self) -> bool:  # type: ignore[override]
        """Whether the application is in debug mode."""
        return self._app.debug

    def own_decision(self, environ: Environ) -> Decision | Literal[False] | None:
        """What the view that a preflight is for says to it; False where Flask is to answer, None where the view has
        no policy of its own.
        """
        app = self._app
        seen = (len(app.view_functions), len(app.after_request_funcs), len(OWN_POLICIES))
        if seen != self._seen:
            self._has_own = any(hasattr(view, decorator.POLICIES) for view in app.view_functions.values()) or any(
                _has_hook(app, name) for name in app.after_request_funcs if name
            )
            self._seen = seen
        if not self._has_own:
            return None
        try:
            rule = _route(app, environ)
        except Exception:
            return False  # From a converter, perhaps for want of an application context: Flask has one.
        if rule is None:
            return None
        name, _, _ = rule.endpoint.rpartition(".")
        while name:
            if _has_hook(app, name):
                return False
            name, _, _ = name.rpartition(".")
        policies = getattr(app.view_functions.get(rule.endpoint), decorator.POLICIES, None)
        if policies is None:
            return None
        policy, automatic_options = policies.get(app)
        return policy.decide(environ) if policy and automatic_options else False


def _has_hook(app: Flask, blueprint: str) -> bool:
    return any(hasattr(hook, HOOK) for hook in app.after_request_funcs.get(blueprint, ()))


def _route(app: Flask, environ: Environ) -> Rule | None:
    """The rule of the route for a preflight, that of the target where Flask would redirect to it."""
    try:
        adapter: MapAdapter | None = app.create_url_adapter(app.request_class(environ))
        if adapter is None:
            return None
        try:
            return adapter.match(return_rule=True)[0]
        except RequestRedirect as redirect:
            path = urlsplit(redirect.new_url).path
            return adapter.match(path[len(adapter.script_name) - 1 :], return_rule=True)[0]
    except HTTPException:
        return None  # No route: the extension's policy is the only one.
