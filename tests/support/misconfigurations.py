"""Misconfigurations from real questions about CORS and Flask: small applications, and a request of a page to each.

The tests, the browser in `make e2e` and the table in docs/misconfigurations.md use them.
"""

from __future__ import annotations

import textwrap
from typing import Any, NamedTuple

from flask import Blueprint, Flask, abort, g, redirect, request

import flask_cors_rs
from flask_cors_rs import CORS, cross_origin

JSON = ("Content-Type", "application/json")
BEARER = ("Authorization", "Bearer t")


class Case(NamedTuple):
    """A misconfiguration, the request of a page, and what the diagnostics say about it."""

    title: str
    about: str
    """The question or report: the number of an issue or pull request of Flask-CORS, or an address."""
    source: str
    """The code of the application. It can use ``app``, ``CORS`` and the other names of ``make_app``."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    origin: str = "http://localhost:3000"
    path: str = "/api/x"
    credentials: bool = False
    error: str | None = None
    """The error in DevTools, or None if the page gets its response."""
    parameter: str | None = None
    """The value that the error names, if any."""
    remedy: str | None = None
    """A part of the remedies of `check`."""
    findings: tuple[str, ...] = ()
    """The ids of the findings of `audit`."""
    unreadable: str | None = None
    """A response header that the script cannot read."""
    status: int = 200
    """The status of the response that the page gets."""


VIEW = """
@app.route("/api/x", methods=["GET", "POST", "PUT", "DELETE", "PATCH"])
def x():
    return {"ok": 1}
