"""Misconfigurations that people have met, each a small application and what a page asks of it.

They are taken from the questions that are asked about CORS and Flask: `about` says where. The tests, the browser in
`make e2e` and the table in docs/misconfigurations.md read them from here.
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
    """A misconfiguration."""

    title: str
    about: str
    """Where people met it: an issue or pull request of Flask-CORS by its number, or an address."""
    source: str
    """The application, in which ``app``, ``CORS`` and so on are there."""
    method: str = "GET"
    headers: tuple[tuple[str, str], ...] = ()
    origin: str = "http://localhost:3000"
    path: str = "/api/x"
    credentials: bool = False
    error: str | None = None
    """The error that DevTools tells; None where the page gets its response."""
    parameter: str | None = None
    """What it names, if that is told."""
    remedy: str | None = None
    """A part of what `check` advises."""
    findings: tuple[str, ...] = ()
    """What `audit` finds."""
    unreadable: str | None = None
    """A response header that the script cannot read."""
    status: int = 200
    """Of the response that the page gets."""


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
        "An origin with a slash at its end",
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
        remedy="of another scheme or none: add 'https://app.example'",
        findings=("CORS007",),
    ),
    Case(
        "An origin without its port",
        "#294",
        'CORS(app, origins=["http://localhost"])' + VIEW,
        error=MISSING,
        remedy="of another port: add 'http://localhost:3000'",
    ),
    Case(
        "The default port written out",
        "#294",
        'CORS(app, origins=["https://app.example:443"])' + VIEW,
        origin="https://app.example",
        error=MISSING,
        remedy="write 'https://app.example'",
        findings=("CORS007",),
    ),
    Case(
        "http configured, and the page is https",
        "#294",
        'CORS(app, origins=["http://app.example"])' + VIEW,
        origin="https://app.example",
        error=MISSING,
        remedy="of another scheme or none: add 'https://app.example'",
    ),
    Case(
        "127.0.0.1 configured, and the page is at localhost",
        "#346",
        'CORS(app, origins=["http://127.0.0.1:3000"])' + VIEW,
        error=MISSING,
        remedy="localhost is another host than its address",
    ),
    Case(
        "An origin in upper case",
        "#383",
        'CORS(app, origins=["HTTPS://App.Example"])' + VIEW,
        origin="https://app.example",
        findings=("CORS007",),
    ),
    Case(
        "Several origins in one text",
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
        "A regular expression that is not anchored at its end",
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
        "A pattern that is taken for a literal",
        "#240",
        'CORS(app, origins=["https://.+.app.example"])' + VIEW,
        origin="https://a.app.example",
        error=MISSING,
        remedy="If this page is to have access",
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
        "A page without an origin",
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
        "Credentials, and preflights without supports_credentials",
        "#191",
        'CORS(app, origins=["http://localhost:3000"])' + VIEW,
        method="PUT",
        credentials=True,
        error="PreflightInvalidAllowCredentials",
        remedy="Set supports_credentials=True",
    ),
    Case(
        "Credentials, answered with *",
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
        "supports_credentials from the environment, a text",
        "#202",
        'CORS(app, origins=["http://localhost:3000"], supports_credentials="false")' + VIEW,
        credentials=True,
        findings=("CORS020",),
    ),
    Case(
        "A header by hand, besides CORS",
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
        remedy="Two places send",
    ),
    Case(
        "A header by hand, before CORS",
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
        remedy="Something other than CORS sends '*'",
    ),
    Case(
        "A header by hand in the view, and a preflight",
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
        "A proxy that adds the header again",
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
        "A header by hand that is no origin",
        "https://developer.mozilla.org/en-US/docs/Web/HTTP/Guides/CORS/Errors/CORSAllowOriginNotMatchingOrigin",
        """
@app.after_request
def more(response):
    response.headers["Access-Control-Allow-Origin"] = "localhost"
    return response
