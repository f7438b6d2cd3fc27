# SPDX-License-Identifier: Apache-2.0
"""check_tidy.py BUILD JOBS: clang-tidy over every .cc but tests; what passed is remembered under build/tidy-cache."""
import pathlib
import sys

import compile_commands

TIDY = "clang-tidy-19"


def main():
    build, jobs = sys.argv[1], int(sys.argv[2])
    root = pathlib.Path.cwd()
    version = compile_commands.run([TIDY, "--version"], ".").stdout
    passed = compile_commands.Passed("build/tidy-cache", version, pathlib.Path(".clang-tidy").read_text())
    commands = compile_commands.load(build)
    sources = [source for source in sorted(commands) if not source.endswith("_test.cc")]
    cached = []

    def check(source):
        directory, arguments = commands[source]
        whole = compile_commands.run(arguments + ["-E", "-C", str(root / source)], directory)
        if whole.returncode == 0 and passed.has(whole.stdout):
            cached.append(source)
            return None
        result = compile_commands.run([TIDY, "--quiet", "-p", build, str(root / source)], root)
        if result.returncode:
            return result.stdout + result.stderr
        passed.add(whole.stdout)
        return None

    bad = compile_commands.run_all(check, sources, jobs)
    print(f"tidy: {len(sources)} files checked ({len(cached)} as before), {bad} with problems")
    return bad > 0


sys.exit(main())
