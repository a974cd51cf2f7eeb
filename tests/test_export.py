"""``flask cors export``: what a proxy decides is what the application decides, and the rest is left to it.

``make edge`` compares the real proxies.
"""

from __future__ import annotations

import json
import random
import re
from functools import wraps
from inspect import signature
from typing import TYPE_CHECKING, Any

import flask_cors
import pytest
from click.testing import CliRunner
from flask import Blueprint, Flask, abort
from flask.cli import ScriptInfo
from flask.views import MethodView
from hypothesis import assume, given, strategies as st
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.routing import BaseConverter, Rule

import flask_cors_rs
from flask_cors_rs import CORS, CORSMiddleware, Origin, Regex, Subdomains, cross_origin
from flask_cors_rs._diagnostics.browser import Response, fetch
from flask_cors_rs._edge.export import PROXIES
from flask_cors_rs._edge.expressions import PATH, VISIBLE, portable, takes_linear_time
from flask_cors_rs._edge.policies import Edge, edge_of
from flask_cors_rs._regex.translation import translate
from flask_cors_rs.cli import cors
from support.edge import EDGE_CASES, app_of, ask_app, question, seen
from support.hidden_views import HARMLESS, HIDING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from click.testing import Result

    from support.differential import Case

pytestmark = pytest.mark.usefixtures("engine")
A = "https://a.example"


def run(app: Flask, *arguments: str) -> Result:
    # Before click 8.2, the runner mixes the two streams unless it is told not to.
    separate: Any = {"mix_stderr": False} if "mix_stderr" in signature(CliRunner).parameters else {}
    return CliRunner(**separate).invoke(cors, ["export", *arguments], obj=ScriptInfo(create_app=lambda: app))


def make_app(**options: Any) -> Flask:
    app = Flask(__name__)
    CORS(app, **{"origins": A, **options})
    app.add_url_rule("/items", "items", lambda: "items", methods=["GET", "PUT"])
    app.add_url_rule("/items/<int:number>", "item", lambda number: "item")
    return app


# --- decisions --------------------------------------------------------------------------------------------------------


def policy_at(edge: Edge, method: str, path: str) -> int | None:
    if not PATH.issuperset(path) or re.search(r"//|/\.\.?(/|$)", path):
        return None
    entries = (entry for entry in edge.entries if method in entry.methods and re.fullmatch(entry.expression, path))
    target = next((entry.target for entry in entries), None)
    if isinstance(target, tuple):
        return next((rule.policy for rule in target if re.match(rule.expression, path)), None)
    return target


def decide(edge: Edge, method: str, path: str, headers: Mapping[str, str]) -> list[tuple[str, str]] | None:
    """Return the headers for a request, as any proxy would, or None if the application decides."""
    number = policy_at(edge, method, path)
    origin = headers.get("Origin", "")
    policy = next((policy for policy in edge.policies if policy.number == number), None)
    if policy is None or not re.fullmatch(r"[\x21-\x7E]{1,326}", origin):
        return None
    allowed = (
        policy.any_origin
        or origin.lower() in policy.literals
        or origin in policy.exact
        or any(re.match(expression, origin) for expression in policy.expressions)
    )
    sent = [("Access-Control-Allow-Origin", "*" if policy.send_wildcard else origin)]
    if policy.credentials:
        sent.append(("Access-Control-Allow-Credentials", "true"))
    if policy.expose_headers:
        sent.append(("Access-Control-Expose-Headers", policy.expose_headers))
    if method == "OPTIONS":
        requested = headers.get("Access-Control-Request-Headers", "")
        network = headers.get("Access-Control-Request-Private-Network")
        allowed = (
            allowed
            and headers.get("Access-Control-Request-Method") in policy.methods
            and re.match(policy.request_headers, requested) is not None
            and (network is None or (network == "true" and policy.private_network))
        )
        sent += [("Access-Control-Allow-Methods", ", ".join(policy.methods))]
        sent += [("Access-Control-Allow-Headers", requested)]
    return sent if allowed else None


