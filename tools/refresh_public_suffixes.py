"""Write the rules of the Public Suffix List from the installed ``publicsuffixlist``, or check that they are current."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import idna
from publicsuffixlist import PSLFILE

TARGET = Path(__file__).parent.parent / "python/flask_cors_rs/_origins/public_suffix_rules.py"

HEADER = '''\
"""The rules of the Public Suffix List, version {version}.

``make public-suffixes`` writes this module. The rules come from https://publicsuffix.org and are subject to the terms
of the Mozilla Public License, version 2.0 (https://mozilla.org/MPL/2.0/).
"""

RULES = """\\
'''

DOCUMENTATION = '''"""
"""One rule a line, sorted, with the labels of a domain from the top level down: ``uk.co``. ``*`` stands for any label,
``!`` marks an exception. International labels are in their ASCII form."""
'''


def ascii_rule(rule: str) -> str:
    """Return a rule of the list in our form."""
    exception, domain = ("!", rule[1:]) if rule.startswith("!") else ("", rule)
    labels = [label if label.isascii() else idna.encode(label).decode() for label in domain.lower().split(".")]
    labels[0] = exception + labels[0]
    return ".".join(reversed(labels))


def module() -> str:
    """Return the text of the module."""
    lines = Path(PSLFILE).read_text(encoding="utf-8").splitlines()
    version = next(line.partition(": ")[2] for line in lines if line.startswith("// VERSION:"))
    rules = {ascii_rule(line.split()[0]) for line in lines if line.strip() and not line.startswith("//")}
    return HEADER.format(version=version) + "".join(f"{rule}\n" for rule in sorted(rules)) + DOCUMENTATION


def main() -> int:
    """Run the command line.

    :returns: the exit status, 1 if the rules are not those of the installed library
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if the rules are not current")
    if not parser.parse_args().check:
        TARGET.write_text(module(), encoding="utf-8")
    elif TARGET.read_text(encoding="utf-8") != module():
        print(f"{TARGET.name} is not that of the installed publicsuffixlist: run make public-suffixes", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
