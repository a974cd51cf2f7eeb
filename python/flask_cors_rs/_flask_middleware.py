"""The middleware around a Flask application, which knows the policies of its views."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import unquote_to_bytes, urlsplit

from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect

from . import decorator
from ._path import decoded
from ._response import HOOK
from .middleware import OWN_POLICIES, CORSMiddleware

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Blueprint, Flask
    from werkzeug.routing import MapAdapter, Rule

    from ._backend import Environ, HeaderList, Policy
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
        self._redirects: Literal["", "slash", "anywhere"] = ""
        self.use(resources)

    def use(self, resources: Sequence[Resources]) -> None:
        """Replace the rules."""
        super().use(resources)
        self._ask, self._add = self._preflight, super()._plain_apply()
        self._follows = False
        if self._has_own or not all(rules.are_one for rules in resources):
            self._follow_redirects()

    def _follow_redirects(self) -> None:
        """Ask for targets from now on: redirects may lead from the paths of one policy to those of another."""
        self._follows = True
        self._preflight, self.apply = self._preflight_for_target, self._apply_first

    def _plain_apply(self) -> Callable[[Environ, str, HeaderList], None]:
        self._look(self._app)
        return self._apply_for_target if self._follows else super()._plain_apply()

    def _preflight_for_target(self, environ: Environ, headers: HeaderList) -> str | None:
        """Answer a preflight for the path to which Flask would redirect it: browsers follow no such redirect."""
        self._look(self._app)
        if not self._redirects and not self._has_own and "//" not in environ.get("PATH_INFO", ""):
            return self._ask(environ, headers)
        if not environ.get("HTTP_ORIGIN") or not environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD"):
            return None
        path = decoded(environ.get("PATH_INFO", ""))
        target = None
        # Most redirects add a slash. Where that leads to no other rule, the route need not be found.
        if (
            self._redirects == "anywhere"
            or "//" in path
            or any(own.leads_elsewhere(path, f"{path}/") for own in self.resources)
        ):
            target = self._target(environ)
        reason = self._ask(environ if target is None else {**environ, "PATH_INFO": target}, headers)
        if reason is None and self._has_own and (target or self._target(environ)) is not None:
            own = self.own_decision(environ)
            return own.reason if own else None
        return reason

    def _apply_for_target(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        """Add the headers of the target to a redirect by the routing, which would else end the browser's way."""
        exception = None
        if self._redirects or "//" in path_info:
            exception = getattr(environ.get("werkzeug.request"), "routing_exception", None)
        if isinstance(exception, RequestRedirect):
            path_info = _path_info(exception, environ.get("SCRIPT_NAME", ""))
            own = self._own_policy(environ) if OWN_POLICIES else None
            if own and not any(name.lower() == "access-control-allow-origin" for name, _ in headers):
                if own[0] is not None:
                    own[0].apply(environ, headers)
                return
        self._add(environ, path_info, headers)

    def _target(self, environ: Environ) -> str | None:
        """The path to which Flask would redirect a request."""
        try:
            adapter = self._app.create_url_adapter(self._app.request_class(environ, populate_request=False))
            if adapter is not None:
                adapter.match()
        except RequestRedirect as redirect:
            return _path_info(redirect, environ.get("SCRIPT_NAME", ""))
        except Exception:
            return None  # No route, or a converter that needs Flask's context.
        return None

    @property
    def debug(self) -> bool:  # type: ignore[override]
        """Whether the application is in debug mode."""
        return self._app.debug

    def own_decision(self, environ: Environ) -> Decision | Literal[False] | None:
        """What the view that a preflight is for says to it; False where Flask is to answer, None where the view has
        no policy of its own.
        """
        own = self._own_policy(environ)
        if not own:
            return own
        policy, automatic_options = own
        return policy.decide(environ) if policy and automatic_options else False

    def _own_policy(self, environ: Environ) -> tuple[Policy | None, bool] | Literal[False] | None:
        """The policy of the view that a request is for, and whether it answers OPTIONS in place of the view."""
        app = self._app
        self._look(app)
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
        own: tuple[Policy | None, bool] = policies.get(app)
        return own

    def _look(self, app: Flask) -> None:
        """Look at the views and routes again where there are new ones."""
        seen = (len(app.view_functions), len(app.after_request_funcs), len(OWN_POLICIES))
        if seen != self._seen:
            self._has_own = any(hasattr(view, decorator.POLICIES) for view in app.view_functions.values()) or any(
                _has_hook(app, name) for name in app.after_request_funcs if name
            )
            rules = list(app.url_map.iter_rules())
            if any(rule.redirect_to or rule.alias or rule.defaults for rule in rules):
                self._redirects = "anywhere"
            elif any(rule.rule.endswith("/") and rule.rule != "/" and rule.strict_slashes for rule in rules):
                self._redirects = "slash"
            self._seen = seen
            if self._has_own:
                self._follow_redirects()


def _has_hook(app: Flask, blueprint: str) -> bool:
    return any(hasattr(hook, HOOK) for hook in app.after_request_funcs.get(blueprint, ()))


def _route(app: Flask, environ: Environ) -> Rule | None:
    """The rule of the route for a preflight, that of the target where Flask would redirect to it."""
    try:
        adapter: MapAdapter | None = app.create_url_adapter(app.request_class(environ, populate_request=False))
        if adapter is None:
            return None
        try:
            return adapter.match(return_rule=True)[0]
        except RequestRedirect as redirect:
            return adapter.match(decoded(_path_info(redirect, adapter.script_name)), return_rule=True)[0]
    except HTTPException:
        return None  # No route: the extension's policy is the only one.


def _path_info(redirect: RequestRedirect, script_name: str) -> str:
    """The path of a redirect's target as a server would give it, PATH_INFO."""
    path = unquote_to_bytes(urlsplit(redirect.new_url).path).decode("latin-1")
    return path[len(script_name.rstrip("/")) :]
