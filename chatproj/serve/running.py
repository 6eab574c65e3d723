"""Starts, watches and stops the supervisor's process, with all processes that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from chatproj import local
from chatproj.serve import lock

# The supervisor needs up to eight seconds to kill processes that do not stop. If the supervisor still runs after
# STOP_SECONDS, `stop` kills it, and its children end with it.
STOP_SECONDS = 9


def start(configuration: Path, environment: dict[str, str]) -> subprocess.Popen:
    """Start the supervisor. It shares the lock but not the process group, so that Ctrl-C reaches only `serve`."""
    (local.VAR / "log").mkdir(mode=0o700, exist_ok=True)
    (local.VAR / "processes").unlink(missing_ok=True)
    with open(local.VAR / "log" / "supervisord.err", "w") as errors:
        return subprocess.Popen(
            [sys.executable, "-m", "chatproj.serve.supervise", str(configuration), str(os.getpid())],
            cwd=local.ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=errors,
            stderr=errors,
            pass_fds=[lock.descriptor()],
            process_group=0,
        )


def restart(configuration: Path, environment: dict[str, str]) -> subprocess.Popen:
    """Wait one second, then start the supervisor again after it was killed. Its children ended with it."""
    time.sleep(1)
    return start(configuration, environment)


def stop(supervisor: subprocess.Popen) -> None:
    """Stop the supervisor and all its children, in order if possible."""
    if supervisor.poll() is None:
        supervisor.terminate()
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()


def states() -> dict[str, str]:
    """Return the state of each process, which the supervisor writes to `var/processes`."""
    try:
        lines = (local.VAR / "processes").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {line.split()[0]: line.split()[1] for line in lines}


def last_lines(name: str, count: int = 15) -> str:
    """Return the last lines of a process' log."""
    try:
        text = (local.VAR / "log" / f"{name}.log").read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def stop_on_signals() -> None:
    """
    Make SIGINT, SIGTERM and SIGHUP raise KeyboardInterrupt. After the first signal, all of them are ignored.

    SIGHUP stays ignored if it is ignored already, as after `nohup`.
    """
    numbers = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        numbers.append(signal.SIGHUP)

    def interrupt(received, frame):
        for number in numbers:
            signal.signal(number, lambda *_: None)
        raise KeyboardInterrupt

    for number in numbers:
        signal.signal(number, interrupt)


def wait_until(is_true, seconds: float, supervisor: subprocess.Popen) -> bool:
    """Wait until `is_true()`. Return False after `seconds`, or if the supervisor has ended."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and supervisor.poll() is None:
        if is_true():
            return True
        time.sleep(0.1)
    return False
