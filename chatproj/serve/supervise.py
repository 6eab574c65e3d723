"""
The supervisor's process: the daemon of the package `supervisor`, with faster and unlimited restarts.

Run it as `python -m chatproj.serve.supervise <configuration> <parent's pid>`. The process imports neither Django nor
the chat, accepts no commands, and ends with its parent.
"""

import ctypes
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path

from supervisor import events
from supervisor.medusa import asyncore_25 as asyncore
from supervisor.options import ProcessConfig, ServerOptions
from supervisor.process import Subprocess
from supervisor.states import ProcessStates, getProcessStateDescription
from supervisor.supervisord import Supervisor

# Supervisor checks its children when a pipe has data, or else once a second. One second delays a restart for too long.
CHECK_SECONDS = 0.2
# The waits before the restarts of a process that ends at once; the last value applies to all later restarts.
# Supervisor's own wait grows by one second each time, without a limit.
BACKOFF_SECONDS = (0.2, 0.5, 1, 2, 4)
PR_SET_PDEATHSIG = 1


class RetryingSubprocess(Subprocess):
    """A process that is always restarted, with a bounded wait before each restart."""

    def change_state(self, new_state, expected=True):
        changed = super().change_state(new_state, expected)
        if new_state == ProcessStates.BACKOFF:
            self.delay = time.time() + backoff_seconds(self.backoff)
        return changed


class RetryingProcessConfig(ProcessConfig):
    """Makes retrying processes."""

    def make_process(self, group=None):
        process = RetryingSubprocess(self)
        process.group = group
        return process


class Options(ServerOptions):
    """Supervisor's options, with retrying processes that end with the supervisor."""

    def processes_from_section(self, parser, section, group_name, klass=None):
        # The configuration has only this kind of section. Supervisor would pass its own class.
        return super().processes_from_section(parser, section, group_name, RetryingProcessConfig)

    def setpgrp(self):
        # Supervisor calls this in the child, just before exec.
        super().setpgrp()
        die_with_parent(signal.SIGKILL)


class QuickPoller:
    """Supervisor's poller, with a shorter limit for each wait."""

    def __init__(self, poller):
        self.poller = poller

    def poll(self, timeout):
        return self.poller.poll(min(timeout, CHECK_SECONDS))

    def __getattr__(self, name):
        return getattr(self.poller, name)


class ReportingSupervisor(Supervisor):
    """Supervisor's loop, which also writes the state of each process to a file."""

    def runforever(self):
        self.options.poller = QuickPoller(self.options.poller)
        events.subscribe(events.ProcessStateEvent, self.write_states)
        super().runforever()

    def write_states(self, event):
        """Write the file `processes`: one line per process with its name and state."""
        groups = self.process_groups.values()
        processes = [process for group in groups for process in group.processes.values()]
        lines = [f"{process.config.name} {getProcessStateDescription(process.state)}" for process in processes]
        new_file = Path("processes.new")
        try:
            new_file.write_text("\n".join(lines) + "\n")
            new_file.replace("processes")
        except OSError as error:
            # A full disk must not end the supervisor.
            self.options.logger.warn(f"cannot write the states of the processes: {error}")


def backoff_seconds(failures: int) -> float:
    """Return how many seconds to wait after this number of consecutive early exits."""
    return BACKOFF_SECONDS[min(failures, len(BACKOFF_SECONDS)) - 1]


def die_with_parent(signal_number: int) -> None:
    """Ask Linux to send this process a signal when its parent ends. Do nothing on other systems."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal_number, 0, 0, 0)


def main() -> None:
    configuration, parent = sys.argv[1:]
    die_with_parent(signal.SIGTERM)
    if os.getppid() != int(parent):
        sys.exit("serve ended before its supervisor started")
    os.chdir(Path(configuration).parent)
    options = Options()
    options.realize(["-c", configuration])
    # supervisord.main() sets these options too. They say that this is neither a reload nor a test of supervisor.
    options.first, options.test = True, False
    with suppress(asyncore.ExitNow):
        ReportingSupervisor(options).main()


if __name__ == "__main__":
    main()
