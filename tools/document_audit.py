"""Generate docs/audit.md: what each check of the audit looks for, how to fix what it finds, and when it runs.

Needs an installed flask-cors-rs. With ``--check`` nothing is written, and the exit status says whether the page is up
to date.
"""

from __future__ import annotations

import sys

import generated_page
from flask_cors_rs._diagnostics.audit import CHECKS, Check

INTRODUCTION = """\
# Checks of the audit

The audit looks for policies that are unsafe or have no effect:

- `flask cors audit` prints the findings.
- `flask_cors_rs.audit(app)` returns them.
- `CORS` and `CORSMiddleware` log findings of severity `error` when you set them up.

`flask cors audit` and `audit()` run all checks, except that CORS024 needs `--url`. At set-up, the option
[`audit`](options.md#audit) and debug mode decide which checks run. The last line of each section says when a check runs
at set-up:

- In production, only what can be seen at once is checked. No regular expression is tried on sample origins, and the
  Public Suffix List is not read, so an application with thousands of resources starts without delay.
- In debug mode (`app.debug`, or `debug=True` for `CORSMiddleware`), and with `audit="raise"`, all checks run but
  those that need the routes or take long. `app.debug` counts as it is at `CORS(app)`: `flask run --debug` and
  `FLASK_DEBUG=1` set it before, `app.run(debug=True)` only afterwards.
- With `audit="off"`, no check runs.

An id never changes its meaning. To ignore a finding, use `--ignore CORS005`, or set
`app.config["CORS_AUDIT_IGNORE"] = ["CORS005"]`.

The severity of a finding depends on the policy. For example, the origin `null` is more severe with credentials.
"""


AT_SETUP = {
    "production": "It runs at set-up, in production too.",
    "debug": 'It runs at set-up in debug mode, and with `audit="raise"`.',
    "never": "It does not run at set-up.",
}


def page(_before: str) -> str:
    """Return the page, with a section for each check."""
    sections = (
        f'\n<a id="{name.lower()}"></a>\n\n## {name}: {check.title}\n\n{check.consequence}\n\n{check.remedy}\n\n'
        f"{when(check)}\n"
        for name, check in CHECKS.items()
    )
    return INTRODUCTION + "".join(sections)


def when(check: Check) -> str:
    """Say when a check runs at set-up."""
    return f"{AT_SETUP[check.at_setup]} {check.in_production}".strip()


if __name__ == "__main__":
    sys.exit(generated_page.main(__doc__, "audit.md", page))
