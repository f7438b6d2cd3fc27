# SPDX-License-Identifier: Apache-2.0
"""What the checks share: compile commands, parallel runs, and a cache of what has already passed."""
import concurrent.futures
import hashlib
import json
import pathlib
import shlex
import subprocess


def load(build):
    """{source path relative to here: (directory, arguments without compiler launcher, -c, -o, -M…)}"""
    root = pathlib.Path.cwd()
    commands = {}
    for entry in json.loads((pathlib.Path(build) / "compile_commands.json").read_text()):
        source = pathlib.Path(entry["file"])
        if source.is_relative_to(root):
            commands[str(source.relative_to(root))] = (entry["directory"], flags(shlex.split(entry["command"])))
    return commands


def flags(arguments):
    while not pathlib.Path(arguments[0]).name.startswith("clang++"):
        arguments = arguments[1:]
    kept, skip = [], False
    for argument in arguments:
        if skip or argument in {"-o", "-MT", "-MF"}:
            skip = not skip
        elif argument not in {"-c", "-MD", "-MMD"}:
            kept.append(argument)
    return kept[:-1]


def run(arguments, directory, **options):
    return subprocess.run(arguments, cwd=directory, capture_output=True, text=True, check=False, **options)


def run_all(check, items, jobs):
    """Runs check(item) for every item, prints what it returns if anything; the number of items with a problem."""
    bad = 0
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for problem in pool.map(check, items):
            if problem:
                print(problem, flush=True)
                bad += 1
    return bad


class Passed:
    """Remembers by content what has passed."""

    def __init__(self, folder, *salt):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.salt = "\0".join(salt)

    def _mark(self, text):
        return self.folder / hashlib.sha256((self.salt + "\0" + text).encode()).hexdigest()

    def has(self, text):
        return self._mark(text).exists()

    def add(self, text):
        self._mark(text).touch()
