"""Standing in for Flask-CORS: the names that programs import exist, and behave as in Flask-CORS."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from support.processes import run_python

if TYPE_CHECKING:
    from pathlib import Path

PREPARE = "import flask_cors_rs; flask_cors_rs.install_as_flask_cors()\n"


def output(code: str) -> str:
    """Run code in a new interpreter, because the stand-in concerns a whole process, and return its output."""
    result = run_python("-c", PREPARE + code)
    assert result.returncode == 0, result.stderr
    return result.stdout.strip()


def test_no_name_of_flask_cors_is_missing() -> None:
    code = """
import importlib, json
names = {}
for module in "flask_cors", "flask_cors.core", "flask_cors.decorator", "flask_cors.extension":
    names[module] = [name for name in vars(importlib.import_module(module)) if not name.startswith("_")]
print(json.dumps(names))
"""
    theirs, ours = json.loads(run_python("-c", code).stdout), json.loads(output(code))
    # What Flask-CORS imports for itself, for its annotations and from the standard library.
    own = {
        "annotations",
        "Any",
        "Blueprint",
        "Callable",
        "F",
        "Flask",
        "NullHandler",
        "PackageNotFoundError",
        "Response",
    }
    own |= {"TYPE_CHECKING", "TypeVar", "TypedDict", "Union", "cast", "dataclass", "timedelta", "unquote", "version"}
    own |= {"update_wrapper"}
    for module, names in theirs.items():
        assert set(names) - set(ours[module]) <= own


def test_the_names_that_programs_import_are_there() -> None:
    assert (
        output("""
from flask_cors import CORS, cross_origin, __version__, logging, core
from flask_cors.decorator import cross_origin
from flask_cors.extension import CORS, make_after_request_function
from flask_cors.core import (
    ACL_ORIGIN, ACL_METHODS, ACL_ALLOW_HEADERS, ACL_EXPOSE_HEADERS, ACL_CREDENTIALS, ACL_MAX_AGE,
    ACL_REQUEST_METHOD, ACL_REQUEST_HEADERS, ACL_RESPONSE_PRIVATE_NETWORK, ACL_REQUEST_HEADER_PRIVATE_NETWORK,
    ALL_METHODS, DEFAULT_OPTIONS, CONFIG_OPTIONS, FLASK_CORS_EVALUATED, LOG, RegexObject, get_cors_options,
    get_cors_headers, set_cors_headers, get_cors_origins, get_allow_headers, get_regexp_pattern, probably_regex,
    parse_resources, serialize_options, try_match_any_pattern, try_match_pattern, flexible_str, merge_options,
    get_app_kwarg_dict, ensure_iterable, sanitize_regex_param, re_fix)
import flask_cors, flask_cors_rs, importlib.util, inspect
assert inspect.getfile(flask_cors) == flask_cors.__file__
print(flask_cors.CORS is flask_cors_rs.CORS, __version__, importlib.util.find_spec("flask_cors").name, LOG.name)
""")
        == "True 6.0.5 flask_cors flask_cors.core"
    )


HELPERS = """
import re
from flask import Flask, Response
from werkzeug.datastructures import Headers
from flask_cors.core import *
from flask_cors.extension import make_after_request_function

app = Flask(__name__)
app.config.update(CORS_MAX_AGE="7", CORS_METHODS=["put", "GET"], CORS_VARY_HEADER=None)
options = get_cors_options(app, {"origins": ["http://b", "http://a", "http://.*c"]}, {"expose_headers": {"X", "Y"}})
again = get_cors_options(app, {"origins": options.origins})
print(get_cors_origins(again, "http://c"), [get_regexp_pattern(origin) for origin in options.origins])
print([try_match_any_pattern(origin, options.origins, False) for origin in ("http://c", "HTTP://B", "http://d")])
print([probably_regex(origin) for origin in options.origins], try_match_any_pattern("x", options.allow_headers))
print(options.max_age, options.methods, options.expose_headers, options.vary_header, options.supports_credentials)
print(get_cors_origins(options, None), get_cors_origins(options, "HTTP://B"), get_cors_origins(options, "http://d"))
print(get_allow_headers(options, None), repr(get_allow_headers(options, "x-b,x-a")))
asked = Headers({"Origin": "http://c", ACL_REQUEST_METHOD: "PUT", ACL_REQUEST_HEADERS: "x"})
print(list(get_cors_headers(options, asked, "OPTIONS").items(multi=True)))
with app.test_request_context("/a", headers={"Origin": "http://a"}):
    print(list(set_cors_headers(Response(), options).headers)[1:])
    hook = make_after_request_function([(re.compile("/a"), options)])
    print(list(hook(Response()).headers)[1:])
