"""The supervisor's process seen from `serve`: start it, watch it, stop it and all that it started."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from chatproj import local
from chatproj.serve import lock

# The supervisor needs up to eight for what must be killed; after this, it is killed, and its children with
# it.
STOP_SECONDS = 9


def start(configuration: Path, environment: dict[str, str]) -> subprocess.Popen:
    """Start the supervisor; it shares our lock, but not our process group: Ctrl-C reaches us only."""
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
    """Start the supervisor again after it was killed; its children died with it."""
    time.sleep(1)
    return start(configuration, environment)


def stop(supervisor: subprocess.Popen) -> None:
    """End the supervisor and all its children, in order if they let us."""
    if supervisor.poll() is None:
        supervisor.terminate()
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()


def states() -> dict[str, str]:
    """The state of each process, as the supervisor left it in `var/processes`."""
    try:
        lines = (local.VAR / "processes").read_text().splitlines()
    except FileNotFoundError:
        return {}
    return {line.split()[0]: line.split()[1] for line in lines}


def last_lines(name: str, count: int = 15) -> str:
    """The end of a process's log."""
    try:
        text = (local.VAR / "log" / f"{name}.log").read_text(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def stop_on_signals() -> None:
    """Let SIGINT, SIGTERM and SIGHUP end `serve` as Ctrl-C does; after the first, they change nothing."""
    names = [signal.SIGINT, signal.SIGTERM]
    if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:
        names.append(signal.SIGHUP)

    def interrupt(number, frame):
        for name in names:
            signal.signal(name, lambda *_: None)
        raise KeyboardInterrupt

    for name in names:
        signal.signal(name, interrupt)


def wait_until(is_true, seconds: float, supervisor: subprocess.Popen) -> bool:
    """Wait until it is true; False when the time is over or the supervisor gone."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and supervisor.poll() is None:
        if is_true():
            return True
        time.sleep(0.1)
    return False