@given(EDGE_CASES, st.sampled_from(["preflights", "all"]), st.integers(0, 2**32))
def test_a_proxy_decides_as_the_application_does(case: Case, scope: Any, seed: int) -> None:
    try:
        app = app_of(case)
    except (TypeError, ValueError):
        assume(False)
    edge = edge_of(app, scope)
    choose = random.Random(seed)

    for asked in [question(choose) for _ in range(10)]:

        def app_sends(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
            return ask_app(app, method, url.partition("?")[0], headers)

        def proxy_sends(method: str, url: str, headers: Sequence[tuple[str, str]]) -> Response:
            decided = decide(edge, method, url.partition("?")[0].removeprefix("http://site"), dict(headers))
            if decided is None:
                return app_sends(method, url, headers)
            if method == "OPTIONS":
                return Response(204, decided)
            sent = app_sends(method, url, headers)
            # Nothing but what the application sends is added.
            assert sent.get("Access-Control-Allow-Origin"), decided
            return sent

        assert seen(fetch(asked.request, proxy_sends)) == seen(fetch(asked.request, app_sends)), asked


@pytest.mark.parametrize(
    ("app", "answered"),
    [
        (make_app(), True),
        (make_app(origins=[A, lambda origin: False]), True),
        (make_app(resources={"/items.*": {"origins": A}, "/*": {"origins": "https://b.example"}}), True),
        (make_app(origins=lambda origin: True), False),
        (make_app(methods=["PUT"], expose_headers=['x"$']), False),
        (make_app(origins=r"https://(?:[a-z0-9]+-?){20,}\.example$"), False),
        (make_app(middleware=True), True),
        (make_app(allow_headers=["x-.*"]), True),
        (make_app(allow_headers=["y"]), False),
    ],
    ids=[
        "a literal",
        "a literal and a function",
        "resources",
        "a function",
        "a value that needs quoting",
        "exponential time",
        "middleware",
        "an expression of headers",
        "another header",
    ],
)
def test_what_is_certain_is_answered(app: Flask, answered: bool) -> None:
    headers = {"Origin": A, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"}
    for path in ("/items", "/items/7"):
        decided = decide(edge_of(app, "preflights"), "OPTIONS", path, headers)
        assert (decided is not None) == answered
    assert decide(edge_of(app, "preflights"), "OPTIONS", "/missing", headers) is None
    assert decide(edge_of(app, "preflights"), "OPTIONS", "/items//7", headers) is None
    assert decide(edge_of(app, "preflights"), "GET", "/items", headers) is None


def test_an_expression_without_an_equal_decides_only_about_known_paths() -> None:
    app = make_app(resources={r"/(?=items)": {"origins": A}, "/*": {"origins": "https://b.example"}})
    for origin, answered in ((A, True), ("https://b.example", False)):
        headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
        assert (decide(edge_of(app, "preflights"), "OPTIONS", "/items", headers) is not None) == answered
        assert decide(edge_of(app, "preflights"), "OPTIONS", "/items/7", headers) is None


@pytest.mark.parametrize("first", ["named", "item"])
def test_of_routes_that_share_paths_the_one_that_werkzeug_prefers_decides(first: str) -> None:
    app = Flask(__name__)
    CORS(app, origins=A)
    own = cross_origin(origins="https://own.example")
    routes = {
        "named": ("/items/<name>", own(lambda name: name)),
        "item": ("/items/<int:number>", lambda number: "item"),
        "slash": ("/<path:rest>/", own(lambda rest: rest)),
    }
    for endpoint in sorted(routes, key=lambda endpoint: endpoint != first):
        path, view = routes[endpoint]
        app.add_url_rule(path, endpoint, view)

    def allowed(path: str) -> list[str]:
        preflight = {"Access-Control-Request-Method": "GET"}
        edge = edge_of(app, "preflights")
        return [
            origin
            for origin in (A, "https://own.example")
            if decide(edge, "OPTIONS", path, {"Origin": origin, **preflight})
        ]

    assert allowed("/items/7") == [A]
    assert allowed("/items/x") == ["https://own.example"]
    assert allowed("/items/x/") == ["https://own.example"]
    assert allowed("/other") == []  # It is redirected.


def left_out(app: Flask, *arguments: str) -> str:
    result = run(app, "nginx", "--json", *arguments)
    return " | ".join(f"{each['what']}: {each['why']}" for each in json.loads(result.stdout)["left_out"])


class Even(BaseConverter):
    """A converter that looks at more than its expression."""

    regex = "[0-9]+"


def test_what_is_left_to_the_application_is_named() -> None:
    app = make_app(origins=[A, lambda origin: True], intercept_exceptions=False)
    app.url_map.converters["even"] = Even
    app.add_url_rule("/even/<even:number>", "even", lambda number: "even")
    app.add_url_rule("/café", "café", lambda: "café")
    app.add_url_rule("/own", "own", lambda: "own", methods=["GET", "OPTIONS"])
    app.add_url_rule("/view", "view", cross_origin(origins=iter([A]))(lambda: "view"))
    app.add_url_rule("/options", "options", cross_origin(automatic_options=False)(lambda: "o"), methods=["OPTIONS"])
    decorated: Any = cross_origin(origins=A)(lambda: "hidden")
    app.add_url_rule("/hidden", "hidden", lambda: f"{decorated()}")
    found = left_out(app, "--scope", "all")
    for part in (
        "the origins that a lambda allows are known to the application only",
        "/even/<even:number> (even): a converter of its path cannot be translated",
        "/café (café): its path is percent-encoded in requests",
        "/own (own): its view answers OPTIONS itself",
        "/view (view): the options of its decorator are read at each request",
        "/options (options): its view answers OPTIONS itself",
        "/hidden (hidden): its view may call a decorated view",
        "responses of /items (items): intercept_exceptions is off",
        "responses of /view (view): an exception in a decorated view takes its headers off",
    ):
        assert part in found
    app.config["CORS_METHODS"] = iter(["GET"])
    assert "/options (options): the options of its decorator are read at each request" in left_out(
        app, "--scope", "all"
    )


@pytest.mark.parametrize("hide", HIDING)
def test_the_responses_of_a_view_that_hides_a_decorated_one_are_left_to_the_application(
    hide: Callable[[Any], Any],
) -> None:
    app = make_app(origins=A)
    app.add_url_rule("/hidden", "hidden", hide(cross_origin(origins=A)(lambda: "hidden")))
    assert "/hidden (hidden): its view may call a decorated view" in left_out(app, "--scope", "all")
    assert "responses of /hidden (hidden): " in left_out(app, "--scope", "all")


@pytest.mark.parametrize("make", HARMLESS)
def test_what_a_view_uses_is_not_taken_for_a_hidden_view(make: Callable[[], Any]) -> None:
    value = make()
    app = make_app(origins=A)
    app.add_url_rule("/plain", "plain", lambda: str(value or HARMLESS))
    assert "/plain" not in left_out(app, "--scope", "all")


class Meta(type):
    """A metaclass that runs code of the application where its classes are compared."""

    def __eq__(cls, other: object) -> bool:
        raise RuntimeError("cannot be compared")

    __hash__ = type.__hash__


class Compared(metaclass=Meta):
    """A class that cannot be compared."""


@pytest.mark.parametrize("used", [Compared(), [[lambda: "one of many" for _ in range(40)] for _ in range(3)]])
def test_a_view_that_cannot_be_looked_through_is_left_to_the_application(used: object) -> None:
    app = make_app(origins=A)
    cross_origin()(lambda: "decorated")
    app.add_url_rule("/unknown", "unknown", lambda: str(used))
    assert "/unknown (unknown): its view may call a decorated view" in left_out(app)


def test_routes_that_depend_on_the_host_are_left_to_the_application() -> None:
    app = Flask(__name__, host_matching=True, static_folder=None)
    CORS(app)
    app.add_url_rule("/items", "items", lambda: "items", host="a.example")
    assert "the routing depends on the host" in left_out(app)
    assert edge_of(app, "all").entries == ()


NESTED = Blueprint("child", __name__, url_prefix="/child")
NESTED.add_url_rule("/x", "view", lambda: "x", methods=["GET", "DELETE"])
CORS(NESTED, origins=A, methods=["GET"])


def login_required(view: Any) -> Any:
    @wraps(view)
    def checked(**arguments: Any) -> Any:
        return abort(401)

    return checked


class Items(MethodView):
    """A view of which one method is decorated."""

    @cross_origin(origins=A)
    def get(self) -> str:
        return "items"


def changed(**options: Any) -> Flask:
    """Return an application with a route for /x that something else decides about."""
    app = make_app(**options)
    app.add_url_rule("/x/<name>", "named", lambda name: name, methods=["GET", "DELETE"])
    return app


def nested() -> Flask:
    app = changed()
    parent = Blueprint("parent", __name__)
    CORS(parent, origins=A, supports_credentials=True)
    parent.register_blueprint(NESTED)
    app.register_blueprint(parent)
    return app


def with_login() -> Flask:
    app = changed()
    app.add_url_rule("/x/secret", "secret", login_required(cross_origin(origins=A)(lambda: "x")), methods=["DELETE"])
    return app


def mounted() -> Flask:
    app = changed()
    app.wsgi_app = DispatcherMiddleware(app.wsgi_app, {"/x": Flask("other")})  # type: ignore[method-assign]
    return app


def all_methods() -> Flask:
    app = changed()
    app.url_map.add(Rule("/x/secret", endpoint="secret"))
    app.view_functions["secret"] = lambda: abort(403)
    return app


def own_options() -> Flask:
    app = changed()
    app.url_map.add(Rule("/x/secret", endpoint="secret", methods=["DELETE", "OPTIONS"]))
    app.view_functions["secret"] = lambda: abort(403)
    return app


def own_options_beside_middleware() -> Flask:
    app = Flask(__name__)
    CORS(app, middleware=True, resources={"/a/*": {}})
    CORS(app, origins=A, resources={"/x/*": {}})
    app.add_url_rule("/x/secret", "secret", lambda: abort(403), methods=["DELETE", "OPTIONS"])
    return app


def show_page(page: int) -> str:
    return f"{page}"


def with_defaults() -> Flask:
    app = changed()
    for path, defaults in (("/x/", {"page": 1}), ("/x/page/<int:page>", None)):
        app.add_url_rule(path, "page", show_page, defaults=defaults, methods=["DELETE"])
    return app


@pytest.mark.parametrize(
    ("make", "path"),
    [
        (nested, "/child/x"),
        (with_login, "/x/secret"),
        (mounted, "/x/y"),
        (all_methods, "/x/secret"),
        (own_options, "/x/secret"),
        (own_options_beside_middleware, "/x/secret"),
        (with_defaults, "/x/page/1"),
    ],
)
def test_a_preflight_that_the_application_refuses_is_never_answered(make: Any, path: str) -> None:
    app = make()
    preflight = {"Origin": A, "Access-Control-Request-Method": "DELETE"}
    sent = app.test_client().options(path, headers=preflight)
    assert sent.status_code >= 300 or "DELETE" not in sent.headers.get("Access-Control-Allow-Methods", "")
    assert decide(edge_of(app, "preflights"), "OPTIONS", path, preflight) is None


def test_middleware_in_middleware_is_left_to_the_application() -> None:
    app = make_app()
    app.wsgi_app = CORSMiddleware(app.wsgi_app, origins=A)  # type: ignore[method-assign]
    CORS(app, middleware=True, origins="https://b.example")
    assert "all routes: both CORSMiddleware and middleware=True decide about them" in left_out(app)


def test_a_proxy_adds_nothing_to_a_class_with_a_decorated_method() -> None:
    app = make_app()
    app.add_url_rule("/class", view_func=Items.as_view("class"))
    assert decide(edge_of(app, "all"), "GET", "/class", {"Origin": A}) is None
    assert decide(edge_of(app, "all"), "GET", "/items", {"Origin": A}) is not None


def test_proxy_fix_changes_nothing() -> None:
    app = make_app()
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    preflight = {"Origin": A, "Access-Control-Request-Method": "PUT"}
    assert decide(edge_of(app, "preflights"), "OPTIONS", "/items", preflight) is not None


def test_names_that_could_take_long_together_are_left_to_the_application() -> None:
    assert "the headers that x-a.* allows are known to the application only" in left_out(
        make_app(allow_headers=["x-.*", "x-a.*", "Content-Type", "content-type"])
    )
    app = make_app(allow_headers=["Content-Type", "content-type", "x-.*"])
    assert left_out(app) == ""
    headers = {
        "Origin": A,
        "Access-Control-Request-Method": "PUT",
        "Access-Control-Request-Headers": "content-type,x-b",
    }
    assert decide(edge_of(app, "preflights"), "OPTIONS", "/items", headers)


def test_a_repeat_that_caddy_refuses_is_left_to_the_application() -> None:
    assert "known to the application only" in left_out(make_app(origins=[Regex(r"https://[a-z]{1001}\.example"), A]))
    assert "known to the application only" in left_out(make_app(origins=[Regex(r"(?:[a-z]{40}\.){30}example"), A]))
    assert left_out(make_app(origins=[Regex(r"https://[a-z]{1,63}\.example"), A])) == ""


def test_several_layers_that_decide_are_left_to_the_application() -> None:
    app = make_app(middleware=True)
    blueprint = Blueprint("blue", __name__)
    blueprint.add_url_rule("/blue", "view", lambda: "blue")
    CORS(blueprint, origins="https://blue.example")
    app.register_blueprint(blueprint)
    assert "/blue (blue.view): both the middleware and its Blueprint decide about it" in left_out(app)
    around = make_app()
    around.wsgi_app = CORSMiddleware(around.wsgi_app, origins="https://m.example")  # type: ignore[method-assign]
    headers = {"Origin": "https://m.example", "Access-Control-Request-Method": "PUT"}
    assert decide(edge_of(around, "preflights"), "OPTIONS", "/items", headers)


def test_before_request_is_noted() -> None:
    app = make_app()
    app.before_request(lambda: abort(401))
    result = run(app, "nginx")
    assert "before_request" in result.stderr
    assert "before_request" not in run(make_app(middleware=True), "nginx").stderr


# --- expressions ------------------------------------------------------------------------------------------------------

EXPRESSIONS = [
    r"https://.*\.b\.example$",
    r"https?://(?:[\w-]+\.)*app\.example(?::\d+)?\Z",
    r"(?i)https://A",
    r"^a|b$",
    r"(?a:[^a-z]\b\w+)",
    r"(?a:\bx\b)",
    "a{2,3}b?",
    r"https://[a-c.$\\'\"#{}-]+",
    "",
]


@pytest.mark.parametrize("pattern", EXPRESSIONS)
@given(st.text(alphabet=sorted(VISIBLE), max_size=12))
def test_a_portable_expression_matches_what_re_matches(pattern: str, text: str) -> None:
    rust = translate(re.compile(pattern)).rust
    assert rust is not None
    written = portable(rust, VISIBLE)
    assert re.fullmatch(r"[A-Za-z0-9/:_\\()\[\]{}|*+?^$,=-]*", written)
    for each in (text, f"https://{text}", f"https://x.b.example{text}", f"a{text}b"):
        assert bool(re.match(written, each)) == bool(re.match(pattern, each))


@pytest.mark.parametrize(
    ("pattern", "is_linear"),
    [
        (r"https://.*\.example$", True),
        (r"https?://(?:[a-z0-9-]+\.)*app\.example", True),
        (r"(?:[a-z]+\.)+[a-z]+$", True),
        (r"https://(?:[a-z0-9]+-?){20,}\.example$", False),
        (r"(?:a*)*b", False),
        (r"(?:a|a)*b", False),
        (r"(?:a|^a)*b", False),
        (r".*-.*-.*x", False),
        (r"(?:a?){30}a{30}", False),
        (r"(?:a|aa){30}b", False),
        (r"(?:a?|b?|c?|d?)e", False),
    ],
)
def test_expressions_that_could_take_long_are_found(pattern: str, is_linear: bool) -> None:
    assert takes_linear_time(str(translate(re.compile(pattern)).rust)) == is_linear


# --- the command ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("proxy", PROXIES)
def test_a_fragment_says_what_it_is_and_names_each_rule(proxy: str) -> None:
    app = make_app(origins=[A, Origin("https://b.example"), Subdomains("https://c.example")], max_age=60)
    result = run(app, proxy, "--name", "api")
    assert result.exit_code == 0
    assert f'"proxy": "{proxy}"' in result.stdout.splitlines()[0]
    for part in ("# /items/<int:number> (item)", "# /* of CORS(app)", "api_", "204"):
        assert part in result.stdout + run(app, "nginx", "--part", "location").stdout
    assert "flask_cors_" not in result.stdout
    assert run(app, proxy, "--name", "api").stdout == result.stdout


@pytest.mark.parametrize("proxy", PROXIES)
@pytest.mark.parametrize("character", [*"'\"`$#{}%;~ \\", "\n", "\x1b", "é"])
def test_what_would_need_quoting_is_in_comments_only(proxy: str, character: str) -> None:
    app = make_app(
        # A control character in an origin is an error at set-up.
        origins=[A, *([f"https://a{character}b.example"] if character.isprintable() else []), Origin(A)],
        allow_headers=["x-a", f"a{character}b"],
        resources={f"/a{character}b": {}, "/.*": {}},
    )
    app.add_url_rule(f"/a{character}b", f"a{character}b", lambda: "quoted")
    app.add_url_rule(f"/a{character}b/<name>", "named", lambda name: name)
    lines = run(app, proxy, "--scope", "all").stdout.splitlines()
    assert all(map(str.isprintable, lines))
    assert not [line for line in lines if f"a{character}b" in line and not line.lstrip().startswith("#")]
    assert not [line for line in lines if line.endswith("\\")]


def test_options_of_the_command() -> None:
    app = make_app(origins=[A, lambda origin: True])
    result = run(app, "nginx", "--strict")
    assert result.exit_code == 1
    assert "Left to the application: /* of CORS(app): the origins that a lambda allows" in result.stderr
    assert result.stdout == run(app, "nginx").stdout
    assert run(make_app(), "nginx", "--strict").exit_code == 0
    assert json.loads(run(app, "nginx", "--json").stdout)["fragment"] == result.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lighttpd"], "'lighttpd' is not one of 'nginx', 'haproxy', 'caddy', 'apache'"),
        ([], "name a proxy: nginx, haproxy, caddy, apache"),
        (["nginx", "--name", "a b"], "--name 'a b' is not valid: write at most 32"),
        (["caddy", "--part", "location"], "--part is for nginx only"),
        (["--check", "missing.conf"], "missing.conf: "),
    ],
)
def test_bad_arguments_are_explained(arguments: list[str], message: str) -> None:
    result = run(make_app(), *arguments)
    assert result.exit_code == 2
    assert message in " ".join(result.stderr.split())


