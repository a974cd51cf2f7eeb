"""The same requests to the same applications, with Flask-CORS 6.0.5 and with us: no difference but the listed ones.

``FLASK_CORS_RS_DIFFERENTIAL`` sets how many requests are made on each engine.
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
from differential import (
    CASES,
    Answer,
    Case,
    agree,
    agree_around,
    ask,
    ask_them,
    make_app,
    requests,
    without_generators,
)
from flask_cors_rs.compat import REFERENCE_VERSION

if TYPE_CHECKING:
    from collections.abc import Iterator

REQUESTS = int(os.environ.get("FLASK_CORS_RS_DIFFERENTIAL", "20000"))
REQUESTS_A_CASE = max(60, REQUESTS // 1_000)
compared: Counter[tuple[str, str]] = Counter()
answered: Counter[str] = Counter()


def set_up(case: Case, library: object) -> tuple[Any, Exception | None]:
    """An application, or the error of its set-up."""
    try:
        return make_app(case, library), None
    except Exception as error:
        return None, error


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Unknown options are a warning of both."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


def test_it_is_compared_with_the_release_that_is_reproduced() -> None:
    assert flask_cors.__version__ == REFERENCE_VERSION


class Around:
    """The middleware for applications, the hook for Blueprints."""

    cross_origin = staticmethod(flask_cors_rs.cross_origin)

    @staticmethod
    def CORS(app: Flask | Blueprint | None = None, **options: Any) -> flask_cors_rs.CORS:
        return flask_cors_rs.CORS(app, **{"middleware": not isinstance(app, Blueprint), **options})


Agree = Callable[[Case, dict[str, Any], Answer, Answer], bool]
LIBRARIES: dict[str, tuple[Any, Agree]] = {"hook": (flask_cors_rs, agree), "middleware": (Around, agree_around)}


# Not shrunk: a description that is made smaller costs a minute for each request that it differs in.
@settings(max_examples=REQUESTS // REQUESTS_A_CASE * 4, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@pytest.mark.parametrize("way", LIBRARIES)
@given(case=CASES)
def test_every_answer_is_the_same(engine: str, way: str, case: Case) -> None:
    library, same = LIBRARIES[way]
    if way == "middleware":
        # The decorator's iterators are empty after the first request, and two read them for each here.
        case = case._replace(decorators=[without_generators(options) for options in case.decorators])
    theirs, their_error = set_up(case, flask_cors)
    ours, our_error = set_up(case, library)
    if our_error is not None and their_error is None:
        # Earlier than Flask-CORS, which fails at the first request to a decorated view.
        without = case._replace(decorators=[{}, {}])
        assert set_up(without, library)[1] is None, our_error
        statuses = {
            ask_them(theirs, {"REQUEST_METHOD": "GET", "PATH_INFO": path}).status for path in ("/d0", "/d1", "/d2")
        }
        assert "500 INTERNAL SERVER ERROR" in statuses, our_error
        return
    assert type(our_error) is type(their_error), (our_error, their_error)
    if our_error is not None:
        return
    for environ in requests(case.seed, REQUESTS_A_CASE):
        expected = ask_them(theirs, environ)
        actual = ask(ours, environ)
        assert same(case, environ, expected, actual), f"{environ}\n{expected}\n{actual}"
        compared[engine, way] += 1
        answered[actual.status] += 1


@pytest.mark.parametrize("way", LIBRARIES)
def test_enough_requests_were_compared(engine: str, way: str, record_property: Callable[[str, object], None]) -> None:
    """Descriptions that fail at set-up count for nothing."""
    record_property("requests compared", compared[engine, way])
    assert compared[engine, way] >= REQUESTS


def test_the_middleware_has_answered_both_ways() -> None:
    assert answered["204 No Content"] > 0 < answered["403 Forbidden"]
