"""Fault experiments: kills, full disks, interruptions and hostile files, in the numbers that are promised.

    python -m tests.faults                       a try of every experiment, a few minutes
    python -m tests.faults --full                every figure, about an hour
    python -m tests.faults kills --times 200     one experiment, so many repetitions
    python -m tests.faults --full --save DIR     the table as Markdown and JSON too

Run it from the root of the project, on Linux, with strace, unshare (util-linux) and setpriv installed. It
prints a row for every kind of fault: what was injected, how often, what came of it; the exit code is 0 only
if every figure is reached. `tests/test_faults.py` runs a short version of each experiment with the others.
"""