print([path for path, _ in parse_resources({"/a.*": {}, re.compile("/b"): {}, "/c": {}})])
print(flexible_str(["b", "a"]), flexible_str(None), flexible_str(5), probably_regex("a.b"), probably_regex("a?"))
print(try_match_any_pattern("A", ["b", "a"], caseSensitive=False), try_match_pattern("A", "a"), re_fix("*"))
print(get_regexp_pattern(re.compile("x")), ensure_iterable("x"), sanitize_regex_param(["*", "y"]))
print(merge_options(app, {"a": 1})["a"], get_app_kwarg_dict(app), sorted(CONFIG_OPTIONS)[0], RegexObject is re.Pattern)
try:
    serialize_options({"origins": "*", "supports_credentials": True, "send_wildcard": True})
except ValueError:
    print("refused")
"""


def test_the_helpers_answer_as_those_of_flask_cors() -> None:
    """A program that calls them prints the same with Flask-CORS itself."""
    theirs = run_python("-c", HELPERS)
    assert theirs.returncode == 0, theirs.stderr
    assert output(HELPERS) == theirs.stdout.strip()


def test_flask_cors_itself_is_refused_if_it_is_imported() -> None:
    result = run_python("-c", "import flask_cors\n" + PREPARE)
    assert result.returncode == 1
    assert "RuntimeError: Flask-CORS has already been imported" in result.stderr
    assert "python -m flask_cors_rs" in result.stderr


def test_it_may_be_installed_twice() -> None:
    assert output(PREPARE + "print('fine')") == "fine"


@pytest.mark.parametrize("name", ["flask_cors", "flask_cors.core"])
def test_the_loggers_of_flask_cors_switch_the_log_on(name: str) -> None:
    code = f"""
import logging
from flask import Flask
from flask_cors import CORS
records = []
class Keep(logging.Handler):
    def emit(self, record): records.append(record.name)
logging.getLogger("flask_cors").addHandler(Keep())
app = Flask(__name__)
CORS(app)
app.test_client().get("/")
print(len(records), end=" ")
logging.getLogger({name!r}).setLevel(logging.DEBUG)
app.test_client().get("/")
print(set(records))
"""
    assert output(code) == "0 {'flask_cors.core'}"


PROGRAM = "import sys, flask_cors; print(flask_cors.CORS.__module__, __name__, sys.argv[1:], sys.path[0] != '')"


def test_a_script_runs_on_it(tmp_path: Path) -> None:
    (tmp_path / "helper.py").write_text("HELP = 5\n")
    script = tmp_path / "script.py"
    script.write_text(PROGRAM + "\nimport helper\nsys.exit(helper.HELP)\n")
    result = run_python("-m", "flask_cors_rs", str(script), "a", "-m", "b")
    assert (result.returncode, result.stdout) == (5, "flask_cors_rs.extension __main__ ['a', '-m', 'b'] True\n")


def test_a_module_runs_on_it(tmp_path: Path) -> None:
    (tmp_path / "module.py").write_text(PROGRAM)
    result = run_python("-m", "flask_cors_rs", "-m", "module", "--flag", cwd=tmp_path)
    assert result.stdout == "flask_cors_rs.extension __main__ ['--flag'] True\n", result.stderr


@pytest.mark.parametrize("arguments", [(), ("-m",), ("-x",)])
def test_a_wrong_command_line_is_a_usage_error(arguments: tuple[str, ...]) -> None:
    result = run_python("-m", "flask_cors_rs", *arguments)
    assert result.returncode != 0
    assert "usage: python -m flask_cors_rs" in result.stderr


def test_a_star_import_brings_the_names_of_flask_cors_only() -> None:
    # Further names could replace those of the program.
    code = "from {} import *\nprint(sorted(globals()))"
    theirs, ours = (run_python("-c", code.format(package)) for package in ("flask_cors", "flask_cors_rs"))
    assert "cross_origin" in ours.stdout
    assert ours.stdout == theirs.stdout


def test_dir_has_names_that_have_not_been_used_yet() -> None:
    names = run_python("-c", "import flask_cors_rs\nprint(*dir(flask_cors_rs))").stdout.split()
    assert {"CORS", "CORSMiddleware", "Subdomains", "audit", "__name__"} <= {*names}


def test_the_modules_are_attributes_of_the_package() -> None:
    # A program can say `flask_cors.core.get_cors_options` without importing `flask_cors.core`.
    for package in ("flask_cors", "flask_cors_rs"):
        for name in ("core", "decorator", "extension"):
            result = run_python("-c", f"import {package}\nprint({package}.{name}.__name__)")
            assert result.stdout.strip() == f"{package}.{name}", result.stderr
