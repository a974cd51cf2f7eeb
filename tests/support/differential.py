"""Applications that are created twice from one description, with Flask-CORS and with this package, to compare them."""

from __future__ import annotations

import random
import re
from datetime import timedelta
from importlib.metadata import version
from typing import Any, NamedTuple

from flask import Blueprint, Flask, Response, abort
from hypothesis import strategies as st

from support.wsgi import Answer, ask


class Generator(list[Any]):
    """The items of a generator. Each application gets its own generator."""


def fresh(value: Any) -> Any:
    """Return a copy of a value for one application."""
    if isinstance(value, Generator):
        return iter([fresh(item) for item in value])
    if type(value) is dict:
        return {key: fresh(item) for key, item in value.items()}
    if type(value) in {list, set, tuple}:
        return type(value)(fresh(item) for item in value)
    return value


def without_generators(options: dict[str, Any]) -> dict[str, Any]:
    """Return options with lists instead of generators."""
    return {name: list(value) if isinstance(value, Generator) else value for name, value in options.items()}


def one_or_many(items: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Generate a scalar or an iterable of some kind."""
    lists = st.lists(items, max_size=4)
    return st.one_of(
        items,
        lists,
        lists.map(tuple),
        lists.map(set),
        lists.map(Generator),
        lists.map(lambda some: dict.fromkeys(some).keys()),
        lists.map(lambda some: dict.fromkeys(some, 1)),
    )


BAD_REGEX = "https://["
ORIGINS = one_or_many(
    st.one_of(
        st.sampled_from(
            ["*", "https://a.example", "HTTPS://A.EXAMPLE", "https://b.example", "", "null", "https://\u00e9"]
        ),
        st.sampled_from(
            [r"https://.*\.b\.example$", "https?://a", ".*", r"https://\w+$", "stra\u00dfe", "a.b", "a+b|c"]
        ),
        st.sampled_from([re.compile("https://[ab]"), re.compile("HTTPS"), re.compile("HTTPS", re.I), re.compile(".*")]),
        st.sampled_from([None, 5, b"x", True, "None"]),
    )
)
ALLOW_HEADERS = one_or_many(
    st.sampled_from(["*", "x-a", "X-B", "x-.*", re.compile("X-"), "", "content-type", None, r"[\w-]+$", "x-\u00e9"])
)
METHODS = st.one_of(
    st.sampled_from(["GET", "get, put", "GET,PUT,,x", "*", "", None, 5, "OPTIONS"]),
    one_or_many(st.sampled_from(["GET", "put", "OPTIONS", "X-Y", "\u00dfx"])),
)
EXPOSE_HEADERS = st.one_of(st.sampled_from([None, "", "X-E", 5]), one_or_many(st.sampled_from(["X-E", "b", "a", "*"])))
MAX_AGES: st.SearchStrategy[Any] = st.sampled_from(
    [
        None,
        0,
        5,
        "0",
        "",
        "10",
        True,
        False,
        1.5,
        0.0,
        -1,
        timedelta(0),
        timedelta(seconds=90.7),
        timedelta(-1),
        [],
        # Werkzeug 2 decodes bytes in a header, with a warning.
        *([b"7"] if version("werkzeug") >= "3" else []),
    ]
)
FLAGS: st.SearchStrategy[Any] = st.sampled_from([True, False, True, False, None, "false", "", 1, []])

OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "origins": ORIGINS,
    "methods": METHODS,
    "allow_headers": ALLOW_HEADERS,
    "expose_headers": EXPOSE_HEADERS,
    "max_age": MAX_AGES,
    "supports_credentials": FLAGS,
    "send_wildcard": FLAGS,
    "automatic_options": FLAGS,
    "vary_header": FLAGS,
    "always_send": FLAGS,
    "allow_private_network": FLAGS,
    "intercept_exceptions": FLAGS,
    "unknown": st.just("x"),
    "ORIGINS": st.just("x"),
}
KEYWORDS = st.fixed_dictionaries({}, optional=OPTIONS)
WRONG = st.sampled_from(
    [
        {"origins": BAD_REGEX},
        {"origins": ["*"], "supports_credentials": True, "send_wildcard": True},
        {"allow_headers": ["x", "("]},
        {"methods": ["GET", 5]},
        {"expose_headers": [None, "x"]},
    ]
)
PATHS = st.sampled_from(
    [
        "*",
        "/*",
        "/api/*",
        "/api/.*",
        "/plain",
        "/d",
        "/(own|vary)",
        "/café",
        "/a b",
        "/%41",
        "",
        "/.*",
        "/api/v1/.*",
        "/A",
        re.compile("/d"),
        re.compile("/API", re.I),
        re.compile("/.*/"),
        re.compile("/api/v[0-9]+$"),
    ]
)
RESOURCES = st.one_of(
    PATHS,
    st.lists(PATHS, max_size=4),
    st.lists(PATHS, max_size=3).map(set),
    st.lists(PATHS, max_size=3).map(Generator),
    *[st.dictionaries(PATHS, st.one_of(KEYWORDS, st.just({})), max_size=5)] * 6,
    st.dictionaries(PATHS, st.one_of(KEYWORDS, WRONG), max_size=2),
    st.sampled_from([None, 5, "/[", {"/a": None}, {}, [], [None, 7], {"/plain": []}]),
)
LEVEL = st.one_of(
    KEYWORDS,
    st.builds(lambda keywords, resources: {**keywords, "resources": resources}, KEYWORDS, RESOURCES),
)


class Case(NamedTuple):
    """The description of an application."""

    config: dict[str, Any]
    extensions: list[tuple[dict[str, Any], dict[str, Any] | None]]
    """The keywords of each constructor, and those of init_app; None where the constructor gets the application."""
    blueprint: dict[str, Any] | None
    decorators: list[dict[str, Any]]
    """The options of the decorated views /d0, /d1 and so on."""
    seed: int


CASES = st.builds(
    Case,
    config=st.fixed_dictionaries(
        {}, optional={**{k: v for k, v in OPTIONS.items() if k.islower()}, "resources": RESOURCES}
    ).map(lambda options: {f"CORS_{name.upper()}": value for name, value in options.items()}),
    extensions=st.lists(st.tuples(st.one_of([LEVEL] * 9 + [WRONG]), st.one_of(st.none(), LEVEL)), max_size=2),
    blueprint=st.one_of(st.none(), LEVEL),
    decorators=st.lists(st.one_of([KEYWORDS] * 9 + [WRONG]), min_size=2, max_size=3),
    seed=st.integers(0, 2**32),
)


def make_app(case: Case, library: Any) -> Flask:
    """Return the application with ``CORS`` and ``cross_origin`` of a library."""
    app = Flask(__name__)
    app.logger.disabled = True
    app.config.update(fresh(case.config))
    for path in ("/plain", "/api/v1/x", "/api/v2", "/caf\u00e9", "/a b", "/A", "/strict/"):
        app.add_url_rule(path, endpoint=path.replace(".", "_"), view_func=lambda: "hello", methods=["GET", "PUT"])
    app.add_url_rule(
        "/own", view_func=lambda: Response("own", headers={"Access-Control-Allow-Origin": "mine"}), endpoint="own"
    )
    app.add_url_rule(
        "/empty", view_func=lambda: Response("", headers={"access-control-allow-origin": ""}), endpoint="empty"
    )
    app.add_url_rule("/vary", view_func=lambda: Response("vary", headers={"Vary": "Accept"}), endpoint="vary")
    app.add_url_rule("/abort", view_func=lambda: abort(418), endpoint="abort")
    app.add_url_rule("/raise", view_func=lambda: str(1 // 0), endpoint="raise")
    blueprint = Blueprint("blueprint", __name__)
    blueprint.add_url_rule("/api/blue", view_func=lambda: "blue", endpoint="blue")
    blueprint.add_url_rule("/blue/abort", view_func=lambda: abort(409), endpoint="abort")
    if case.blueprint is not None:
        library.CORS(blueprint, **fresh(case.blueprint))
    for constructor, init_app in case.extensions:
        if init_app is None:
            library.CORS(app, **fresh(constructor))
        else:
            library.CORS(**fresh(constructor)).init_app(app, **fresh(init_app))
    app.register_blueprint(blueprint)
    for number, options in enumerate(case.decorators):
        view = library.cross_origin(**fresh(options))(lambda: ("decorated", 201))
        app.add_url_rule(f"/d{number}", view_func=view, endpoint=f"d{number}", methods=["GET", "PUT"])
    nested = library.cross_origin(**fresh(case.decorators[0]))(lambda: "nested")
    app.add_url_rule("/nested", view_func=library.cross_origin(**fresh(case.decorators[1]))(nested), endpoint="nested")
    return app


REQUEST_PATHS = [
    "/plain",
    "/api/v1/x",
    "/api/v2",
    "/cafÃ©",
    "/a b",
    "/A",
    "/%41",
    "/strict",
    "/strict/",
    "//plain",
    "/missing",
    "/own",
    "/empty",
    "/vary",
    "/abort",
    "/raise",
    "/api/blue",
    "/blue/abort",
    "/d0",
    "/d1",
    "/d2",
    "/nested",
    "/%2561",
    "/ÿ",
]
REQUEST_ORIGINS = [
    "https://a.example",
    "https://a.example",
    "https://b.example",
    "HTTPS://a.EXAMPLE",
    "https://x.b.example",
    "null",
    "*",
    "",
    None,
    None,
    "https://c.example",
    "STRASSE",
    "a.b",
    "https://aé",
    "None",
    "5",
    "https://" + "a" * 300,
    "https://a.example\nb",
    "\r",
    "https://É",
]
REQUEST_METHODS = ["GET", "GET", "OPTIONS", "OPTIONS", "OPTIONS", "HEAD", "PUT", "POST", "options", "X"]
WANTED_METHODS = [
    "GET",
    "PUT",
    "put",
    "POST",
    "OPTIONS",
    "X-Y",
    "DELETE",
    "SSX",
    "\u00dfx",
    "",
    None,
    "ET",
    ", ",
    "T, P",
    "*",
]
WANTED_HEADERS = [
    None,
    "",
    "x-a",
    "x-a, X-B",
    "X-B,x-a,x-a",
    "content-type , x-c",
    ",",
    "x-a,,x-b",
    "\x1cx-a\x1f,\x85x-b\xa0",
    " ",
    "\t",
    "x-é, X-É",
    "x-a\r\nx: y, x-b",
    "X-A;q=1",
    "y",
    "x-a" * 200,
]
NETWORKS = [None, None, None, "true", "True", "false", ""]


def requests(seed: int, count: int) -> list[dict[str, Any]]:
    """Return random WSGI environs."""
    choose = random.Random(seed).choice
    environs = []
    for _ in range(count):
        variables = {
            "REQUEST_METHOD": choose(REQUEST_METHODS),
            "PATH_INFO": choose(REQUEST_PATHS),
            "HTTP_ORIGIN": choose(REQUEST_ORIGINS),
            "HTTP_ACCESS_CONTROL_REQUEST_METHOD": choose(WANTED_METHODS),
            "HTTP_ACCESS_CONTROL_REQUEST_HEADERS": choose(WANTED_HEADERS),
            "HTTP_ACCESS_CONTROL_REQUEST_PRIVATE_NETWORK": choose(NETWORKS),
        }
        environs.append({name: value for name, value in variables.items() if value is not None})
    return environs


def ask_flask_cors(app: Flask, environ: dict[str, Any]) -> Answer:
    """Return the response of an application with Flask-CORS, or a made-up one where an exception leaves it."""
    try:
        return ask(app, environ)
    except ValueError as error:
        return Answer("500 the exception leaves the application", [], str(error).encode())


PREFLIGHT_ONLY = {"Access-Control-Allow-Headers", "Access-Control-Max-Age", "Access-Control-Allow-Methods"}


def has_line_break(value: str) -> bool:
    """Whether a value would end a header."""
    return re.search("[\r\n]", value) is not None


def agree(case: Case, environ: dict[str, Any], theirs: Answer, ours: Answer) -> bool:
    """Whether two responses are the same, apart from the intended differences."""
    if theirs == ours:
        return True
    ours_fails = ours.status.startswith("500")
    broken = any(has_line_break(value) for _, value in ours.headers)
    if theirs.status.startswith("500") and (not ours_fails or not theirs.headers):
        # Flask-CORS fails to send a line break, and on a wrong configuration that only the decorator reads.
        return not broken and (not ours_fails or environ["PATH_INFO"] == "/raise")
    if theirs.status == ours.status == "500 INTERNAL SERVER ERROR" and has_line_break(environ.get("HTTP_ORIGIN", "")):
        # Where one extension fails so after an error of the application, Flask does not run the others either.
        return not broken and set(theirs.headers) <= set(ours.headers)
    ours_headers, theirs_headers = ours.headers, theirs.headers
    if has_zero(case):
        # We send max_age=0, and Flask-CORS does not.
        zero = ("Access-Control-Max-Age", "0")
        ours_headers = [header for header in ours_headers if header != zero]
        theirs_headers = [header for header in theirs_headers if header != zero]
    if environ.get("HTTP_ACCESS_CONTROL_REQUEST_METHOD") in {"ET", ", ", "T, P"}:
        # We compare whole methods, and Flask-CORS searches in the joined list.
        theirs_headers = [header for header in theirs_headers if header[0] not in PREFLIGHT_ONLY]
    return (theirs.status, theirs_headers, theirs.body) == (ours.status, ours_headers, ours.body)


ALLOW_ORIGIN = "Access-Control-Allow-Origin"
CORS_HEADERS = {"Vary", ALLOW_ORIGIN, "Access-Control-Expose-Headers", *PREFLIGHT_ONLY}
CORS_HEADERS |= {"Access-Control-Allow-Credentials", "Access-Control-Allow-Private-Network"}


def is_preflight(environ: dict[str, Any]) -> bool:
    """Whether the middleware may answer a request itself."""
    variables = ("HTTP_ORIGIN", "HTTP_ACCESS_CONTROL_REQUEST_METHOD")
    return environ["REQUEST_METHOD"] == "OPTIONS" and all(map(environ.get, variables))


def cors_headers(answer: Answer) -> list[tuple[str, str]]:
    """Return the CORS headers, each once. Flask-CORS sends some twice on errors."""
    return list(dict.fromkeys(header for header in answer.headers if header[0] in CORS_HEADERS))


def allows(answer: Answer, environ: dict[str, Any]) -> bool:
    """Whether the response to a preflight allows the request."""
    headers = dict(cors_headers(answer))
    asked = (name.strip() for name in environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", "").split(","))
    return (
        headers.get("Access-Control-Allow-Origin") in {"*", environ["HTTP_ORIGIN"]}
        and "Access-Control-Allow-Methods" in headers
        and set(headers.get("Access-Control-Allow-Headers", "").split(", ")) >= set(filter(None, asked))
    )


def same_without_cors(theirs: Answer, ours: Answer) -> bool:
    """Whether two responses are the same, apart from CORS headers."""
    rest = [sorted(header for header in answer.headers if header[0] not in CORS_HEADERS) for answer in (theirs, ours)]
    return rest[0] == rest[1] and theirs.status == ours.status


def agree_with_middleware(case: Case, environ: dict[str, Any], theirs: Answer, ours: Answer) -> bool:
    """Whether the middleware and Flask-CORS agree: the same headers, and for preflights its own status codes."""
    if is_preflight(environ) and theirs.status[0] in "34" and len(case.extensions) > 1:
        # An error or redirect never allows a preflight, and on these the first extension comes before the last.
        return ours.status in {"204 No Content", "403 Forbidden"} or not dict(theirs.headers).get(ALLOW_ORIGIN)
    if theirs.status[0] == "3":
        # The middleware uses the policy of the target, as tests/test_middleware.py shows.
        answered = ours.status in {"204 No Content", "403 Forbidden"}
        return (is_preflight(environ) and answered) or same_without_cors(theirs, ours)
    if ours.status == "403 Forbidden":
        whole = environ["HTTP_ACCESS_CONTROL_REQUEST_METHOD"] not in {"ET", ", ", "T, P"}
        # Flask-CORS fails on a line break, and that response may have the headers of the extension.
        theirs_allows = whole and theirs.status[0] != "5" and allows(theirs, environ)
        sent = {name for name, _ in cors_headers(ours)}
        return is_preflight(environ) and sent <= {"Vary"} and not theirs_allows
    if ours.status == "204 No Content":
        if theirs.status.startswith("500"):
            return not any(has_line_break(value) for _, value in ours.headers)
        return allows(theirs, environ) and agree(
            case,
            environ,
            theirs._replace(headers=cors_headers(theirs)),
            ours._replace(status=theirs.status, body=theirs.body),
        )
    rest = [sorted(header for header in answer.headers if header[0] not in CORS_HEADERS) for answer in (theirs, ours)]
    return agree(
        case,
        environ,
        theirs._replace(headers=[*cors_headers(theirs), *rest[0]]),
        ours._replace(headers=[*cors_headers(ours), *rest[1]]),
    )


def has_zero(value: Any) -> bool:
    """Whether a description contains the number 0."""
    if isinstance(value, dict):
        return any(map(has_zero, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_zero, value))
    return type(value) is int and value == 0
