"""Every misconfiguration in a real browser: headless Chromium must say what `check` says. Run by ``make e2e``."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright
from werkzeug.serving import make_server

from flask_cors_rs import explain
from flask_cors_rs._explain import explain_url
from misconfigurations import CASES, Case, make_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flask import Flask
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
    # The pages are on no network at all: whether they may ask for this machine is not what is tested.
    "--disable-features=LocalNetworkAccessChecks,BlockInsecurePrivateNetworkRequests",
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Chromium, as the machine has it."""
    assert CHROMIUM, "there is no Chromium: install it, or say where it is in CHROMIUM"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        print(f"Chromium {browser.version}")
        yield browser
        browser.close()


class Served:
    """An application on a port of this machine."""

    def __init__(self, app: Flask) -> None:
        self._server = make_server("localhost", 0, app, threaded=True)
        self.base = f"http://localhost:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> str:
        self._thread.start()
        return self.base

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def visit(browser: Browser, case: Case, base: str) -> tuple[dict[str, Any], list[dict[str, Any]], list[str]]:
    """What a page of the case's origin gets, the CORS errors that DevTools tell, and what the console says."""
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
    devtools.on("Network.loadingFailed", lambda event: failures.append(event))  # noqa: PLW0108 - it is given attributes
    devtools.on("Fetch.requestPaused", fulfill)
    page.on("console", lambda message: console.append(message.text))
    if case.origin == "null":
        page.goto("data:text/html,<p>")
    else:
        # The page itself, and only that, needs no server.
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
def test_the_browser_says_what_check_says(case: Case, browser: Browser) -> None:
    question: dict[str, Any] = {"headers": case.headers, "credentials": case.credentials}
    told = explain(make_app(case), case.origin, case.method, case.path, **question).outcome
    with Served(make_app(case)) as base:
        result, errors, console = visit(browser, case, base)
        by_url = explain_url(base, case.origin, case.method, case.path, **question).outcome
    print(result, errors, console)
    assert (by_url.error, by_url.parameter) == (told.error, told.parameter)
    assert ("error" in result) == (told.error is not None)
    assert {error["corsError"] for error in errors} == ({told.error} if told.error else set())
    if told.error is None:
        assert result["status"] == told.steps[-1].response.status
        if case.unreadable is not None:
            assert result["header"] is None
            assert case.unreadable in told.hidden
    else:
        assert told.message is not None
        assert told.message.replace("http://localhost/", f"{base}/") in console
        if case.parameter is not None:
            assert told.parameter in {error["failedParameter"] for error in errors}
