"""What to change, so that a blocked request gets through."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from . import _backend
from .fetch import REDIRECTS
from .origins import browser_origin
from .policies import decorated, sources

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flask import Flask
    from werkzeug.routing import Rule

    from .decision import Decision
    from .fetch import Outcome, Request
    from .policies import Governing

_LOCAL = {"localhost", "127.0.0.1", "::1"}


class Advice:
    """What can be said of an outcome, given the application that it is of, if that is known."""

    def __init__(
        self,
        app: Flask | None,
        request: Request,
        outcome: Outcome,
        policies: Sequence[Governing],
        route: Rule | None,
        failures: Sequence[str],
    ) -> None:
        self._app, self._request, self._outcome = app, request, outcome
        self._route, self._failures = route, failures
        self._policy = policies[0] if policies else None
        self._options = policies[0].options if policies else None
        self._path = urlsplit(request.url).path
        self._step = outcome.steps[-1] if outcome.steps else None

    def give(self) -> list[str]:
        """The advice, the most urgent first."""
        by_error: dict[str, Callable[[], str]] = {
            "AllowOriginMismatch": self._mismatch,
            "DisallowedRedirect": self._redirect,
            "ForbiddenMethod": lambda: "Use another method: browsers do not let scripts send this one.",
            "HeaderDisallowedByPreflightResponse": self._header,
            "InvalidAllowCredentials": self._credentials,
            "InvalidAllowHeadersPreflightResponse": lambda: self._by_hand("Access-Control-Allow-Headers"),
            "InvalidAllowMethodsPreflightResponse": lambda: self._by_hand("Access-Control-Allow-Methods"),
            "InvalidAllowOriginValue": lambda: self._by_hand("Access-Control-Allow-Origin"),
            "InvalidStatus": self._status,
            "MethodDisallowedByPreflightResponse": self._method,
            "MissingAllowOriginHeader": self._missing,
            "MultipleAllowOriginValues": self._multiple,
            "NotFollowed": lambda: "Check the server that it leads to, with --url.",
            "RedirectContainsCredentials": lambda: "Redirect to a URL without a user and a password.",
            "TooManyRedirects": lambda: "Mend the redirects: they lead in a circle.",
            "WildcardOriginNotAllowed": self._wildcard,
        }
        error = self._outcome.error
        if error is None:
            return self._hidden()
        found: list[str] = []
        status = self._step.response.status if self._step else 0
        if self._failures:
            found.append(f"The application raised {self._failures[-1]}, and the server answers 500: mend that first.")
        elif status >= 500:
            found.append(f"The application answers {status}: look into its log, and mend that first.")
        key = error.removeprefix("Preflight")
        return [*found, by_error[key]()]

    def _decide(self) -> Decision | None:
        """What the policy says to the last request."""
        if self._options is None or self._step is None:
            return None
        environ = {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in self._step.headers}
        return _backend.engine.Policy(self._options).decide({"REQUEST_METHOD": self._step.method, **environ})

    def _hidden(self) -> list[str]:
        hidden = list(self._outcome.hidden)
        if not hidden:
            return []
        if self._options is not None and "*" in (self._options.expose_headers or ""):
            return [f"With credentials '*' exposes nothing: write expose_headers={hidden!r}."]
        return [f"If scripts are to read {', '.join(hidden)}: expose_headers={hidden!r}."]

    @staticmethod
    def _by_hand(name: str) -> str:
        return f"Something other than CORS sends {name}, by hand: remove it, and let CORS answer."

    @staticmethod
    def _mismatch() -> str:
        return (
            "The answer is for another origin, set by hand or kept by a cache: remove the header; for caches, set"
            ' vary_header="always".'
        )

    @staticmethod
    def _multiple() -> str:
        return (
            "Two places send Access-Control-Allow-Origin: keep CORS, and remove the header that an after_request"
            " function, a view or a proxy adds."
        )

    @staticmethod
    def _credentials() -> str:
        return "Set supports_credentials=True, and name the origins; or fetch without credentials."

    def _wildcard(self) -> str:
        if self._options is not None and self._options.any_origin and self._options.send_wildcard:
            return "Name the origins, set supports_credentials=True and leave send_wildcard off."
        return (
            "Something other than CORS sends '*', by hand or from a proxy: remove it, name the origins and set"
            " supports_credentials=True."
        )

    def _missing(self) -> str:
        if self._app is None or self._step is None:
            return "Let the server's policy allow this origin on this path."
        if self._step.response.status in REDIRECTS:
            target = self._step.response.get("Location")
            return f"The redirect to {target} has no CORS headers: call that URL itself, or let CORS(app) cover both."
        decision = self._decide()
        if self._policy is None or decision is None:
            return self._no_rule(self._app)
        if decision.reason == "origin not allowed":
            return self._near_origin()
        if decision.allowed and self._policy.pattern is None:
            if self._step.name == "preflight":
                return (
                    "The decorator does not answer OPTIONS here: leave automatic_options on, and decorate every view"
                    " that has this path."
                )
            return "An error loses the decorator's policy: give it intercept_exceptions=True, or use CORS(app)."
        return "What answers is not under this policy, or takes its headers away: a server, a proxy, an error handler."

    def _no_rule(self, app: Flask) -> str:
        if self._route is None and self._step is not None and self._step.response.status == 404:
            return f"No route has the path {self._path}: correct it."
        mine = self._route.rule if self._route is not None else self._path
        for endpoint, _ in decorated(app):
            if any(rule.rule == mine for rule in app.url_map.iter_rules(endpoint)):
                return (
                    f"Another view than {endpoint} answers for this path and method: decorate it too, or use CORS(app)."
                )
        patterns = [f"{pattern} of {source.name}" for source in sources(app) for pattern, _ in source.resources]
        if patterns:
            return (
                f"No rule matches {self._path}; there is {', '.join(patterns[:5])}. Patterns are compared with the"
                " whole path, prefix and case included, and a text without * matches only itself."
            )
        return "Nothing allows this path: use CORS(app), or put @cross_origin on the view, below @app.route."

    def _near_origin(self) -> str:
        """What to write for an origin, seen what is written."""
        origin = self._request.origin
        literals = [other for other in (self._options.origins if self._options else ()) if isinstance(other, str)]
        if origin == "null":
            return "The page has no origin: serve it over HTTP, not from a file or in a sandboxed frame."
        mine = urlsplit(origin)
        for literal in literals:
            if browser_origin(literal) == origin or literal.rstrip("/") == origin:
                return f"origins has {literal!r}: write {origin!r}, as browsers send it."
            if origin in [part.strip() for part in literal.replace(";", ",").split(",")]:
                return f"origins has the text {literal!r}: give a list, as a text is one origin."
        for literal in literals:
            try:
                other = urlsplit(literal if "://" in literal else f"//{literal}")
                if other.hostname == mine.hostname and other.scheme != mine.scheme:
                    return f"origins has {literal!r}, of another scheme or none: add {origin!r}."
                if other.hostname == mine.hostname and other.port != mine.port:
                    return f"origins has {literal!r}, of another port: add {origin!r}."
            except ValueError:
                continue
            if {other.hostname, mine.hostname} <= _LOCAL:
                return f"origins has {literal!r}; localhost is another host than its address: add {origin!r}."
        policy = self._policy
        also = "" if literals else " Its regular expressions do not match it: Subdomains and Regex may say it better."
        return f"If this page is to have access, add {origin!r} to the origins of {policy}.{also}"

    def _status(self) -> str:
        status = self._step.response.status if self._step else 0
        if status in {401, 403}:
            return (
                "Browsers send preflights without credentials: let before_request functions pass OPTIONS, or answer"
                " preflights before they run, with CORS(app, middleware=True)."
            )
        if status == 404:
            return f"No route has the path {self._path}: correct it."
        if status == 405:
            return "The route does not take OPTIONS: leave provide_automatic_options on, or add OPTIONS to its methods."
        if status >= 500:
            return "Let what fails pass OPTIONS, which has no credentials and no body; or use middleware=True."
        return "Answer OPTIONS with a status from 200 to 299."

    def _redirect(self) -> str:
        target = (self._step.response.get("Location") if self._step else None) or ""
        path = urlsplit(target).path
        if path == f"{self._path}/":
            return f"Call {path} itself; or set strict_slashes=False on the route, or use CORS(app, middleware=True)."
        if target.startswith("https:") and self._request.url.startswith("http:"):
            return "Call the https URL itself, or let the redirect pass OPTIONS."
        return f"Let OPTIONS pass what redirects to {target}; answer scripts with 401, not with a redirect."

    def _method(self) -> str:
        method = self._outcome.parameter
        if method != method.upper():
            return f"Write method: {method.upper()!r} in the script: fetch() leaves the case of this method as it is."
        if self._options is not None and "*" in self._options.methods:
            return f"methods has no wildcard: leave it out, or list {method!r}."
        return f"Add {method!r} to methods."

    def _header(self) -> str:
        name = self._outcome.parameter
        decision = self._decide()
        if decision is not None and decision.reason == "method not allowed":
            if self._options is not None and "*" in self._options.methods:
                return "methods has no wildcard, and for a method that is not allowed no header is: leave methods out."
            return f"Add {self._request.method.upper()!r} to methods: for a method that is not allowed no header is."
        if name.startswith("access-control-"):
            return f"Let the script not set {name}: it is a header of responses."
        return f"Add {name!r} to allow_headers, as an item of a list."
