"""Mutation testing of the policies: `python tools/mutate.py [--sample N] [MODULE or MUTANT…]`, such as `kernel`.

mutmut says how each function may be changed; each change is then tried in a forked process, in memory, against the tests that
call the function, the quickest first, until one fails. Nothing on disk is touched. Prints what no test noticed and the score, and
leaves with 1 when that is below the wanted one. What Numba compiles cannot be changed so; the interpreted lines are the same.
"""

from __future__ import annotations

import argparse
import difflib
import fnmatch
import json
import random
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import CodeType

import pytest
from hypothesis import HealthCheck, Phase, settings
from mutation_run import Verdict, Workers
from mutmut.mutation.file_mutation import mutate_file_contents

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "src" / "slaengine" / "policies"
LEFT_OUT = ("compiled*.py", "template.py", "schema.py", "words.py", "*_words.py")
"""Numba's own side of the kernel; and plain text, which is read and not reckoned with."""
TESTS = ("tests/policies", "tests/vectors")
PASSED_OVER = (
    *("length", "to_the_minute", "rule_of_20", "joined_calendars", "is_the_citys", "beyond_the_years", "threads"),  # too long
    "the_runner",  # another process
)
WANTED = 0.90


@dataclass(frozen=True, slots=True)
class Mutant:
    """A function of a module, changed in one place: its code, and the lines that differ."""

    name: str
    module: str
    function: str
    code: CodeType
    lines: str


def main(args: list[str]) -> int:
    """Change, test, tell; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "mutants", nargs="*", default=["*"], help="modules of policies/, functions or mutants: kernel, kernel.reopen:3"
    )
    parser.add_argument("--sample", type=int, help="try so many mutants, drawn from all")
    parser.add_argument("--seed", type=int, default=311, help="of the draw")
    parser.add_argument("--jobs", type=int, default=1, help="processes at a time")
    parser.add_argument("--out", type=Path, help="write the verdicts here, as JSON")
    asked = parser.parse_args(args)
    mutants = [mutant for path in _paths() for mutant in mutants_of(path) if _asked_for(mutant, asked.mutants)]
    print(f"{len(mutants)} mutants", flush=True)
    if asked.sample:
        mutants = random.Random(asked.seed).sample(mutants, min(asked.sample, len(mutants)))  # noqa: S311 - a draw, no secret
    workers = Workers(mutants, asked.jobs)
    wanted = " and ".join(f"not {word}" for word in PASSED_OVER)
    options = ["-q", "-p", "no:cacheprovider", "--capture=no", "--hypothesis-profile=mutation", "-k", wanted]
    code = pytest.main([*options, "-W", "ignore::pytest.PytestAssertRewriteWarning", *TESTS], [workers])
    if code or not workers.verdicts:
        print("the tests cannot be run without a change; mend that first", file=sys.stderr)
        return 2
    return told([mutant for mutant in mutants if mutant.name in workers.verdicts], workers.verdicts, asked.out)


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Yield the mutants of a module, without those that compile to the same code."""
    mutated = mutate_file_contents(str(path), path.read_text(encoding="utf-8"))
    codes = dict(_functions(compile(mutated.code, str(path), "exec", dont_inherit=True)))
    texts = _texts(mutated.code)
    for name in mutated.mutant_names:
        mangled, _, _ = name.partition("__mutmut_")
        before, after = codes[f"{mangled}__mutmut_orig"], codes[name]
        if _same(before, after):
            continue
        function = mangled.removeprefix("x_") if mangled.startswith("x_") else ".".join(mangled.split("ǁ")[1:])
        lines = difflib.unified_diff(texts[f"{mangled}__mutmut_orig"], texts[name], n=0, lineterm="")
        changed = [line for line in lines if line[:1] in "+-" and "__mutmut_" not in line and line[:3] not in ("---", "+++")]
        yield Mutant(f"{path.stem}.{function}:{name.rpartition('_')[2]}", path.stem, function, after, "\n".join(changed))


def told(mutants: list[Mutant], verdicts: dict[str, Verdict], out: Path | None) -> int:
    """Print what was found, and return the exit code."""
    by_module: dict[str, Counter[Verdict]] = defaultdict(Counter)
    for mutant in mutants:
        by_module[mutant.module][verdicts[mutant.name]] += 1
        if verdicts[mutant.name] in ("survived", "no test"):
            print(f"{mutant.name}: {verdicts[mutant.name]}\n{mutant.lines}")
    for module, counts in sorted(by_module.items()):
        print(f"{module:20} {_noticed(counts):5} of {counts.total():5}  {_noticed(counts) / counts.total():6.1%}")
    whole = sum(by_module.values(), Counter[Verdict]())
    print(f"{_noticed(whole)} of {whole.total()} mutants noticed: {_noticed(whole) / whole.total():.1%}")
    if out:
        found = {m.name: {"verdict": verdicts[m.name], "lines": m.lines} for m in mutants}
        out.write_text(json.dumps(found, ensure_ascii=False, indent=1), encoding="utf-8")
    return int(_noticed(whole) / whole.total() < WANTED)


def _noticed(counts: Counter[Verdict]) -> int:
    return counts["killed"] + counts["too long"]


def _paths() -> list[Path]:
    return [path for path in sorted(PACKAGE.glob("*.py")) if not any(fnmatch.fnmatch(path.name, left) for left in LEFT_OUT)]


def _asked_for(mutant: Mutant, patterns: Iterable[str]) -> bool:
    names = (mutant.module, f"{mutant.module}.{mutant.function}", mutant.name)
    return any(fnmatch.fnmatch(name, pattern) for name in names for pattern in patterns)


def _functions(code: CodeType) -> Iterator[tuple[str, CodeType]]:
    """Yield the functions and methods in a module's or class's code, by name."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant.co_name, constant
            if "__mutmut_" not in constant.co_name:
                yield from _functions(constant)


def _texts(source: str) -> dict[str, list[str]]:
    """Return the lines of each generated function of a mutated module."""
    texts: dict[str, list[str]] = {}
    lines: list[str] = []
    margin = 0
    for line in source.splitlines():
        word = line.lstrip()
        if word.startswith("def ") and "__mutmut_" in word:
            lines = texts.setdefault(word.removeprefix("def ").partition("(")[0], [])
            margin = len(line) - len(word)
        elif word and len(line) - len(word) <= margin and not word.startswith(")"):
            lines = []
        if word:
            lines.append(line)
    return texts


def _same(one: CodeType, other: CodeType) -> bool:
    """Whether two functions do the same, instruction by instruction."""
    if (one.co_code, one.co_names, one.co_varnames) != (other.co_code, other.co_names, other.co_varnames):
        return False
    pairs = zip(one.co_consts, other.co_consts, strict=False)
    nested = [_same(a, b) if isinstance(a, CodeType) and isinstance(b, CodeType) else repr(a) == repr(b) for a, b in pairs]
    return all(nested) and len(one.co_consts) == len(other.co_consts)


if __name__ == "__main__":
    quick = (Phase.explicit, Phase.generate)  # what is wrong need not be made small
    settings.register_profile(
        "mutation", max_examples=25, deadline=None, derandomize=True, phases=quick, suppress_health_check=list(HealthCheck)
    )
    sys.exit(main(sys.argv[1:]))