"""
        + VIEW,
        error="InvalidAllowOriginValue",
        remedy="by hand: remove it",
    ),
    Case(
        "A header by hand without a scheme, but with a port",
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
        "A header by hand for another origin",
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
        "methods without PUT, and a header",
        "#55",
        'CORS(app, methods=["GET", "POST"])' + VIEW,
        method="PUT",
        headers=(JSON,),
        error=METHOD,
        parameter="PUT",
        remedy="Add 'PUT' to methods",
    ),
    Case(
        "A wildcard for methods",
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
        "Several names in one text of allow_headers",
        "#145",
        'CORS(app, allow_headers="Origin, Content-Type, Authorization")' + VIEW,
        headers=(BEARER,),
        error=HEADER,
        parameter="authorization",
        remedy="as an item of a list",
        findings=("CORS010",),
    ),
    Case(
        "A name with an underscore in allow_headers",
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
        "A script that sends a header of responses",
        "https://github.com/expressjs/cors/issues/80",
        'CORS(app, allow_headers=["Content-Type"])' + VIEW,
        headers=(("Access-Control-Allow-Origin", "*"),),
        error=HEADER,
        parameter="access-control-allow-origin",
        remedy="it is a header of responses",
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
        remedy="With credentials '*' exposes nothing",
        findings=("CORS012",),
    ),
    Case(
        "allow_headers where expose_headers is meant",
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
        "A resource that is a path, not a pattern",
        "#289",
        'CORS(app, resources={"/api": {"origins": "*"}})' + VIEW,
        error=MISSING,
        remedy="a text without * matches only itself",
        findings=("CORS015",),
    ),
    Case(
        "A resource without its slash",
        "#283",
        'CORS(app, resources={"api/*": {"origins": "*"}})' + VIEW,
        error=MISSING,
        remedy="No rule matches /api/x; there is api/*",
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
        "A resource that reaches further than it seems",
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
        "A resource in the wrong case",
        "#383",
        'CORS(app, resources={"/API/*": {"origins": "*"}})' + VIEW,
        error=MISSING,
        remedy="prefix and case included",
        findings=("CORS015",),
    ),
    Case(
        "A narrower resource that wins",
        "#126",
        'CORS(app, resources={"/*": {"origins": "*"}, "/api/x": {"origins": ["https://app.example"]}})' + VIEW,
        error=MISSING,
        remedy="add 'http://localhost:3000' to the origins of /api/x",
    ),
    Case(
        "A resource that another one hides",
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
        "Two views of a path, one of them decorated",
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
        "An error handler, and only the decorator",
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
        remedy="The application answers 500",
    ),
    Case(
        "An exception that leaves Flask, as in debug mode",
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
        "An error that CORS covers",
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
        remedy="let before_request functions pass OPTIONS",
    ),
    Case(
        "The same, with preflights answered before",
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
        remedy="Let what fails pass OPTIONS",
    ),
    Case(
        "A redirect to a login, on a preflight",
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
        remedy="Let OPTIONS pass what redirects to",
    ),
    Case(
        "A slash that redirects a preflight",
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
        remedy="Call /api/items/ itself",
    ),
    Case(
        "The same with the middleware",
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
        "A slash that redirects, and only the decorator",
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
        "A path without a route and without a rule",
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
        "A route that does not take OPTIONS",
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
        remedy="The route does not take OPTIONS",
    ),
    Case(
        "automatic_options off, and a view that knows no OPTIONS",
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
        "A key of the configuration, set too late",
        "#196",
        'CORS(app)\napp.config["CORS_ORIGINS"] = ["https://app.example"]' + VIEW,
        origin="https://evil.test",
        findings=("CORS021",),
    ),
    Case(
        "A misspelt key of the configuration",
        "#38",
        'app.config["CORS_ORIGIN"] = "https://app.example"\nCORS(app)' + VIEW,
        origin="https://evil.test",
        findings=("CORS019",),
    ),
    Case(
        "No Vary",
        "#338",
        'CORS(app, origins=["http://localhost:3000", "https://app.example"], vary_header=False)' + VIEW,
        findings=("CORS022",),
    ),
    Case(
        "http origins, with credentials",
        "https://portswigger.net/web-security/cors",
        'CORS(app, origins=["http://shop.example"], supports_credentials=True)' + VIEW,
        origin="http://shop.example",
        credentials=True,
        findings=("CORS005",),
    ),
    Case(
        "Any name under a public suffix",
        "https://github.com/GoogleChrome/chromium-dashboard/pull/6590",
        r'CORS(app, origins=[r"https://[a-z0-9-]+\.github\.io$"], supports_credentials=True)' + VIEW,
        origin="https://evil.github.io",
        credentials=True,
        findings=("CORS006",),
    ),
    Case(
        "Any origin, by a regular expression, with credentials",
        "https://portswigger.net/web-security/cors",
        'CORS(app, origins=[r"https?://.*"], supports_credentials=True)' + VIEW,
        origin="https://evil.test",
        credentials=True,
        findings=("CORS002", "CORS005"),
    ),
    Case(
        "A private network, open to any origin",
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


def make_app(case: Case) -> Flask:
    """The application of a case."""
    app = Flask("misconfigured")
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
