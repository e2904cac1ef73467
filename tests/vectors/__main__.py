"""Run files of numeric SLA cases: python -m tests.vectors tests/vectors/data/*.json"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from tests.vectors.runner import problems


def main(paths: list[str]) -> int:
    """Print one JSON line per failing case, then the counts; return 0 when none failed, 2 when a file cannot be read."""
    if not paths:
        sys.stderr.write("python -m tests.vectors FILE…: files of numeric SLA cases, JSON\n")
        return 2
    passed = failed = skipped = 0
    for path in paths:
        try:
            cases = json.loads(Path(path).read_text(encoding="utf-8"))["cases"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            sys.stderr.write(f"{path} is not a file of cases: {error!r}\n")
            return 2
        for case in cases:
            found = problems(case)
            if found is None:
                skipped += 1
            elif found:
                failed += 1
                line = {"id": case["id"], "kind": case["kind"], "file": path, "problems": found}
                sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            else:
                passed += 1
    sys.stdout.write(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "") + "\n")
    return 1 if failed else 0


sys.exit(main(sys.argv[1:]))
