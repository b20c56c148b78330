"""Starting the command line, against importing the two libraries it is made of.

    python benchmarks/startup.py [--repeats 15]

Prints CPU seconds (user and system, of the child process) of `djlib --help` and of
`python -c "import typer, rich"`, run in turn; the median of each and their ratio count. CPU time,
because wall time says more about what else the machine is doing.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
from pathlib import Path
from statistics import median

LIMIT_RATIO = 1.5

_BARE = [sys.executable, "-c", "import typer, rich"]
_OURS = [str(Path(sys.executable).with_name("djlib")), "--help"]


def main() -> None:
    """Print the table; end with 1 where the limit is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=15)
    repeats = parser.parse_args().repeats
    for command in (_BARE, _OURS):  # byte code is written, files are in the system's cache
        cpu_seconds(command)
    pairs = [(cpu_seconds(_BARE), cpu_seconds(_OURS)) for _ in range(repeats)]
    bare, ours = (median(side) for side in zip(*pairs, strict=True))
    print(f"median of {repeats} runs each, in turn")
    print(f"{'':32}{'CPU s':>8}{'ratio':>7}")
    for name, seconds in (("python -c 'import typer, rich'", bare), ("djlib --help", ours)):
        print(f"{name:32}{seconds:8.3f}{seconds / bare:7.2f}")
    print(f"limit: ratio {LIMIT_RATIO}")
    sys.exit(int(ours / bare > LIMIT_RATIO))


def cpu_seconds(command: list[str]) -> float:
    """CPU time of one run of a command."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
