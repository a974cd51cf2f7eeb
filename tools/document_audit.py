"""Generate docs/audit.md: what each check of the audit looks for, and how to fix what it finds.

Needs an installed flask-cors-rs. With ``--check`` nothing is written, and the exit status says whether the page is up
to date.
"""

from __future__ import annotations

import sys

import generated_page
from flask_cors_rs._diagnostics.audit import CHECKS

INTRODUCTION = """\
# Checks of the audit

The audit looks for policies that are unsafe or have no effect:

- `flask cors audit` prints the findings.
- `flask_cors_rs.audit(app)` returns them.
- `CORS(app)` logs them at set-up if their severity is `error` and they do not depend on the routes. With
  `audit="raise"` it raises an exception instead, and with `audit="off"` it does not run the audit.

An id never changes its meaning. To ignore a finding, use `--ignore CORS005`, or set
`app.config["CORS_AUDIT_IGNORE"] = ["CORS005"]`.

The severity of a finding depends on the policy. For example, the origin `null` is more severe with credentials.
"""


def page(_before: str) -> str:
    """Return the page, with a section for each check."""
    sections = (
        f'\n<a id="{name.lower()}"></a>\n\n## {name}: {check.title}\n\n{check.consequence}\n\n{check.remedy}\n'
        for name, check in CHECKS.items()
    )
    return INTRODUCTION + "".join(sections)


if __name__ == "__main__":
    sys.exit(generated_page.main(__doc__, "audit.md", page))
