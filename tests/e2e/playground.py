"""The playground of the documentation, in headless Chromium. ``make e2e`` builds the site and runs it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from e2e.chromium import CHROMIUM, FLAGS
from flask_cors_rs import explain
from support import ROOT
from support.misconfigurations import Case, make_app
from support.playground import TYPED, question
from support.servers import started

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

SITE = ROOT / "docs" / "_build" / "html"


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    """The playground, in the Chromium of this machine. It may ask no other server than that of the site."""
    assert CHROMIUM, "Chromium is not on the PATH: install it, or set CHROMIUM to its path"
    assert (SITE / "playground.html").exists(), "the site is not built: run `make docs`"
    command = [sys.executable, "-m", "http.server", "{port}", "--bind", "127.0.0.1", "--directory", str(SITE)]
    with started(*command) as port, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"http://127.0.0.1:{port}/playground.html")
        yield page
        browser.close()
        base = f"http://127.0.0.1:{port}/"
        assert [url for url in asked if not url.startswith((base, f"blob:{base}"))] == []


def ask(page: Page, fields: dict[str, str | bool]) -> str:
    """Fill in the form, and return the answer as text."""
    for name, value in fields.items():
        field = page.locator(f'#playground-form [name="{name}"]')
        if isinstance(value, bool):
            field.set_checked(value)
        else:
            field.fill(value)
    page.click("#playground-form button")
    page.wait_for_selector('#playground-result[data-state="done"]', timeout=90_000)
    answer: str = page.inner_text("#playground-result")
    return answer


@pytest.mark.parametrize(("case", "arguments"), TYPED, ids=[case.title for case, _ in TYPED])
def test_the_sentences_are_those_of_check(case: Case, arguments: str, page: Page) -> None:
    expected = explain(
        make_app(case), case.origin, case.method, case.path, headers=case.headers, credentials=case.credentials
    )
    answer = ask(page, question(case, arguments))
    if expected.allowed:
        assert "Allowed: the page gets the response." in answer
    else:
        assert f"Blocked. {expected.outcome.message}" in answer
    # The playground has a view for every path, so each resource is reached by a route. It has no second Python in which
    # to try an expression.
    elsewhere = {"CORS015", "CORS016", "CORS017", "CORS018"}
    assert all(finding in answer for finding in case.findings if finding not in elsewhere)


def test_the_page_survives_an_expression_that_takes_exponential_time(page: Page) -> None:
    case, arguments = next((case, arguments) for case, arguments in TYPED if "CORS018" in case.findings)
    hostile = case._replace(origin="https://" + "a" * 60 + ".evil.example")
    # The page has the Python engine only. It stays usable, and says what the cause may be.
    answer = ask(page, question(hostile, arguments))
    assert "There was no answer after 20 seconds. Does an expression take exponential time?" in answer
    assert "Allowed: the page gets the response." in ask(page, question(case, arguments))


def test_what_is_typed_is_shown_as_text(page: Page) -> None:
    fields = question(TYPED[0][0], 'origins="<img src=x onerror=alert(1)>"')
    assert "<img src=x onerror=alert(1)>" in ask(page, fields)
    assert page.locator("#playground-result img").count() == 0


def test_an_error_of_set_up_is_shown(page: Page) -> None:
    answer = ask(page, question(TYPED[0][0], "origins=Origin('https://A.example')"))
    assert "browsers send an origin in lower case: write Origin('https://a.example')" in answer
