# SPDX-License-Identifier: Apache-2.0
"""check_headers.py BUILD JOBS: every header of src compiles alone, with the flags of a source of its folder."""
import pathlib
import sys

import compile_commands


def main():
    build, jobs = sys.argv[1], int(sys.argv[2])
    root = pathlib.Path.cwd()
    by_folder = {pathlib.Path(source).parent: command for source, command in compile_commands.load(build).items()}
    headers = sorted(pathlib.Path("src").rglob("*.h")) + sorted(pathlib.Path("tests/lab").rglob("*.h"))
    without = [header for header in headers if header.parent not in by_folder]

    def check(header):
        directory, arguments = by_folder[header.parent]
        one = arguments + ["-fsyntax-only", "-Wno-pragma-once-outside-header", "-x", "c++", "-"]
        result = compile_commands.run(one, directory, input=f'#include "{root / header}"\n')
        return f"{header} does not compile alone:\n{result.stderr}" if result.returncode else None

    bad = compile_commands.run_all(check, [header for header in headers if header not in without], jobs)
    for header in without:
        print(f"{header}: no source beside it to take flags from")
    print(f"headers: {len(headers)} checked, {bad + len(without)} problems")
    return bad + len(without) > 0


sys.exit(main())