"""
MISSING, P_MISSING = "MissingAllowOriginHeader", "PreflightMissingAllowOriginHeader"
METHOD, HEADER = "MethodDisallowedByPreflightResponse", "HeaderDisallowedByPreflightResponse"

CASES = [
    Case(
        "No CORS at all",
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS/Errors/CORSMissingAllowOrigin",
        VIEW,
        error=MISSING,
        remedy="use CORS(app)",
    ),
    Case(
        "An origin that ends with a slash",
        "#212",
        'CORS(app, origins=["http://localhost:3000/"])' + VIEW,
        error=MISSING,
        remedy="write 'http://localhost:3000'",
        findings=("CORS007",),
    ),
    Case(
        "An origin with a path",
        "#84",
        'CORS(app, origins=["https://app.example/dashboard"])' + VIEW,
        origin="https://app.example",
        error=MISSING,
        remedy="write 'https://app.example'",
        findings=("CORS007",),
    ),
    Case(
        "A host without a scheme",
        "#212",
        'CORS(app, origins=["app.example"])' + VIEW,
        origin="https://app.example",
        error=MISSING,
        remedy="'app.example' has no scheme: add 'https://app.example'",
        findings=("CORS007",),
    ),
    Case(
        "An origin without its port",
        "#294",
        'CORS(app, origins=["http://localhost"])' + VIEW,
        error=MISSING,
        remedy="has a different port: add 'http://localhost:3000'",
    ),
    Case(
        "An explicit default port",
        "#294",
        'CORS(app, origins=["https://app.example:443"])' + VIEW,
        origin="https://app.example",
        error=MISSING,
        remedy="write 'https://app.example'",
        findings=("CORS007",),
    ),
    Case(
        "http configured, but the page is https",
        "#294",
        'CORS(app, origins=["http://app.example"])' + VIEW,
        origin="https://app.example",
        error=MISSING,
        remedy="has a different scheme: add 'https://app.example'",
    ),
    Case(
        "127.0.0.1 configured, but the page is at localhost",
        "#346",
        'CORS(app, origins=["http://127.0.0.1:3000"])' + VIEW,
        error=MISSING,
        remedy="localhost and its address are not the same",
    ),
    Case(
        "An origin in upper case",
        "#383",
        'CORS(app, origins=["HTTPS://App.Example"])' + VIEW,
        origin="https://app.example",
        findings=("CORS007",),
    ),
    Case(
        "Several origins in one string",
        "#200",
        'CORS(app, origins="http://localhost:3000, https://app.example")' + VIEW,
        error=MISSING,
        remedy="give a list",
        findings=("CORS007",),
    ),
    Case(
        "A glob in an origin",
        "#209",
        'CORS(app, origins=["https://*.app.example"])' + VIEW,
        origin="https://a.app.example",
        error=MISSING,
        remedy="Subdomains",
        findings=("CORS008",),
    ),
    Case(
        "A regular expression without an anchor at the end",
        "#400",
        r'CORS(app, origins=[r"https://.*\.app\.example"])' + VIEW,
        origin="https://a.app.example.evil.test",
        findings=("CORS002",),
    ),
    Case(
        "A dot that matches any character",
        "#400",
        'CORS(app, origins=[r"https://[a-z]+.app.example$"])' + VIEW,
        origin="https://evilxapp.example",
        findings=("CORS003",),
    ),
    Case(
        "A regular expression that is read as a literal",
        "#240",
        'CORS(app, origins=["https://.+.app.example"])' + VIEW,
        origin="https://a.app.example",
        error=MISSING,
        remedy="To allow this page, add 'https://a.app.example'",
        findings=("CORS007",),
    ),
    Case(
        "A regular expression without the scheme",
        "#240",
        r'CORS(app, origins=[r"\w+\.app\.example$"])' + VIEW,
        origin="https://a.app.example",
        error=MISSING,
        remedy="Subdomains",
        findings=("CORS008",),
    ),
    Case(
        "A page whose origin is null",
        "https://stackoverflow.com/questions/8456538",
        'CORS(app, origins=["http://localhost:3000"])' + VIEW,
        origin="null",
        error=MISSING,
        remedy="serve it over HTTP",
    ),
    Case(
        "null among the origins, with credentials",
        "https://github.com/cyu/rack-cors/pull/134",
        'CORS(app, origins=["https://app.example", "null"], supports_credentials=True)' + VIEW,
        origin="null",
        credentials=True,
        findings=("CORS004",),
    ),
    Case(
        "Credentials without supports_credentials",
        "#132",
        'CORS(app, origins=["http://localhost:3000"])' + VIEW,
        credentials=True,
        error="InvalidAllowCredentials",
        remedy="Set supports_credentials=True",
    ),
    Case(
        "Credentials on a request with a preflight, without supports_credentials",
        "#191",
        'CORS(app, origins=["http://localhost:3000"])' + VIEW,
        method="PUT",
        credentials=True,
        error="PreflightInvalidAllowCredentials",
        remedy="Set supports_credentials=True",
    ),
    Case(
        "Credentials with send_wildcard",
        "#202",
        "CORS(app, send_wildcard=True)" + VIEW,
        credentials=True,
        error="WildcardOriginNotAllowed",
        remedy="leave send_wildcard off",
    ),
    Case(
        "Credentials for any origin",
        "#202",
        "CORS(app, supports_credentials=True)" + VIEW,
        origin="https://evil.test",
        credentials=True,
        findings=("CORS001",),
    ),
    Case(
        "supports_credentials as a string from the environment",
        "#202",
        'CORS(app, origins=["http://localhost:3000"], supports_credentials="false")' + VIEW,
        credentials=True,
        findings=("CORS020",),
    ),
    Case(
        "A manual Access-Control-Allow-Origin in addition to CORS",
        "#252",
        """
@app.after_request
def more(response):
    response.headers.add("Access-Control-Allow-Origin", "*")
    return response
CORS(app)
"""
        + VIEW,
        error="MultipleAllowOriginValues",
        parameter="http://localhost:3000, *",
        remedy="Access-Control-Allow-Origin is added twice",
    ),
    Case(
        "A manual Access-Control-Allow-Origin that is set before CORS runs",
        "#252",
        """
CORS(app, origins=["http://localhost:3000"], supports_credentials=True)
@app.after_request
def more(response):
    response.headers.add("Access-Control-Allow-Origin", "*")
    return response
"""
        + VIEW,
        credentials=True,
        error="WildcardOriginNotAllowed",
        remedy="Code other than CORS, or a proxy, sets the header to '*'",
    ),
    Case(
        "A manual Access-Control-Allow-Origin in the view, but not on the preflight",
        "#252",
        """
@app.route("/api/x", methods=["POST"])
def x():
    return {"ok": 1}, 200, {"Access-Control-Allow-Origin": "*"}
