"""What `check` and `audit` say about misconfigurations from real questions. `make e2e` compares them with a browser."""

from __future__ import annotations

import logging

import pytest

from flask_cors_rs import audit, explain
from support.misconfigurations import CASES, Case, make_app

pytestmark = pytest.mark.usefixtures("engine")


@pytest.fixture(params=CASES, ids=lambda case: case.title)
def case(request: pytest.FixtureRequest) -> Case:
    """Each misconfiguration."""
    return request.param  # type: ignore[no-any-return]


def test_what_check_says(case: Case) -> None:
    app = make_app(case)
    explanation = explain(app, case.origin, case.method, case.path, headers=case.headers, credentials=case.credentials)
    outcome = explanation.outcome
    assert outcome.error == case.error
    assert (outcome.message is None) == (case.error is None)
    if case.parameter is not None:
        assert outcome.parameter == case.parameter
    if case.error is None:
        assert outcome.steps[-1].response.status == case.status
    if case.unreadable is not None:
        assert case.unreadable in outcome.hidden
    assert (case.remedy or "") in " ".join(explanation.remedies), explanation.remedies
    assert bool(explanation.remedies) == bool(case.error or case.unreadable), explanation.remedies


def test_what_audit_finds(case: Case, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.WARNING)
    findings = audit(make_app(case, debug=True))
    assert {finding.id for finding in findings} == set(case.findings), [str(finding) for finding in findings]
    # In debug mode, the audit at set-up logs errors that do not depend on the routes.
    for finding in findings:
        if (
            finding.severity == "error"
            and finding.id not in {"CORS018", "CORS019", "CORS021", "CORS025"}
            and finding.where != "app.config"
        ):
            assert finding.id in caplog.text


def test_there_are_enough() -> None:
    assert len(CASES) >= 25
    assert len({case.title for case in CASES}) == len(CASES)
