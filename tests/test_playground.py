"""The Python side of the playground gives the answers of ``flask cors check``, and runs nothing that a reader types."""

from __future__ import annotations

import json
import runpy
from typing import Any

import pytest

from flask_cors_rs import explain
from support import ROOT
from support.misconfigurations import Case, make_app
from support.playground import TYPED, question

CHECK: Any = runpy.run_path(str(ROOT / "docs" / "playground" / "playground.py"))["check"]
QUESTION = {"origin": "https://a.example", "method": "GET", "path": "/x", "headers": "", "credentials": False}


def ask(**fields: Any) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(CHECK(json.dumps({**QUESTION, **fields})))
    return answer


def test_there_are_enough_misconfigurations() -> None:
    assert len(TYPED) >= 20


@pytest.mark.parametrize(("case", "arguments"), TYPED, ids=[case.title for case, _ in TYPED])
def test_the_sentences_are_those_of_check(case: Case, arguments: str) -> None:
    expected = explain(
        make_app(case), case.origin, case.method, case.path, headers=case.headers, credentials=case.credentials
    )
    answer = ask(**question(case, arguments))
    assert answer.get("message") == expected.outcome.message, answer
    if "resource" not in " ".join(expected.remedies) and "exposed" not in case.title:
        assert set(expected.remedies) & set(answer["remedies"]) or not expected.remedies


@pytest.mark.parametrize(
    "arguments",
    [
        'origins=["https://a.example"], max_age=timedelta(minutes=5)',
        'CORS(app, origins=[Origin("https://a.example"), Subdomains("https://b.example", apex=True)])',
        'CORS(\n    app,\n    resources={"/x*": {"origins": {"https://a.example"}}},\n)',
        r'origins=re.compile(r"HTTPS://[a-z]\.example$", re.I),',
        r'origins=Regex(r"https://[a-z]\.example")',
        "",
    ],
)
def test_arguments_are_read_as_in_a_program(arguments: str) -> None:
    assert ask(arguments=arguments)["allowed"] is True


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("origins=[", "this is not valid Python"),
        ("origins=print(1)", "print(1) is not known here: use literals, Origin"),
        ("origins=__import__('os').system('true')", "is not known here"),
        ("origins=[x for x in 'ab']", "is not known here"),
        ("origins=lambda origin: True", "is not known here"),
        ("origins='a'.upper()", "is not known here"),
        ("**{}", "write each option by its name"),
        ("open('x')", "write the arguments of CORS"),
        ("origins='*'); print(1", "this is not valid Python"),
        ("(" * 5000, "this is not valid Python"),
        ("origins='https://['", "is not a valid regular expression"),
        ("origins=Origin('https://A.example')", "browsers send an origin in lower case"),
        ("middleware=True, report_only=3", "report_only"),
    ],
)
def test_anything_else_is_refused_with_a_reason(arguments: str, error: str) -> None:
    assert error in ask(arguments=arguments)["error"]


@pytest.mark.parametrize(
    ("field", "value", "error"),
    [("origin", "a.example", "is not an origin: write scheme"), ("headers", "x", 'write "Name: value"')],
)
def test_a_question_that_no_browser_asks_is_refused(field: str, value: str, error: str) -> None:
    assert error in ask(arguments="", **{field: value})["error"]


def test_the_audit_is_shown() -> None:
    answer = ask(arguments='origins="*", supports_credentials=True')
    assert [finding["id"] for finding in answer["findings"]] == ["CORS001"]
