"""What to change so that a blocked request is allowed."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from .. import _engine
from .._headers import ALLOW_HEADERS, ALLOW_METHODS, ALLOW_ORIGIN
from .._origins.syntax import browser_origin, subdomains_for
from .applied import decorated_views, policy_sources
from .audited import AuditedPolicy
from .browser import REDIRECT_STATUSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask
    from werkzeug.routing import Rule

    from .._engine.decision import Decision
    from .applied import AppliedPolicy
    from .browser import Outcome, Request

_LOCAL = {"localhost", "127.0.0.1", "::1"}
_NO_METHOD_WILDCARD = "methods has no wildcard"


class Remedies:
    """The remedies for the outcome of a request.

    :param app: the application, or None if the server is not known
    :param request: the request
    :param outcome: its outcome
    :param policies: the policies for the path, the strongest first
    :param route: the URL rule of the path, if it has one
    :param failures: the exceptions that left the application
    """

    def __init__(
        self,
        app: Flask | None,
        request: Request,
        outcome: Outcome,
        policies: Sequence[AppliedPolicy],
        route: Rule | None,
        failures: Sequence[str],
    ) -> None:
        self._app, self._request, self._outcome = app, request, outcome
        self._route, self._failures = route, failures
        self._policy = policies[0] if policies else None
        self._options = policies[0].options if policies else None
        self._path = urlsplit(request.url).path
        self._step = outcome.steps[-1] if outcome.steps else None

    def find(self) -> tuple[str, ...]:
        """Return the remedies, the most urgent first."""
        by_error: dict[str, Callable[[], str]] = {
            "AllowOriginMismatch": self._mismatch,
            "DisallowedRedirect": self._redirect,
            "ForbiddenMethod": lambda: "Use another method: browsers do not let scripts send this one.",
            "InvalidMethod": lambda: "Use a method without spaces and separators: fetch() sends nothing.",
            "InvalidHeader": lambda: "Correct the header in the script: fetch() sends nothing.",
            "InvalidRedirect": lambda: "Redirect to a URL with a valid host and port.",
            "UnsafeRedirect": lambda: "Redirect to a URL that begins with http:// or https://.",
            "HeaderDisallowedByPreflightResponse": self._header,
            "InvalidAllowCredentials": self._credentials,
            "InvalidAllowHeadersPreflightResponse": lambda: self._set_by_other_code(ALLOW_HEADERS),
            "InvalidAllowMethodsPreflightResponse": lambda: self._set_by_other_code(ALLOW_METHODS),
            "InvalidAllowOriginValue": lambda: self._set_by_other_code(ALLOW_ORIGIN),
            "InvalidStatus": self._status,
            "MethodDisallowedByPreflightResponse": self._method,
            "MissingAllowOriginHeader": self._missing,
            "MultipleAllowOriginValues": self._multiple,
            "NotFollowed": lambda: "Check the server that the redirect leads to, with --url.",
            "RedirectContainsCredentials": lambda: "Redirect to a URL without a user name and a password.",
            "TooManyRedirects": lambda: "Fix the redirects: they form a loop.",
            "WildcardOriginNotAllowed": self._wildcard,
        }
        error = self._outcome.error
        if error is None:
            return self._hidden()
        found: list[str] = []
        status = self._step.response.status if self._step else 0
        if self._failures:
            found.append(
                f"The application raised {self._failures[-1]}, so the server responds with status 500: fix that first."
            )
        elif status >= 500:
            found.append(f"The application responds with status {status}: look at its log, and fix that first.")
        found.append(by_error[error.removeprefix("Preflight")]())
        return tuple(dict.fromkeys(found))

    def _decide(self) -> Decision | None:
        """Return what the policy decides about the last request."""
        if self._options is None or self._step is None:
            return None
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self._step.headers}
        return _engine.engine.Policy(self._options).decide({"REQUEST_METHOD": self._step.method, **environ})

    def _hidden(self) -> tuple[str, ...]:
        hidden = list(self._outcome.hidden)
        if not hidden:
            return ()
        if self._options is not None and "*" in (self._options.expose_headers or ""):
            return (f"With credentials, '*' exposes nothing: write expose_headers={hidden!r}.",)
        return (f"To let scripts read {', '.join(hidden)}, set expose_headers={hidden!r}.",)

    @staticmethod
    def _set_by_other_code(name: str) -> str:
        return f"Code other than CORS sets {name}: remove it, and let CORS set the header."

    @staticmethod
    def _mismatch() -> str:
        return (
            "The header is for another origin. If it is set by hand, remove it; if it comes from a cache, set"
            ' vary_header="always".'
        )

    @staticmethod
    def _multiple() -> str:
        return (
            "Access-Control-Allow-Origin is added twice: keep CORS, and remove the header that an after_request"
            " function, a view or a proxy adds."
        )

    def _credentials(self) -> str:
        if "," in self._outcome.parameter:
            return (
                "Access-Control-Allow-Credentials is added twice: keep CORS, and remove the header that other code or a"
                " proxy adds."
            )
        return "Set supports_credentials=True, and list the allowed origins; or call fetch() without credentials."

    def _wildcard(self) -> str:
        if self._options is not None and self._options.any_origin and self._options.send_wildcard:
            return "List the allowed origins, set supports_credentials=True and leave send_wildcard off."
        return (
            "Code other than CORS, or a proxy, sets the header to '*': remove it, list the allowed origins and set"
            " supports_credentials=True."
        )

    def _missing(self) -> str:
        if self._app is None or self._step is None:
            return "Allow this origin for this path in the policy of the server."
        if self._step.response.status in REDIRECT_STATUSES:
            target = self._step.response.get("Location")
            return (
                f"The redirect to {target} has no CORS headers: request that URL directly, or let CORS(app) cover both"
                " paths."
            )
        decision = self._decide()
        if self._policy is None or decision is None:
            return self._no_policy(self._app)
        if decision.reason == "origin not allowed":
            return self._similar_origin()
        if decision.allowed and self._policy.pattern is None:
            if self._step.name == "preflight":
                return (
                    "The decorator does not answer OPTIONS here: leave automatic_options on, and decorate every view"
                    " that has this path."
                )
            return (
                "The decorator does not cover the response of an error handler: set intercept_exceptions=True on it, or"
                " use CORS(app)."
            )
        return (
            "The response does not come from this policy, or its headers are removed: look at the server, at proxies"
            " and at error handlers."
        )

    def _no_policy(self, app: Flask) -> str:
        if self._route is None and self._step is not None and self._step.response.status == 404:
            return f"No route has the path {self._path}: correct the path."
        path = self._route.rule if self._route is not None else self._path
        for endpoint, _ in decorated_views(app):
            if any(rule.rule == path for rule in app.url_map.iter_rules(endpoint)):
                return (
                    f"{endpoint} is decorated, but another view handles this path and method: decorate that one too,"
                    " or use CORS(app)."
                )
        patterns = [f"{pattern} of {source.name}" for source in policy_sources(app) for pattern, _ in source.resources]
        if patterns:
            return (
                f"No resource matches {self._path}. The resources are {', '.join(patterns[:5])}. Patterns are compared"
                " with the whole path, prefix and case included, and a string without * matches only that path. Add a"
                " resource for this path, or use CORS on its Blueprint."
            )
        return "No policy applies to this path: use CORS(app), or put @cross_origin on the view, below @app.route."

    def _similar_origin(self) -> str:
        """Return what to write for the origin of the page, given the origins that are allowed."""
        origin = self._request.origin
        literals = [other for other in (self._options.origins if self._options else ()) if isinstance(other, str)]
        for glob in AuditedPolicy(self._options, "").globs if self._options else ():
            host = glob.rpartition("*.")[2]
            if origin.endswith(f".{host}") and (call := subdomains_for(f"{origin.partition('://')[0]}://*.{host}")):
                return f"{glob!r} is a regular expression, in which * repeats the character before it: write {call}."
        if origin == "null":
            return "The page has no origin: serve it over HTTP, not from a file and not in a sandboxed frame."
        for literal in literals:
            if browser_origin(literal) == origin or literal.rstrip("/") == origin:
                return f"origins contains {literal!r}: write {origin!r}, as browsers send it."
            if origin in [part.strip() for part in literal.replace(";", ",").split(",")]:
                return f"origins contains the string {literal!r}: give a list, because a string is one origin."
        for literal in literals:
            difference = _difference(literal, origin)
            if difference:
                return f"The allowed origin {literal!r} has {difference}: add {origin!r}."
        hint = "" if literals else " If a regular expression should match it, try Subdomains or Regex instead."
        return f"To allow this page, add {origin!r} to the origins of {self._policy}.{hint}"

    def _status(self) -> str:
        status = self._step.response.status if self._step else 0
        if status in {401, 403}:
            return (
                "Browsers send preflights without credentials: let before_request functions skip OPTIONS, or answer"
                " preflights before these functions run, with CORS(app, middleware=True)."
            )
        if status == 404:
            return f"No route has the path {self._path}: correct the path."
        if status == 405:
            return (
                "The route does not accept OPTIONS: leave provide_automatic_options on, or add OPTIONS to its methods."
            )
        if status >= 500:
            return (
                "Let the code that fails skip OPTIONS requests, which have no credentials and no body, or use"
                " CORS(app, middleware=True)."
            )
        return "Respond to OPTIONS with a status from 200 to 299."

    def _redirect(self) -> str:
        target = (self._step.response.get("Location") if self._step else None) or ""
        path = urlsplit(target).path
        if path == f"{self._path}/":
            return f"Request {path} directly, set strict_slashes=False on the route, or use CORS(app, middleware=True)."
        if target.startswith("https:") and self._request.url.startswith("http:"):
            return "Request the https URL directly, or do not redirect OPTIONS."
        return f"Do not redirect OPTIONS to {target}. Respond to scripts with status 401 instead of a redirect."

    def _method(self) -> str:
        method = self._outcome.parameter
        if method != method.upper():
            return f"Write method: {method.upper()!r} in the script: fetch() does not change the case of this method."
        if self._options is not None and "*" in self._options.methods:
            return f"{_NO_METHOD_WILDCARD}: leave it out, or list {method!r}."
        return f"Add {method!r} to methods."

    def _header(self) -> str:
        name = self._outcome.parameter
        decision = self._decide()
        if decision is not None and decision.reason == "method not allowed":
            if self._options is not None and "*" in self._options.methods:
                return f"{_NO_METHOD_WILDCARD}, and headers are allowed only with an allowed method: leave methods out."
            method = self._request.method.upper()
            return f"Add {method!r} to methods: headers are allowed only with an allowed method."
        if name.startswith("access-control-"):
            return f"Do not set {name} in the script: it is a response header."
        return f"Add {name!r} to allow_headers, as an item of a list."


def _difference(literal: str, origin: str) -> str:
    """Return what an allowed origin has that differs from the origin of a page, or an empty string if all differs."""
    has_scheme = "://" in literal
    try:
        allowed, page = urlsplit(literal if has_scheme else f"//{literal}"), urlsplit(origin)
        if allowed.hostname == page.hostname and allowed.scheme != page.scheme:
            return "a different scheme" if has_scheme else "no scheme"
        if allowed.hostname == page.hostname and allowed.port != page.port:
            return "a different port"
    except ValueError:
        return ""
    if {allowed.hostname, page.hostname} <= _LOCAL:
        return "a different host (localhost and its address are not the same)"
    return ""
