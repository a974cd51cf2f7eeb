"""The examples in the README and the documentation run, and the documentation is complete."""

from __future__ import annotations

import re
import runpy
import shlex
import sys
from ast import literal_eval
from importlib.util import find_spec
from shutil import copytree
from typing import TYPE_CHECKING, Any

import pytest

from flask_cors_rs._diagnostics.explain import DOCUMENTED_ERRORS
from flask_cors_rs._options.parse import DEFAULT_OPTIONS
from support import ROOT
from support.documentation import EXAMPLES, PAGES, example
from support.processes import run_python
from support.sessions import replayed

if TYPE_CHECKING:
    from pathlib import Path

    from flask import Flask

ALLOW_ORIGIN = "Access-Control-Allow-Origin"
NAMES = """
from flask import Flask
from flask_cors_rs import CORS, cross_origin
app = Flask("example")
def is_tenant(origin):
    return origin == "https://tenant.example"
"""
"""The names that an example can use without defining them."""


def run(source: str, **names: Any) -> dict[str, Any]:
    """Run an example, and return its names."""
    names["__name__"] = "example"
    exec(NAMES + source, names)
    return names


@pytest.mark.parametrize(
    ("page", "code"), [pytest.param(page, code, id=f"{page}-{code[:30]!a}") for page, code in EXAMPLES]
)
def test_every_example_runs(page: str, code: str) -> None:
    """Each example runs in a new process, because some of them change the whole process."""
    if re.match("# (Django|Falcon|Bottle)", code):
        pytest.skip("test_frameworks.py runs the examples of frameworks")
    result = run_python("-c", NAMES + code)
    assert result.returncode == 0, f"{page}\n{code}\n{result.stderr}"


def answers(app: Flask, path: str, *origins: str) -> list[str | None]:
    client = app.test_client()
    return [client.get(path, headers={"Origin": origin}).headers.get(ALLOW_ORIGIN) for origin in origins]


@pytest.mark.usefixtures("engine")
def test_the_example_with_resources() -> None:
    app = run(example("resources=", '"/account/.*"'))["app"]
    app.add_url_rule("/account/me", endpoint="me", view_func=lambda: "me")
    response = app.test_client().get("/account/me", headers={"Origin": "https://shop.example"})
    assert response.headers["Access-Control-Allow-Origin"] == "https://shop.example"
    assert response.headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.usefixtures("engine")
def test_the_example_of_the_decorator() -> None:
    app = run(example("@cross_origin", "partner"))["app"]
    response = app.test_client().post("/widget", headers={"Origin": "https://eu.partner.example"})
    assert response.json == {"accepted": True}
    assert response.headers["Access-Control-Allow-Origin"] == "https://eu.partner.example"


@pytest.mark.usefixtures("engine")
def test_the_examples_of_policies() -> None:
    explicit = run(example("app = ", "Origin(", "Subdomains(", "Regex("))["app"]
    allowed = ["https://shop.example", "https://a.tenants.example", "https://pr-1.preview.example"]
    assert answers(explicit, "/", *allowed) == allowed
    assert answers(explicit, "/", "https://tenants.example", "https://shop.example.evil.org") == [None, None]
    function = run(example("def is_tenant", "Cached("))["app"]
    assert answers(function, "/", "https://a.example", "https://c.example") == ["https://a.example", None]
    caches = run(example("app = ", 'vary_header="always"'))["app"]
    assert caches.test_client().get("/").headers["Vary"] == "Origin"
    errors = run(example("intercept_exceptions=True", "abort(418)"))["app"]
    assert answers(errors, "/teapot", "https://shop.example") == ["https://shop.example"]