""",
        method="POST",
        headers=(JSON,),
        error=P_MISSING,
        remedy="use CORS(app)",
    ),
    Case(
        "A proxy that adds a second Access-Control-Allow-Origin",
        "#215",
        "CORS(app)"
        + VIEW
        + """
inner = app.wsgi_app
def proxy(environ, start_response):
    def start(status, headers, exc_info=None):
        return start_response(status, [*headers, ("Access-Control-Allow-Origin", "*")], exc_info)
    return inner(environ, start)
app.wsgi_app = proxy
""",
        error="MultipleAllowOriginValues",
        remedy="a proxy adds",
    ),
    Case(
        "A manual Access-Control-Allow-Origin that is not an origin",
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS/Errors/CORSAllowOriginNotMatchingOrigin",
        """
@app.after_request
def more(response):
    response.headers["Access-Control-Allow-Origin"] = "localhost"
    return response
"""
        + VIEW,
        error="InvalidAllowOriginValue",
        remedy="Code other than CORS sets Access-Control-Allow-Origin: remove it",
    ),
    Case(
        "A manual Access-Control-Allow-Origin with a port, but no scheme",
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS/Errors/CORSAllowOriginNotMatchingOrigin",
        """
@app.after_request
def more(response):
    response.headers["Access-Control-Allow-Origin"] = "localhost:3000"
    return response
"""
        + VIEW,
        error="AllowOriginMismatch",
        remedy="set by hand",
    ),
    Case(
        "A manual Access-Control-Allow-Origin for another origin",
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS/Errors/CORSAllowOriginNotMatchingOrigin",
        """
@app.after_request
def more(response):
    response.headers["Access-Control-Allow-Origin"] = "https://app.example"
    return response
"""
        + VIEW,
        error="AllowOriginMismatch",
        remedy="for another origin",
    ),
    Case(
        "methods without PUT",
        "#55",
        'CORS(app, methods=["GET", "POST"])' + VIEW,
        method="PUT",
        error=METHOD,
        parameter="PUT",
        remedy="Add 'PUT' to methods",
    ),
    Case(
        "methods without PUT, and a request with a header",
        "#55",
        'CORS(app, methods=["GET", "POST"])' + VIEW,
        method="PUT",
        headers=(JSON,),
        error=METHOD,
        parameter="PUT",
        remedy="Add 'PUT' to methods",
    ),
    Case(
        "A wildcard in methods",
        "#199",
        'CORS(app, methods="*")' + VIEW,
        method="POST",
        headers=(JSON,),
        error=HEADER,
        parameter="content-type",
        remedy="leave methods out",
        findings=("CORS009",),
    ),
    Case(
        "patch in lower case",
        "https://blog.k-nut.eu/patch-capitalization",
        "CORS(app)" + VIEW,
        method="patch",
        error=METHOD,
        parameter="patch",
        remedy="Write method: 'PATCH'",
    ),
    Case(
        "allow_headers without Content-Type",
        "#12",
        'CORS(app, allow_headers=["Authorization"])' + VIEW,
        method="POST",
        headers=(JSON,),
        error=HEADER,
        parameter="content-type",
        remedy="Add 'content-type' to allow_headers",
    ),
    Case(
        "allow_headers without Authorization",
        "#145",
        'CORS(app, allow_headers=["Content-Type"])' + VIEW,
        headers=(BEARER,),
        error=HEADER,
        parameter="authorization",
        remedy="Add 'authorization' to allow_headers",
    ),
    Case(
        "Several names in one string in allow_headers",
        "#145",
        'CORS(app, allow_headers="Origin, Content-Type, Authorization")' + VIEW,
        headers=(BEARER,),
        error=HEADER,
        parameter="authorization",
        remedy="as an item of a list",
        findings=("CORS010",),
    ),
    Case(
        "An underscore in a name in allow_headers",
        "#252",
        'CORS(app, allow_headers="content_type")' + VIEW,
        method="POST",
        headers=(JSON,),
        error=HEADER,
        parameter="content-type",
        remedy="Add 'content-type' to allow_headers",
        findings=("CORS010",),
    ),
    Case(
        "A script that sends a response header",
        "https://github.com/expressjs/cors/issues/80",
        'CORS(app, allow_headers=["Content-Type"])' + VIEW,
        headers=(("Access-Control-Allow-Origin", "*"),),
        error=HEADER,
        parameter="access-control-allow-origin",
        remedy="it is a response header",
    ),
    Case(
        "A header that is not exposed",
        "https://github.com/matthew-andrews/isomorphic-fetch/issues/67",
        """
