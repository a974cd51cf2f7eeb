"""Random requests to random applications get the same responses as with Flask-CORS 6.0.5, apart from known differences.

``FLASK_CORS_RS_DIFFERENTIAL`` sets the number of requests to each engine, as a hook and again as middleware.
docs/differences.md lists the differences.
"""

from __future__ import annotations

import logging
import os
from collections import Counter
from typing import TYPE_CHECKING, Any, Callable

import flask_cors
import pytest
from flask import Blueprint, Flask
from hypothesis import Phase, given, settings

import flask_cors_rs
from flask_cors_rs.compat import REFERENCE_VERSION
from support.differential import (
    CASES,
    Case,
    agree,
    agree_with_middleware,
    ask_flask_cors,
    make_app,
    requests,
)
from support.wsgi import Answer, ask

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = int(os.environ.get("FLASK_CORS_RS_DIFFERENTIAL", "10000"))
REQUESTS_PER_CASE = max(20, REQUESTS // 250)


def set_up(case: Case, library: object) -> tuple[Any, Exception | None]:
    """Return an application, or the error that its set-up raises."""
    try:
        return make_app(case, library), None
    except Exception as error:
        return None, error


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Silence the warnings of both packages about unknown options."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_it_is_compared_with_the_release_that_is_reproduced() -> None:
    assert flask_cors.__version__ == REFERENCE_VERSION


class WithMiddleware:
    """The names of the package, with the middleware for applications and the hook for Blueprints."""

    cross_origin = staticmethod(flask_cors_rs.cross_origin)

    @staticmethod
    def CORS(app: Flask | Blueprint | None = None, **options: Any) -> flask_cors_rs.CORS:
        return flask_cors_rs.CORS(app, **{"middleware": not isinstance(app, Blueprint), **options})


Agree = Callable[[Case, dict[str, Any], Answer, Answer], bool]
LIBRARIES: dict[str, tuple[Any, Agree]] = {
    "hook": (flask_cors_rs, agree),
    "middleware": (WithMiddleware, agree_with_middleware),
}


# More than are needed, as applications that fail at set-up do not count.
EXAMPLES = max(150, REQUESTS // REQUESTS_PER_CASE * 4)


@pytest.mark.parametrize("way", LIBRARIES)
def test_every_answer_is_the_same(engine: str, way: str, record_property: Callable[[str, object], None]) -> None:
    library, same = LIBRARIES[way]
    answered: Counter[str] = Counter()

    # Without shrinking, which takes a minute for each difference.
    @settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
    @given(case=CASES)
    def compare(case: Case) -> None:
        theirs, their_error = set_up(case, flask_cors)
        ours, our_error = set_up(case, library)
        if our_error is not None and their_error is None:
            assert_flask_cors_fails_later(case, theirs, library, our_error)
            return
        assert type(our_error) is type(their_error), (our_error, their_error)
        if our_error is not None:
            return
        for environ in requests(case.seed, REQUESTS_PER_CASE):
            expected = ask_flask_cors(theirs, environ)
            actual = ask(ours, environ)
            assert same(case, environ, expected, actual), f"{environ}\n{expected}\n{actual}"
            answered[actual.status] += 1

    compare()
    # Applications that fail at set-up do not count.
    record_property("requests compared", sum(answered.values()))
    assert sum(answered.values()) >= REQUESTS
    if way == "middleware" and REQUESTS >= 5_000:  # In a short run, it may answer no preflight.
        assert answered["204 No Content"] > 0 < answered["403 Forbidden"]


def assert_flask_cors_fails_later(case: Case, theirs: Flask, library: object, our_error: Exception) -> None:
    """Check that an error that only we raise at set-up is one with which Flask-CORS fails at requests."""
    without = case._replace(decorators=[{}, {}])
    assert set_up(without, library)[1] is None, our_error
    statuses = {
        ask_flask_cors(theirs, {"REQUEST_METHOD": "GET", "PATH_INFO": path}).status for path in ("/d0", "/d1", "/d2")
    }
    assert "500 INTERNAL SERVER ERROR" in statuses, our_error
