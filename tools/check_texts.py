# SPDX-License-Identifier: Apache-2.0
"""check_texts.py: every source names its licence, and nothing unfinished is left in one."""
import pathlib
import re
import sys

FOLDERS = ("src", "tests", "fuzz", "bench", "examples", "tools", "docs", "cmake", ".ci")
SOURCES = {".h", ".cc", ".c", ".py", ".sh", ".nix"}
LICENCE = "SPDX-License-Identifier: Apache-2.0"
UNFINISHED = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")


def problems(path):
    text = path.read_text(encoding="utf-8", errors="replace")
    lines = text.splitlines()
    if path.suffix in SOURCES and not any(LICENCE in line for line in lines[:2]):
        yield 1, f"no line '{LICENCE}'"
    if path.suffix == ".h" and "#pragma once" not in lines:
        yield 1, "no #pragma once"
    for number, line in enumerate(lines, 1):
        if UNFINISHED.search(line):
            yield number, "unfinished: do it, or write it down elsewhere"
        if line != line.rstrip():
            yield number, "blanks at the end"
    if text and not text.endswith("\n"):
        yield len(lines), "no newline at the end"


def main():
    checked, bad = 0, 0
    files = [path for folder in FOLDERS for path in pathlib.Path(folder).rglob("*") if path.is_file()]
    files += [path for path in pathlib.Path(".").glob("*") if path.is_file()]
    for path in sorted(files):
        # A corpus holds bytes as they may come, good ones and bad ones.
        if "__pycache__" in path.parts or path.is_relative_to("fuzz/corpus"):
            continue
        checked += 1
        for number, what in problems(path):
            print(f"{path}:{number}: {what}")
            bad += 1
    print(f"texts: {checked} files checked, {bad} problems")
    return bad > 0


sys.exit(main())