CORS(app)
@app.route("/api/x")
def x():
    return "a,b", 200, {"Content-Disposition": "attachment; filename=r.csv"}
""",
        unreadable="Content-Disposition",
        remedy="expose_headers=['Content-Disposition']",
    ),
    Case(
        "* in expose_headers, with credentials",
        "https://github.com/envoyproxy/envoy/issues/36066",
        """
CORS(app, origins=["http://localhost:3000"], supports_credentials=True, expose_headers="*")
@app.route("/api/x")
def x():
    return "ok", 200, {"X-Total-Count": "7"}
""",
        credentials=True,
        unreadable="X-Total-Count",
        remedy="With credentials, '*' exposes nothing",
        findings=("CORS012",),
    ),
    Case(
        "allow_headers instead of expose_headers",
        "#88",
        """
CORS(app, allow_headers=["X-Total-Count"])
@app.route("/api/x")
def x():
    return "ok", 200, {"X-Total-Count": "7"}
""",
        unreadable="X-Total-Count",
        remedy="expose_headers=['X-Total-Count']",
    ),
    Case(
        "A resource that is a literal path instead of a pattern",
        "#289",
        'CORS(app, resources={"/api": {"origins": "*"}})' + VIEW,
        error=MISSING,
        remedy="a string without * matches only that path",
        findings=("CORS015",),
    ),
    Case(
        "A resource without the first slash",
        "#283",
        'CORS(app, resources={"api/*": {"origins": "*"}})' + VIEW,
        error=MISSING,
        remedy="No resource matches /api/x. The resources are api/* of",
        findings=("CORS015",),
    ),
    Case(
        "A resource without the prefix of its Blueprint",
        "#289",
        """
blueprint = Blueprint("blueprint", __name__)
@blueprint.route("/x")
def x():
    return "ok"
CORS(blueprint, resources={"/x": {"origins": "*"}})
app.register_blueprint(blueprint, url_prefix="/api")
""",
        error=MISSING,
        remedy="prefix and case included",
        findings=("CORS015",),
    ),
    Case(
        "A resource that matches more paths than intended",
        "#383",
        """
CORS(app, resources={"/api/*": {"origins": "*"}})
@app.route("/apiadmin")
def admin():
    return "secret"
""",
        path="/apiadmin",
        findings=("CORS017",),
    ),
    Case(
        "A resource in the wrong letter case",
        "#383",
        'CORS(app, resources={"/API/*": {"origins": "*"}})' + VIEW,
        error=MISSING,
        remedy="prefix and case included",
        findings=("CORS015",),
    ),
    Case(
        "A more specific resource that takes precedence",
        "#126",
        'CORS(app, resources={"/*": {"origins": "*"}, "/api/x": {"origins": ["https://app.example"]}})' + VIEW,
        error=MISSING,
        remedy="add 'http://localhost:3000' to the origins of /api/x",
    ),
    Case(
        "A resource that an earlier one hides",
        "#383",
        'CORS(app, resources=["/*", "/api/x"], origins=["https://app.example"])' + VIEW,
        error=MISSING,
        remedy="to the origins of /* of",
        findings=("CORS016",),
    ),
    Case(
        "The decorator above the route",
        "#146",
        """
@cross_origin()
@app.route("/api/x")
def x():
    return "ok"
""",
        error=MISSING,
        remedy="below @app.route",
    ),
    Case(
        "Two views of a path, only one of them decorated",
        "#280",
        """
@app.route("/api/x", methods=["GET"])
def page():
    return "ok"
@app.route("/api/x", methods=["POST"])
@cross_origin()
def x():
    return "ok"
""",
        method="POST",
        headers=(JSON,),
        error=P_MISSING,
        remedy="decorate every view that has this path",
    ),
    Case(
        "abort() under the decorator",
        "#241",
        """
@app.route("/api/x")
@cross_origin()
def x():
    abort(404)
""",
        error=MISSING,
        remedy="intercept_exceptions=True",
    ),
    Case(
        "An error handler with only the decorator",
        "#168",
        """
