"""The middleware around a Flask application, which knows the policies of its views."""

from __future__ import annotations

from sys import modules
from typing import TYPE_CHECKING, Any

from flask import Flask

# Not only for type checkers: otherwise the engine would import it at the first preflight for a decorated view.
from .._engine.decision import Decision  # noqa: TC001
from .._engine.path import decoded
from .._evaluation import note_evaluation, note_outer_evaluation, note_request
from .._headers import ENVIRON_REQUEST_METHOD, has_allow_origin, is_preflight
from .._plan import APPLICATION_DECIDES, VIEWS_HAVE_CHANGED, Plan
from .._process_state import decorations, forget_plans, import_lock
from ..middleware import CORSMiddleware
from .context import CONTEXT
from .hook import resources_of
from .response import EVALUATED as RESPONSE_EVALUATED
from .routing import Match, is_redirect, match, redirect_target
from .state import state_of
from .view_policies import (
    blueprint_has_policy,
    has_decorated_error_handlers,
    has_view_policies,
    hooks_of,
    is_decorated_by_flask_cors,
    policies_of,
    view_answers_options,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal

    from flask import Blueprint, Response

    from .._engine.contract import Environ, HeaderList
    from .._observation import Observer
    from .._options.resources import Resources
    from .._plan import Preflight, PreflightResult
    from ..report_only import Report
    from .hook import Registration
    from .view_policies import ViewPolicies


def add_middleware(app: Flask | Blueprint, registration: Registration) -> None:
    """Wrap ``app.wsgi_app``.

    Extensions of one application share a middleware. The one registered last is asked first, as Flask does with
    ``after_request`` functions.

    :raises ValueError: ``app`` is a Blueprint
    """
    flask: Any = app
    if not hasattr(flask, "wsgi_app"):
        raise ValueError(
            f"middleware=True cannot be used with {app!r}, which is not an application: leave it out, or pass it to the"
            " CORS of the application, with resources for these paths"
        )
    state = state_of(flask)

    def forget_plan() -> None:
        # An extension registered later can have made a new middleware and moved the rules to it.
        middleware = state.middleware
        if middleware is not None:
            middleware.forget_plan()

    registration.forget_plans.append(forget_plan)
    before = state.middleware
    if before is not None and before.__call__ == flask.wsgi_app:
        before.replace_registrations((registration, *before.registrations))
        return
    registrations: tuple[Registration, ...] = (registration,)
    if before is not None:
        # Another middleware has been added around ours. Its responses are the new extension's as well.
        registrations += before.registrations
        before.replace_registrations(())
    state.middleware = FlaskMiddleware(flask, registrations)
    # Calling a bound method is faster than calling an object.
    flask.wsgi_app = state.middleware.__call__


class FlaskMiddleware(CORSMiddleware):
    """CORS around a Flask application, in which decorated views and Blueprints with CORS keep their own policies."""

    _app: Flask

    def __init__(self, app: Flask, registrations: tuple[Registration, ...]) -> None:
        self._app = app
        self.registrations = registrations
        self._set_up(app.wsgi_app)
        is_first = not decorations.middlewares
        decorations.middlewares += 1
        if is_first:
            # From now on, the hooks of mounted applications must note what they decide.
            forget_plans()
        else:
            decorations.count += 1
        flask: Any = app
        add = flask.url_map.add

        def add_rules(*args: Any, **kwargs: Any) -> None:
            add(*args, **kwargs)
            # The new rules can redirect to a path with another policy.
            self.forget_plan()

        flask.url_map.add = add_rules
        if not _is_direct(self.wsgi_app, app):
            _note_requests(flask)

    @property
    def resources(self) -> tuple[Resources, ...]:
        """The sets of rules, in the order in which they are asked."""
        return tuple([registration.resources for registration in self.registrations])

    def replace_registrations(self, registrations: tuple[Registration, ...]) -> None:
        """Replace the registrations whose rules are applied, in the order in which they are asked."""
        self.registrations = registrations
        self.forget_plan()

    @property
    def debug(self) -> bool:  # type: ignore[override]
        """Whether the application is in debug mode."""
        return self._app.debug

    def _make_plan(self, resources: tuple[Resources, ...]) -> Plan:
        is_direct = _is_direct(self.wsgi_app, self._app)
        observer = self._observer() if self._is_observed(resources) else None
        return FlaskPlan(resources, observer, self._app, is_direct=is_direct)

    def _observer(self) -> Observer:
        with import_lock.current:
            from .observer import observer_of

        return observer_of(self._app)

    def report(self) -> Report:
        """Return what the report-only policies of the application would change."""
        return state_of(self._app).report()


def _note_marked_responses(app: Flask) -> None:
    """Let responses be noted that are marked as decided about, such as one that a cache has kept."""
    functions: list[Any] = app.after_request_funcs.setdefault(None, [])
    if _note_marked not in functions:
        functions.append(_note_marked)


def _note_marked(response: Response) -> Response:
    if hasattr(response, RESPONSE_EVALUATED):
        note_evaluation(CONTEXT.get().request.environ)
    return response


def _note_requests(app: Any) -> None:
    """Let an application note which request reaches it. A middleware in between can have changed the path."""
    dispatch = app.full_dispatch_request

    def full_dispatch_request(*args: Any, **kwargs: Any) -> Any:
        noted = note_request(CONTEXT.get().request.environ, app)
        try:
            return dispatch(*args, **kwargs)
        finally:
            for evaluation in noted:
                evaluation.is_handled = False

    app.full_dispatch_request = full_dispatch_request


def _is_direct(wsgi_app: object, app: Flask) -> bool:
    """Whether a WSGI application is that of a Flask application itself, without another middleware in between."""
    is_own = getattr(wsgi_app, "__self__", None) is app and getattr(wsgi_app, "__func__", None) is Flask.wsgi_app
    # A subclass can do there what middleware does.
    return is_own and type(app).request_context is Flask.request_context


class FlaskPlan(Plan):
    """What the middleware around a Flask application does with requests.

    A browser does not follow the redirect of a preflight, and checks the CORS headers of any other redirect before it
    follows that. So where the routing redirects to a path with another policy, that policy decides about the preflight
    and about the redirect.
    """

    __slots__ = (
        "_app",
        "_apply_by_rules",
        "_error_handlers_decide",
        "_has_view_policies",
        "_hooks",
        "_preflight_by_rules",
        "_preflight_of_known_views",
        "_preflight_without_hooks",
        "_preflight_without_view",
        "_redirects",
        "_views",
    )

    def __init__(
        self, resources: tuple[Resources, ...], observer: Observer | None, app: Flask, *, is_direct: bool
    ) -> None:
        super().__init__(resources, observer)
        self._app = app
        self._views = [*app.view_functions.values()]
        self._has_view_policies = has_view_policies(app)
        self._error_handlers_decide = has_decorated_error_handlers(app)
        self._redirects = _redirect_targets(app)
        self._preflight_by_rules, self._apply_by_rules = self.preflight_by_rules(), self.apply
        rules_differ = not all(own.rules.first_matches_all for own in resources)
        self._preflight_of_known_views: Preflight = self.preflight
        self._preflight_without_view: Preflight = self.preflight
        if self._has_view_policies or (rules_differ and self._redirects):
            self._preflight_of_known_views, self.apply = self._preflight_by_view, self._apply_by_target
        elif rules_differ:
            self._preflight_of_known_views, self.apply = self._preflight_without_redirects, self._apply_by_target
        path_can_change = rules_differ and not is_direct
        responses_are_marked = self._has_view_policies or "flask_cors_rs.core" in modules
        if responses_are_marked:
            _note_marked_responses(app)
        self.needs_evaluation = path_can_change or responses_are_marked
        if path_can_change or (decorations.count and not is_direct):
            # What is in between can lead a request to any view, and to another application.
            self.preflight = self._preflight_by_application
        elif rules_differ or decorations.count or self._has_view_policies:
            # A view that is added later matters if it can have a policy of its own, or makes the routing redirect.
            self.preflight = self._preflight_unless_views_changed
        self._preflight_without_hooks: Preflight = self.preflight
        self._hooks = hooks_of(app, None)
        if self._hooks:
            self.preflight = self._preflight_unless_a_hook_decides

    def _preflight_unless_a_hook_decides(self, environ: Environ, headers: HeaderList) -> PreflightResult:
        """Decide about a preflight where an extension without the middleware may decide first."""
        path = decoded(environ.get("PATH_INFO"))
        for hook in self._hooks:
            resources = resources_of(hook)
            # The rules of Flask-CORS are not known.
            if resources is None or resources.rules.match(path) is not None:
                return APPLICATION_DECIDES
        return self._preflight_without_hooks(environ, headers)

    def _preflight_by_application(self, environ: Environ, headers: HeaderList) -> PreflightResult:
        return APPLICATION_DECIDES

    def _preflight_unless_views_changed(self, environ: Environ, headers: HeaderList) -> PreflightResult:
        views = self._app.view_functions
        if len(views) != len(self._views):
            return VIEWS_HAVE_CHANGED
        if decorations.count:
            if [*views.values()] != self._views:
                return VIEWS_HAVE_CHANGED
            note_outer_evaluation(environ, self._app)
        return self._preflight_of_known_views(environ, headers)

    def _preflight_without_redirects(self, environ: Environ, headers: HeaderList) -> PreflightResult:
        """Decide about a preflight where the routing redirects nothing but paths with two slashes in a row."""
        if "//" in (environ.get("PATH_INFO") or ""):
            return self._preflight_by_view(environ, headers)
        return self._preflight_without_view(environ, headers)

    def _preflight_by_view(self, environ: Environ, headers: HeaderList) -> PreflightResult:
        """Decide about a preflight by the policy of its view, or else by the rules."""
        if not is_preflight(environ):
            return "not a preflight"
        try:
            rule, target = self._match(environ)
        except Exception:
            # A URL converter failed, perhaps because it needs the context of a request. Flask provides it.
            if self._has_view_policies:
                return APPLICATION_DECIDES
            return self._preflight_without_view(environ, headers)
        if rule is None and (self._error_handlers_decide or self._view_takes_no_options(environ)):
            return APPLICATION_DECIDES
        reason = self._preflight_by_rules(environ, headers, target)
        if rule is None or (reason == "no rule for this path" and target is None):
            return self.observe_preflight(environ, headers, reason, target)
        if blueprint_has_policy(self._app, rule.endpoint):
            return APPLICATION_DECIDES
        view = self._app.view_functions.get(rule.endpoint)
        policies = policies_of(view)
        if policies is None:
            if (decorations.count and view_answers_options(rule)) or is_decorated_by_flask_cors(view):
                return APPLICATION_DECIDES
            return self.observe_preflight(environ, headers, reason, target)
        policy, automatic_options = policies.get(self._app, environ, in_view=False)
        if policy is None or not automatic_options:
            return APPLICATION_DECIDES
        decision = policy.decide(environ)
        headers[:] = decision.headers
        observe: Callable[[Environ, Decision], None] | None = getattr(policy, "observe", None)
        if observe is not None:
            observe(environ, decision)
        return decision.reason

    def _view_takes_no_options(self, environ: Environ) -> bool:
        """Whether a view that may have a policy of its own handles the request, but no OPTIONS."""
        if not self._has_view_policies:
            return False
        try:
            rule, _ = match(self._app, environ, environ[ENVIRON_REQUEST_METHOD])
        except Exception:
            return True
        if rule is None:
            return False
        view = self._app.view_functions.get(rule.endpoint)
        # The methods of a class can be decorated.
        is_class = hasattr(view, "view_class") and bool(decorations.count)
        return (
            is_class
            or policies_of(view) is not None
            or is_decorated_by_flask_cors(view)
            or blueprint_has_policy(self._app, rule.endpoint)
        )

    def _match(self, environ: Environ) -> Match:
        """Find the route of a preflight, unless the decision cannot depend on it."""
        path = decoded(environ.get("PATH_INFO"))
        if (
            self._has_view_policies
            or self._redirects == "anywhere"
            or "//" in path
            # Nearly all redirects append a slash.
            or (self._redirects == "slash" and any(own.rule_differs(path, f"{path}/") for own in self.resources))
        ):
            return match(self._app, environ)
        return Match(None, None)

    def _apply_by_target(self, environ: Environ, path_info: str, headers: HeaderList) -> None:
        """Add headers by the rules, and to a redirect of the routing by the policy for its target."""
        redirect = None
        if (self._redirects or "//" in path_info) and not self._is_from_another_application():
            redirect = getattr(environ.get("werkzeug.request"), "routing_exception", None)
        if is_redirect(redirect, headers):
            path_info = redirect_target(redirect, environ)
            policies = self._view_policies(environ)
            if policies is not None and not has_allow_origin(headers):
                policy, _ = policies.get(self._app, environ)
                if policy is not None:
                    policy.apply(environ, headers)
                return
        self._apply_by_rules(environ, path_info, headers)

    def _is_from_another_application(self) -> bool:
        """Whether a response is that of an application that is mounted in this one."""
        try:
            return CONTEXT.get().app is not self._app
        except LookupError:  # What is in between starts the response later.
            return False

    def _view_policies(self, environ: Environ) -> ViewPolicies | None:
        """Return the policies of the view that a request or its redirect leads to, or None if it has none."""
        if not self._has_view_policies:
            return None
        try:
            rule, _ = match(self._app, environ)
        except Exception:
            return None
        return None if rule is None else policies_of(self._app.view_functions.get(rule.endpoint))

    def log_preflight(self, environ: Environ) -> None:
        """Log what the policy of the view, or else the rules for the path, decide about a preflight."""
        policies = self._view_policies(environ)
        policy = None if policies is None else policies.get(self._app, environ, in_view=False)[0]
        if policy is None:
            super().log_preflight(environ)
        else:
            with import_lock.current:
                from .._decision_log import log_decision

            log_decision(policy.decide(environ), environ)


def _redirect_targets(app: Flask) -> Literal["", "slash", "anywhere"]:
    """Return where the routing of an application can redirect to: nowhere, to the path with a slash, or anywhere."""
    rules = list(app.url_map.iter_rules())
    if any(rule.redirect_to or rule.alias or rule.defaults for rule in rules):
        return "anywhere"
    if any(rule.rule.endswith("/") and rule.rule != "/" and rule.strict_slashes for rule in rules):
        return "slash"
    return ""
