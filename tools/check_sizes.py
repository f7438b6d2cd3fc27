# SPDX-License-Identifier: Apache-2.0
"""check_sizes.py: no source file is longer than 500 lines, except those that say why in size_exceptions.txt."""
import pathlib
import sys

LIMIT = 500
FOLDERS = ("src", "tests", "fuzz", "bench", "examples", "tools", "cmake", "docs")
SUFFIXES = {".h", ".cc", ".c", ".py", ".sh", ".nix", ".cmake", ".txt"}


def exceptions():
    """Lines of "path limit reason"; the reason is not optional."""
    table = {}
    for line in pathlib.Path("tools/size_exceptions.txt").read_text().splitlines():
        if line and not line.startswith("#"):
            path, limit, _reason = line.split(maxsplit=2)
            table[path] = int(limit)
    return table


def main():
    allowed = exceptions()
    checked, bad = 0, 0
    for folder in FOLDERS:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix not in SUFFIXES or not path.is_file():
                continue
            lines = len(path.read_bytes().splitlines())
            limit = allowed.pop(str(path), LIMIT)
            checked += 1
            if lines > limit:
                print(f"{path}: {lines} lines, more than {limit}: split it by idea")
                bad += 1
    for path in allowed:
        print(f"tools/size_exceptions.txt: {path} does not exist")
        bad += 1
    print(f"sizes: {checked} files checked, {bad} too long")
    return bad > 0


sys.exit(main())