@app.errorhandler(KeyError)
def oops(error):
    return {"error": "key"}, 400
@app.route("/api/x")
@cross_origin()
def x():
    raise KeyError("k")
""",
        error=MISSING,
        remedy="intercept_exceptions=True",
    ),
    Case(
        "An exception under the decorator",
        "#198",
        """
@app.route("/api/x")
@cross_origin()
def x():
    raise RuntimeError("boom")
""",
        error=MISSING,
        remedy="The application responds with status 500",
    ),
    Case(
        "An exception that Flask propagates, as in debug mode",
        "#210",
        """
app.config["PROPAGATE_EXCEPTIONS"] = True
CORS(app)
@app.route("/api/x")
def x():
    raise RuntimeError("boom")
""",
        error=MISSING,
        remedy="The application raised RuntimeError: boom",
    ),
    Case(
        "An error response with CORS(app)",
        "#67",
        """
CORS(app)
@app.route("/api/x")
def x():
    abort(404)
""",
        status=404,
    ),
    Case(
        "Authentication that refuses preflights",
        "#170",
        """
CORS(app)
@app.before_request
def authenticate():
    if "Authorization" not in request.headers:
        abort(401)
"""
        + VIEW,
        headers=(BEARER,),
        error="PreflightInvalidStatus",
        remedy="let before_request functions skip OPTIONS",
    ),
    Case(
        "Authentication that refuses preflights, behind the middleware",
        "#201",
        """
CORS(app, middleware=True)
@app.before_request
def authenticate():
    if "Authorization" not in request.headers:
        abort(401)
"""
        + VIEW,
        headers=(BEARER,),
    ),
    Case(
        "A hook that fails on preflights",
        "#196",
        """
CORS(app)
@app.before_request
def authenticate():
    g.token = request.headers["Authorization"].split()[1] if "Authorization" in request.headers else 1 / 0
"""
        + VIEW,
        headers=(BEARER,),
        error="PreflightInvalidStatus",
        remedy="Let the code that fails skip OPTIONS",
    ),
    Case(
        "A preflight that is redirected to a login page",
        "https://github.com/maxcountryman/flask-login/pull/244",
        """
CORS(app, supports_credentials=True, origins=["http://localhost:3000"])
@app.before_request
def login():
    if "session" not in request.cookies and request.path != "/login":
        return redirect("/login")
"""
        + VIEW,
        method="DELETE",
        credentials=True,
        error="PreflightDisallowedRedirect",
        remedy="Do not redirect OPTIONS to /login",
    ),
    Case(
        "A preflight that is redirected to a path with a slash",
        "#257",
        """
CORS(app)
@app.route("/api/items/", methods=["POST"])
def items():
    return "ok"
""",
        method="POST",
        headers=(JSON,),
        path="/api/items",
        error="PreflightDisallowedRedirect",
        remedy="Request /api/items/ directly",
    ),
    Case(
        "A path that is redirected to one with a slash, behind the middleware",
        "#128",
        """
CORS(app, middleware=True)
@app.route("/api/items/", methods=["POST"])
def items():
    return "ok"
""",
        method="POST",
        headers=(JSON,),
        path="/api/items",
    ),
    Case(
        "A path that is redirected to one with a slash, with only the decorator",
        "#128",
        """
@app.route("/api/items/")
@cross_origin()
def items():
    return "ok"
""",
        path="/api/items",
        error=MISSING,
        remedy="has no CORS headers",
    ),
    Case(
        "A path without a route",
        "#42",
        """
CORS(app)
@app.route("/api/user", methods=["POST"])
def user():
    return "ok"
""",
        method="POST",
        headers=(JSON,),
        path="/api/users",
        error="PreflightInvalidStatus",
        remedy="No route has the path /api/users",
    ),
    Case(
        "A path without a route, with only the decorator",
        "#42",
        """
@app.route("/api/user", methods=["POST"])
@cross_origin()
def user():
    return "ok"
""",
        method="POST",
        headers=(JSON,),
        path="/api/users",
        error=P_MISSING,
        remedy="No route has the path /api/users",
    ),
    Case(
        "A route that does not accept OPTIONS",
        "#346",
        """
CORS(app)
@app.route("/api/x", methods=["POST"], provide_automatic_options=False)
def x():
    return "ok"
