"""Headless Chromium gives the same result as `check` for every misconfiguration, and goes through nginx.

``make e2e`` runs it.
"""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from edge.proxies import Site, behind, program
from flask_cors_rs import explain
from flask_cors_rs._diagnostics.explain import explain_url
from support.misconfigurations import CASES, Case, make_app
from support.servers import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

SCRIPT = """
async ([url, init, header]) => {
    try {
        const response = await fetch(url, init);
        return {status: response.status, header: header && response.headers.get(header)};
    } catch (error) {
        return {error: String(error)};
    }
}
"""

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    # The pages do not come from a network, and access to this machine is not what is tested.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine."""
    assert CHROMIUM, "Chromium is not on the PATH: install it, or set CHROMIUM to its path"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print(f"Chromium {browser.version}")
        yield browser
        browser.close()


def visit(browser: Browser, case: Case, base: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """Send the request from a page of its origin.

    :returns: what the script gets, the CORS errors of DevTools, and the lines of the console
    """
    context = browser.new_context()
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    failures: list[dict[str, Any]] = []
    console: list[str] = []

    def fulfill(event: dict[str, Any]) -> None:
        answer = {"requestId": event["requestId"], "responseCode": 200, "body": ""}
        headers = [{"name": "Content-Type", "value": "text/html"}]
        devtools.send("Fetch.fulfillRequest", {**answer, "responseHeaders": headers})

    devtools.send("Network.enable")
    devtools.on("Network.loadingFailed", lambda event: failures.append(event))  # noqa: PLW0108 - playwright sets attributes on the handler
    devtools.on("Fetch.requestPaused", fulfill)
    page.on("console", lambda message: console.append(message.text))
    if case.origin == "null":
        page.goto("data:text/html,<p>")
    else:
        # The page itself is answered here, so that only the application needs a server.
        devtools.send("Fetch.enable", {"patterns": [{"urlPattern": f"{case.origin}/*"}]})
        page.goto(f"{case.origin}/")
    init = {
        "method": case.method,
        "headers": dict(case.headers),
        "credentials": "include" if case.credentials else "omit",
    }
    result: dict[str, Any] = page.evaluate(SCRIPT, [base + case.path, init, case.unreadable])
    page.wait_for_timeout(50)
    context.close()
    errors = [failure["corsErrorStatus"] for failure in failures if "corsErrorStatus" in failure]
    return result, errors, console


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.title)
def test_the_browser_and_check_agree(case: Case, browser: Browser) -> None:
    question: dict[str, Any] = {"headers": case.headers, "credentials": case.credentials}
    explained = explain(make_app(case), case.origin, case.method, case.path, **question).outcome
    with serving(make_app(case), "localhost") as base:
        result, errors, console = visit(browser, case, base)
        by_url = explain_url(base, case.origin, case.method, case.path, **question).outcome
    print(result, errors, console)
    assert (by_url.error, by_url.parameter) == (explained.error, explained.parameter)
    assert ("error" in result) == (explained.error is not None)
    assert {error["corsError"] for error in errors} == ({explained.error} if explained.error else set())
    if explained.error is None:
        assert result["status"] == explained.steps[-1].response.status
        if case.unreadable is not None:
            assert result["header"] is None
            assert case.unreadable in explained.hidden
    else:
        assert explained.message is not None
        assert explained.message.replace("http://localhost/", f"{base}/") in console
        if case.parameter is not None:
            assert explained.parameter in {error["failedParameter"] for error in errors}


@pytest.mark.parametrize("case", [case for case in CASES if case.error is None], ids=lambda case: case.title)
def test_the_browser_gets_the_same_through_nginx(case: Case, browser: Browser, tmp_path: Path) -> None:
    if program("nginx") is None:
        pytest.skip("nginx is not installed: `make edge` installs it where apt-get is available")
    app = make_app(case)
    with serving(app, "localhost") as base:
        directly = visit(browser, case, base)
        backend = int(base.rpartition(":")[2])
        with behind("nginx", [Site("localhost", app, "all")], backend, tmp_path) as port:
            through = visit(browser, case, f"http://localhost:{port}")
    assert through[0] == directly[0]
    assert through[1] == directly[1] == []
    assert "error" not in through[0]
