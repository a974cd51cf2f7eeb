"""Search inputs of the property tests with a coverage-guided fuzzer: ``coverage_guided.py SECONDS [TARGET ...]``.

Hypothesis makes the inputs from bytes, and Atheris changes the bytes to reach new lines of the Python sources. Each
target runs for a number of seconds, starts from the seeds in ``seeds``, and ends at the first input that fails. New
inputs are kept in ``target/fuzz``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import atheris

TESTS = Path(__file__).parent.parent
SEEDS = Path(__file__).parent / "seeds"
FOUND = TESTS.parent / "target" / "fuzz"

sys.path.insert(0, str(TESTS))
with atheris.instrument_imports(include=["flask_cors_rs"]):
    import test_engines_agree as engines
    import test_regex_translation as regexes

TARGETS = {
    "translation": regexes.test_a_translated_pattern_matches_what_python_matches,
    "repeats": regexes.test_repeats_of_what_may_match_nothing,
    "syntax": regexes.test_a_text_is_translated_like_the_compiled_pattern,
    "policies": engines.test_policies_decide_alike_and_write_what_they_decide,
    "rules": engines.test_rules_find_alike,
    "vary": engines.test_vary_is_merged_alike,
}


def fuzz(target: str, seconds: str) -> None:
    """Fuzz one target. The fuzzer ends the process."""
    found = FOUND / target
    found.mkdir(parents=True, exist_ok=True)
    arguments = [
        str(found),
        f"-max_total_time={seconds}",
        f"-artifact_prefix={found}-",
        "-max_len=2000",
        "-len_control=0",
        "-print_final_stats=1",
    ]
    if (SEEDS / target).exists():
        arguments.append(str(SEEDS / target))
    atheris.Setup([sys.argv[0], *arguments], TARGETS[target].hypothesis.fuzz_one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    seconds, *targets = sys.argv[1:]
    if len(targets) == 1:
        fuzz(targets[0], seconds)
    for target in targets or TARGETS:
        subprocess.run([sys.executable, __file__, seconds, target], check=True)