""",
        method="POST",
        headers=(JSON,),
        error="PreflightInvalidStatus",
        remedy="The route does not accept OPTIONS",
    ),
    Case(
        "automatic_options off, and a view that does not handle OPTIONS",
        "#42",
        """
@app.route("/api/x", methods=["POST", "OPTIONS"])
@cross_origin(automatic_options=False)
def x():
    return request.get_json()
""",
        method="POST",
        headers=(JSON,),
        error=P_MISSING,
        remedy="leave automatic_options on",
    ),
    Case(
        "A route without the method",
        "#346",
        """
CORS(app)
@app.route("/api/x", methods=["GET", "POST"])
def x():
    return "ok"
""",
        method="PUT",
        status=405,
    ),
    Case(
        "A misspelt option",
        "#38",
        'CORS(app, origin="https://app.example")' + VIEW,
        origin="https://evil.test",
        findings=("CORS019",),
    ),
    Case(
        "A configuration key that is set too late",
        "#196",
        'CORS(app)\napp.config["CORS_ORIGINS"] = ["https://app.example"]' + VIEW,
        origin="https://evil.test",
        findings=("CORS021",),
    ),
    Case(
        "A misspelt configuration key",
        "#38",
        'app.config["CORS_ORIGIN"] = "https://app.example"\nCORS(app)' + VIEW,
        origin="https://evil.test",
        findings=("CORS019",),
    ),
    Case(
        "vary_header off",
        "#338",
        'CORS(app, origins=["http://localhost:3000", "https://app.example"], vary_header=False)' + VIEW,
        findings=("CORS022",),
    ),
    Case(
        "An http origin with credentials",
        "https://portswigger.net/web-security/cors",
        'CORS(app, origins=["http://shop.example"], supports_credentials=True)' + VIEW,
        origin="http://shop.example",
        credentials=True,
        findings=("CORS005",),
    ),
    Case(
        "A pattern for any name under a public suffix",
        "https://github.com/GoogleChrome/chromium-dashboard/pull/6590",
        r'CORS(app, origins=[r"https://[a-z0-9-]+\.github\.io$"], supports_credentials=True)' + VIEW,
        origin="https://evil.github.io",
        credentials=True,
        findings=("CORS006",),
    ),
    Case(
        "A regular expression for any origin, with credentials",
        "https://portswigger.net/web-security/cors",
        'CORS(app, origins=[r"https?://.*"], supports_credentials=True)' + VIEW,
        origin="https://evil.test",
        credentials=True,
        findings=("CORS002", "CORS005"),
    ),
    Case(
        "A function that allows any origin, with credentials",
        "https://portswigger.net/web-security/cors",
        """
def is_allowed(origin):
    return True
CORS(app, origins=is_allowed, supports_credentials=True)
"""
        + VIEW,
        origin="https://evil.test",
        credentials=True,
        findings=("CORS025",),
    ),
    Case(
        "A private network that is open to any origin",
        "CVE-2024-6221",
        "CORS(app, allow_private_network=True)" + VIEW,
        findings=("CORS014",),
    ),
    Case(
        "A max_age of a week",
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Reference/Headers/Access-Control-Max-Age",
        "CORS(app, max_age=604800)" + VIEW,
        findings=("CORS013",),
    ),
    Case(
        "A pattern that takes exponential time",
        "https://owasp.org/www-community/attacks/Regular_expression_Denial_of_Service_-_ReDoS",
        r'CORS(app, origins=[r"https://(?=[a-z])([a-z]+-?)+\.app\.example$"])' + VIEW,
        origin="https://a.app.example",
        findings=("CORS018",),
    ),
]


def make_app(case: Case, *, debug: bool = False) -> Flask:
    """Return the application of a case."""
    app = Flask("misconfigured")
    app.debug = debug
    names: dict[str, Any] = {
        "__name__": "misconfigured",
        "app": app,
        **{name: getattr(flask_cors_rs, name) for name in ("Origin", "Regex", "Subdomains")},
        "CORS": CORS,
        "cross_origin": cross_origin,
        "Blueprint": Blueprint,
        "abort": abort,
        "g": g,
        "redirect": redirect,
        "request": request,
    }
    exec(compile(textwrap.dedent(case.source), case.title, "exec"), names)
    return app
