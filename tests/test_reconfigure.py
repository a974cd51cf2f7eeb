"""Policies that change while an application runs."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import threading
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from flask import Blueprint, Flask, current_app
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client

from flask_cors_rs import CORS, explain
from flask_cors_rs._flask.hook import Registration

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

pytestmark = pytest.mark.usefixtures("engine")

A, B = "https://a.example", "https://b.example"


def make_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/", endpoint="index", view_func=lambda: "hello", methods=["GET", "PUT"])
    return app


def exposed(app: Flask, origin: str = A, path: str = "/") -> tuple[str | None, str | None]:
    headers = app.test_client().get(path, headers={"Origin": origin}).headers
    return headers.get("Access-Control-Allow-Origin"), headers.get("Access-Control-Expose-Headers")


def preflight(app: Flask, origin: str) -> str | None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
    return app.test_client().options("/", headers=asked).headers.get("Access-Control-Allow-Origin")


@pytest.fixture(params=[False, True], ids=["hook", "middleware"])
def middleware(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def test_every_request_after_it_sees_the_new_policy(middleware: bool) -> None:
    app = make_app()
    cors = CORS(app, origins=A, expose_headers="X-A", middleware=middleware)
    assert (exposed(app, A), exposed(app, B), preflight(app, A)) == ((A, "X-A"), (None, None), A)
    cors.reconfigure(origins=B)
    assert (exposed(app, A), exposed(app, B)) == ((None, None), (B, None))
    assert (preflight(app, A), preflight(app, B)) == (None, B)
    assert exposed(app, B, "/missing") == (B, None)


def test_an_explanation_names_the_new_policy(middleware: bool) -> None:
    app = make_app()
    CORS(app, origins=A, middleware=middleware).reconfigure(origins=B)
    assert [policy.options.origins for policy in explain(app, A, "GET", "/").policies] == [(B,)]


def test_an_application_that_is_registered_after_it_has_the_new_policy() -> None:
    cors = CORS(origins=A)
    cors.reconfigure(origins=B)
    app = make_app()
    cors.init_app(app)
    assert (exposed(app, A), exposed(app, B)) == ((None, None), (B, None))


def test_the_configuration_is_read_again(middleware: bool) -> None:
    app = make_app()
    app.config["CORS_EXPOSE_HEADERS"] = "X-A"
    cors = CORS(app, origins=A, middleware=middleware)
    app.config["CORS_EXPOSE_HEADERS"] = "X-B"
    assert exposed(app) == (A, "X-A")
    cors.reconfigure(origins=A)
    assert exposed(app) == (A, "X-B")


@pytest.mark.parametrize(
    "wrong", [{"origins": "https://["}, {"max_age": "1\n"}, {"middleware": True}, {"intercept_exceptions": False}]
)
def test_a_call_that_fails_changes_nothing(middleware: bool, wrong: Any) -> None:
    first, second = make_app(), make_app()
    cors = CORS(origins=A, middleware=middleware)
    cors.init_app(first)
    cors.init_app(second)
    with pytest.raises(ValueError, match=next(iter(wrong))):
        cors.reconfigure(**{"origins": B, **wrong})
    # An error in the configuration of one of the applications.
    second.config["CORS_MAX_AGE"] = "1\r"
    with pytest.raises(ValueError, match="max_age"):
        cors.reconfigure(origins=B)
    assert [exposed(app) for app in (first, second)] == [(A, None)] * 2


def test_every_application_and_blueprint_of_an_extension() -> None:
    first, second = make_app(), make_app()
    cors = CORS(origins=A)
    cors.init_app(first)
    with second.app_context():
        cors.init_app(current_app)
    blueprint = Blueprint("blueprint", __name__)
    blueprint.add_url_rule("/blue", endpoint="blue", view_func=lambda: "blue")
    cors.init_app(blueprint)
    third = make_app()
    third.register_blueprint(blueprint)
    cors.reconfigure(origins=B)
    assert [exposed(first, B), exposed(second, B), exposed(third, B, "/blue")] == [(B, None)] * 3


def test_an_application_that_is_gone_is_left_out(middleware: bool) -> None:
    cors = CORS(middleware=middleware)
    gone, app = make_app(), make_app()
    gone.config.update(CORS_SUPPORTS_CREDENTIALS=True, CORS_ORIGINS=A)
    cors.init_app(gone)
    cors.init_app(app)
    del gone
    gc.collect()
    # With credentials, this would be an error.
    cors.reconfigure(origins="*", send_wildcard=True)
    assert exposed(app) == ("*", None)


def test_the_hooks_of_a_blueprint_that_is_gone_change_in_its_applications() -> None:
    cors = CORS(origins=A)
    app = make_app()
    blueprint = Blueprint("blueprint", __name__)
    blueprint.add_url_rule("/blue", endpoint="blue", view_func=lambda: "blue")
    cors.init_app(blueprint)
    app.register_blueprint(blueprint)
    app.blueprints.clear()
    del blueprint
    gc.collect()
    cors.reconfigure(origins=B)
    assert (exposed(app, A, "/blue"), exposed(app, B, "/blue")) == ((None, None), (B, None))


def test_an_application_of_which_only_the_wsgi_callable_is_kept(middleware: bool) -> None:
    app = make_app()
    first = CORS(app, origins=A, middleware=middleware)
    app.wsgi_app = ProxyFix(app.wsgi_app)  # type: ignore[method-assign]
    second = CORS(app, origins=A, middleware=middleware)
    client = Client(ProxyFix(app.wsgi_app))
    del app
    gc.collect()
    for cors in (first, second):
        cors.reconfigure(origins=B)
    responses = [client.get("/", headers={"Origin": origin}) for origin in (A, B)]
    assert [response.headers.get("Access-Control-Allow-Origin") for response in responses] == [None, B]


def test_an_application_that_was_registered_through_a_wrapper_that_is_gone(middleware: bool) -> None:
    class Wrapper:
        def __init__(self, app: Flask) -> None:
            self.__dict__ = app.__dict__
            self._wrapped: Any = app

        def __getattr__(self, name: str) -> Any:
            return getattr(self._wrapped, name)

    app = make_app()
    wrapper: Any = Wrapper(app)
    cors = CORS(wrapper, origins=A, middleware=middleware)
    del wrapper
    gc.collect()
    cors.reconfigure(origins=B)
    assert (exposed(app, A), exposed(app, B)) == ((None, None), (B, None))


def test_only_the_extension_that_is_told_to_changes() -> None:
    app = make_app()
    first = CORS(app, middleware=True, origins=A, expose_headers="First")
    second = CORS(app, middleware=True, origins=B, expose_headers="Second")
    second.reconfigure(origins=[A, B], expose_headers="New")
    assert (exposed(app, A), exposed(app, B)) == ((A, "New"), (B, "New"))
    second.reconfigure(origins=B)
    first.reconfigure(origins=A, expose_headers="Changed")
    assert (exposed(app, A), exposed(app, B)) == ((A, "Changed"), (B, None))


def test_threads_see_the_old_policy_or_the_new_one(middleware: bool) -> None:
    app = make_app()
    policies = [{"origins": [A, B], "expose_headers": "X-A"}, {"origins": "*", "send_wildcard": True}]
    cors = CORS(app, middleware=middleware, **policies[0])  # type: ignore[arg-type]
    both = {(A, "X-A"), ("*", None)}
    seen: set[Any] = set()

    def ask() -> None:
        # Stop when both policies have been seen, which takes long where threads wait for each other.
        for number in range(20_000):
            if number > 100 and seen >= both:
                break
            seen.add(exposed(app))

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    number = 0
    while any(thread.is_alive() for thread in threads):
        number += 1
        cors.reconfigure(**policies[number % 2])  # type: ignore[arg-type]
    assert seen == both


def interrupted_at_each_line(
    action: Callable[[], object], interrupt: Callable[[], object], *, without_options: bool = False
) -> Iterator[None]:
    """Run an action again and again. Each time, something else interrupts it one line of this package later.

    :param without_options: leave out the lines that read the options, which are most of them and change nothing
    """
    left_out = re.compile(r"_options|_setup_audit|_engine|_log|_regex|origins" if without_options else "(?!)")
    for number in count():
        if not _interrupted(action, interrupt, left_out, number):
            return
        yield


def _interrupted(
    action: Callable[[], object], interrupt: Callable[[], object], left_out: re.Pattern[str], number: int
) -> bool:
    lines = count()

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        path = frame.f_code.co_filename.rpartition("flask_cors_rs")
        if not path[1] or left_out.search(path[2]):
            return None
        if event == "line" and next(lines) == number:
            interrupt()
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        action()
    finally:
        sys.settrace(before)
    return next(lines) > number


def test_a_call_in_a_signal_handler_decides_over_the_call_that_it_interrupts(middleware: bool) -> None:
    app = make_app()
    cors = CORS(app, origins="https://c.example", middleware=middleware)
    in_use = [
        (exposed(app, A)[0], exposed(app, B)[0], preflight(app, A), preflight(app, B))
        for _ in interrupted_at_each_line(lambda: cors.reconfigure(origins=A), lambda: cors.reconfigure(origins=B))
    ]
    # As long as the interrupted call has not begun to read its options, it is the later one.
    later = in_use.index((None, B, None, B))
    assert set(in_use[:later]) == {(A, None, A, None)}
    assert set(in_use[later:]) == {(None, B, None, B)}
    assert later < 12 < len(in_use)


def test_a_call_that_a_signal_handler_ends_by_an_exception_changes_everything_or_nothing(middleware: bool) -> None:
    if sys.version_info < (3, 11) and not middleware:
        pytest.skip("a trace function resets the variables of closures: https://bugs.python.org/issue30744")
    apps = make_app(), make_app()
    cors = CORS(origins=A, middleware=middleware)
    for app in apps:
        cors.init_app(app)

    def in_use(origin: str) -> list[str | None]:
        return [allowed for app in apps for allowed in (exposed(app, origin)[0], preflight(app, origin))]

    def interrupt() -> None:
        raise KeyboardInterrupt

    def reconfigure() -> None:
        with suppress(KeyboardInterrupt):
            cors.reconfigure(origins=B)

    seen: list[Any] = []
    for _ in interrupted_at_each_line(reconfigure, interrupt, without_options=True):
        seen.append(in_use(B))
        cors.reconfigure(origins=A)
        assert (in_use(A), in_use(B)) == ([A] * 4, [None] * 4)
    changed = seen.index([B] * 4)
    assert seen == [[None] * 4] * changed + [[B] * 4] * (len(seen) - changed)
    assert changed > 20


def test_another_extension_of_the_same_application() -> None:
    app = make_app()
    CORS(app, origins=A, resources="/other", middleware=True)
    assert preflight(app, B) is None
    CORS(app, origins=B, middleware=True)
    assert preflight(app, B) == B


def test_a_call_after_one_that_exceptions_ended_twice(middleware: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make_app()
    cors = CORS(app, origins=A, middleware=middleware)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as interrupted:
        # As if the handler of a signal that comes again and again raised.
        interrupted.setattr(Registration, "replace_rules", interrupt)
        with pytest.raises(KeyboardInterrupt):
            cors.reconfigure(origins="https://c.example")
    cors.reconfigure(origins=B)
    assert (exposed(app, A)[0], exposed(app, B)[0], preflight(app, B)) == (None, B, B)


@pytest.mark.filterwarnings("ignore:.*fork")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform has no fork")
def test_a_process_that_was_forked_during_a_call_can_change_the_policies(middleware: bool) -> None:
    if sys.version_info < (3, 11) and not middleware:
        pytest.skip("a trace function resets the variables of closures: https://bugs.python.org/issue30744")
    app = make_app()
    cors = CORS(app, origins=A, middleware=middleware)

    def is_changed() -> bool:
        for origin, other in ((A, B), (B, A)):
            cors.reconfigure(origins=origin)
            if (exposed(app, origin)[0], exposed(app, other)[0], preflight(app, origin)) != (origin, None, origin):
                return False
        return True

    def fork() -> None:
        child = os.fork()
        if child == 0:
            signal.alarm(60)
            status = 2
            try:
                sys.settrace(None)
                status = 0 if is_changed() else 1
            finally:
                os._exit(status)
        statuses.append(os.waitpid(child, 0)[1])

    statuses: list[int] = []

    def reconfigure() -> None:
        cors.reconfigure(origins="https://c.example")

    for _ in interrupted_at_each_line(reconfigure, fork, without_options=True):
        pass
    assert len(statuses) > 20
    assert not any(statuses)


def test_a_call_in_a_signal_handler_that_interrupts_a_request_takes_effect(middleware: bool) -> None:
    if sys.version_info < (3, 11) and not middleware:
        pytest.skip("a trace function resets the variables of closures: https://bugs.python.org/issue30744")
    app = make_app()
    app.testing = True
    cors = CORS(app, origins=A, middleware=middleware)
    in_use: list[Any] = []

    def first_requests() -> None:
        preflight(app, A)
        exposed(app, A)

    for _ in interrupted_at_each_line(first_requests, lambda: cors.reconfigure(origins=B)):
        in_use.append((exposed(app, A)[0], exposed(app, B)[0], preflight(app, A), preflight(app, B)))
        cors.reconfigure(origins=A)
    assert set(in_use) == {(None, B, None, B)}
    assert len(in_use) > 12