def test_a_policy_that_allows_nothing_is_not_exported() -> None:
    app = make_app(origins=[])
    assert "it allows no origin that a proxy can know" in left_out(app)
    assert "the application: it has no policy that a proxy can apply" in left_out(app)
    assert run(app, "nginx").exit_code == 0


@pytest.mark.parametrize("arguments", [["nginx"], ["nginx", "--part", "location"], ["haproxy", "--scope", "all"]])
def test_a_deployed_file_is_compared(arguments: list[str], tmp_path: Path) -> None:
    file = tmp_path / "cors.conf"
    file.write_text(run(make_app(), *arguments).stdout)
    result = run(make_app(), "--check", str(file))
    assert (result.exit_code, " ".join(result.stdout.split())) == (0, f"{file} matches the application.")
    # HAProxy has no include, so the lines are pasted into a section and indented.
    around = "".join(f"    {line}\n" for line in ["mode http", *file.read_text().splitlines(), "server s 127.0.0.1:1"])
    file.write_text(f"backend api\n{around}")
    assert run(make_app(), "--check", str(file)).exit_code == 0
    file.write_text(file.read_text().replace("allow", "deny", 1))
    result = run(make_app(), "--check", str(file), "--json")
    assert result.exit_code == 1
    assert "The file has been edited" in json.loads(result.stdout)["reasons"][0]


