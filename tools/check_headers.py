# SPDX-License-Identifier: Apache-2.0
"""check_headers.py BUILD JOBS: every header compiles alone.

A header that its own .cc includes first is compiled alone by the build; the others are compiled here, with the flags
of a source of their folder.
"""
import pathlib
import re
import sys

import compile_commands


def is_first_in_its_source(header):
    source = header.with_suffix(".cc")
    if not source.exists():
        return False
    first = re.search(r'^#include ["<](.*)[">]$', source.read_text(), re.MULTILINE)
    return first is not None and str(header).endswith("/" + first[1])


def main():
    build, jobs = sys.argv[1], int(sys.argv[2])
    root = pathlib.Path.cwd()
    by_folder = {pathlib.Path(source).parent: command for source, command in compile_commands.load(build).items()}
    fullest = max(by_folder.values(), key=lambda command: len(command[1]))
    headers = [header for folder in ("src", "tests", "bench") for header in sorted(pathlib.Path(folder).rglob("*.h"))]
    alone = [header for header in headers if not is_first_in_its_source(header)]

    def check(header):
        directory, arguments = by_folder.get(header.parent, fullest)
        one = arguments + ["-fsyntax-only", "-Wno-pragma-once-outside-header", "-x", "c++", "-"]
        result = compile_commands.run(one, directory, input=f'#include "{root / header}"\n')
        return f"{header} does not compile alone:\n{result.stderr}" if result.returncode else None

    bad = compile_commands.run_all(check, alone, jobs)
    print(f"headers: {len(headers)} checked, {len(alone)} of them compiled here, {bad} problems")
    return bad > 0


sys.exit(main())