@pytest.mark.usefixtures("engine")
@pytest.mark.skipif(not find_spec("asgiref"), reason="Flask's async support is not installed")
def test_the_example_of_tenants() -> None:
    app = runpy.run_path(str(ROOT / "examples" / "tenants.py"))["create_app"]()
    app.url_map.strict_slashes = True
    allowed = ["https://app.example", "https://x.tenants.example", "https://pr-1.preview.example"]
    allowed.append("https://shop.customer.example")
    assert answers(app, "/api/orders/", *allowed, "https://other.example") == [*allowed, None]
    partner = "https://eu.partner.example"
    for number, status in ((1, 200), (3, 404)):
        response = app.test_client().get(f"/api/orders/{number}", headers={"Origin": partner})
        assert (response.status_code, response.headers[ALLOW_ORIGIN]) == (status, partner)
    ask = {"Origin": allowed[0], "Access-Control-Request-Method": "GET"}
    assert app.test_client().options("/api/orders", headers=ask).status_code == 204


def test_every_option_is_documented_with_its_default() -> None:
    page = PAGES["docs/options.md"]
    defaults = re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", page, re.MULTILINE)
    assert {name: literal_eval(default) for name, default in defaults} == DEFAULT_OPTIONS
    assert re.findall(r"^## `(\w+)`$", page, re.MULTILINE) == [name for name, _ in defaults]


@pytest.mark.parametrize(
    ("command", "output"),
    re.findall(r"```console\n\$ (flask [^\n]*)\n(.+?)```", PAGES["docs/diagnostics.md"], re.DOTALL),
)
def test_commands_print_what_the_documentation_shows(command: str, output: str, engine: str) -> None:
    result = run_python("-m", *shlex.split(command), cwd=ROOT, COLUMNS="80", FLASK_CORS_RS_BACKEND=engine)
    assert not result.stderr
    assert result.stdout == output


def test_relative_links_lead_somewhere() -> None:
    for page, text in PAGES.items():
        for target in re.findall(r"\]\((?!https?://|mailto:)([^)#\s]*)(?:#[^)]*)?\)", text):
            assert not target or (ROOT / page).parent.joinpath(target).exists(), f"{page} links to {target}"
        for target in re.findall(
            r"^\[.+\]: https://github\.com/flask-cors-rs/flask-cors-rs/blob/main/(\S+)$", text, re.MULTILINE
        ):
            assert (ROOT / target).exists(), f"{page} links to {target}"


def test_the_readme_has_no_relative_links() -> None:
    """They would lead nowhere on PyPI."""
    text = PAGES["README.md"]
    assert not re.search(r"\]\((?!https?://)", text)
    names = set(re.findall(r"^\[(.+)\]: https://", text, re.MULTILINE))
    assert {name.lower() for name in re.findall(r"\[[^\]]+\]\[([^\]]+)\]", text)} < names


def test_the_sessions_of_the_tutorial_have_this_output(tmp_path: Path) -> None:
    page = PAGES["docs/tutorial.md"]
    assert replayed(page, tmp_path) == page


@pytest.mark.parametrize("name", ["blocked", "edge", "switching"])
def test_the_commands_of_the_guides_have_this_output(name: str, tmp_path: Path) -> None:
    copytree(ROOT / "examples", tmp_path, dirs_exist_ok=True)
    page = PAGES[f"docs/{name}.md"]
    assert replayed(page, tmp_path) == page


def test_each_error_of_check_links_to_its_section() -> None:
    anchors = re.findall(r'^<a id="(.*)"></a>$', PAGES["docs/blocked.md"], re.MULTILINE)
    assert sorted(anchors) == sorted(error.lower() for error in DOCUMENTED_ERRORS)


def test_every_page_is_on_the_site() -> None:
    index = PAGES["docs/index.md"]
    for page in PAGES:
        name = page.removeprefix("docs/").removesuffix(".md")
        if page.startswith("docs/") and name != "index":
            assert f"({name}.md)" in index
            assert re.search(rf"^{name}$", index, re.MULTILINE)


@pytest.mark.skipif(sys.version_info < (3, 11), reason="the pages are generated on a newer Python")
@pytest.mark.parametrize("tool", sorted(path.name for path in (ROOT / "tools").glob("document_*.py")))
def test_generated_pages_are_current(tool: str) -> None:
    pytest.importorskip("flask_cors_rs._rust", reason="the pages are generated with the Rust engine")
    done = run_python(str(ROOT / "tools" / tool), "--check")
    assert done.returncode == 0, done.stdout + done.stderr