def test_a_changed_policy_is_found(tmp_path: Path) -> None:
    file = tmp_path / "cors.conf"
    file.write_text(run(make_app(), "caddy").stdout)
    for changed in (make_app(origins="https://b.example"), make_app(max_age=5), make_app(resources="/items")):
        result = run(changed, "--check", str(file))
        assert result.exit_code == 1
        assert "The policies or routes of the application have changed" in result.stdout.replace("\n    ", " ")
        assert "edited" not in result.stdout


@pytest.mark.parametrize(
    "text", ["", "server {}", "# Made by flask cors export {}", '# Made by flask cors export {"proxy": 5}']
)
def test_a_file_of_another_kind_is_refused(text: str, tmp_path: Path) -> None:
    file = tmp_path / "cors.conf"
    file.write_text(text)
    result = run(make_app(), "--check", str(file))
    assert result.exit_code == 2
    assert "it was not written by `flask cors export`" in " ".join(result.stderr.split())


@pytest.mark.parametrize("library", [flask_cors, flask_cors_rs])
def test_the_middleware_beside_an_extension_without_it_is_left_to_the_application(library: Any) -> None:
    app = Flask(__name__)
    app.add_url_rule("/x", "x", lambda: "x", methods=["GET", "DELETE"])
    CORS(app, middleware=True, origins="https://a.example", supports_credentials=True)
    library.CORS(app, origins="https://a.example", methods=["GET"])
    assert "/x (x): an extension without the middleware may decide about it first" in left_out(app)
