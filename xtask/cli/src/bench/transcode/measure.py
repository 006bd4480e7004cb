"""Runs commands in turn and says what each run took: python measure.py ROUNDS < commands

A command is one line of JSON: {"name": …, "words": […], "environment": {…}}. For each run, one line of JSON on stdout: its name, seconds of CPU and of
the clock, and its peak memory in MiB, as the kernel counted them for that process (wait4). Each runs once before, uncounted, so that its
files are in memory. One that fails ends it all, with what it said.
"""

import json
import os
import subprocess
import sys
import time


def run(command):
    began = time.perf_counter()
    surroundings = {**os.environ, **command.get("environment", {})}
    child = subprocess.Popen(command["words"], env=surroundings, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    said = child.stderr.read()
    _, status, used = os.wait4(child.pid, 0)
    took = time.perf_counter() - began
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"{command['name']} ended with {child.returncode}: {said.decode(errors='replace')[-600:]}")
    return {"name": command["name"], "cpu": used.ru_utime + used.ru_stime, "wall": took, "peak": used.ru_maxrss / 1024}


def main(rounds):
    commands = [json.loads(line) for line in sys.stdin if line.strip()]
    for turn in range(int(rounds) + 1):
        for command in commands:
            took = run(command)
            if turn:
                print(json.dumps(took), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
