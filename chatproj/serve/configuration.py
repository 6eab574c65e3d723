"""Makes the text of the supervisor's configuration file. It starts nothing."""

import os
import shlex
from pathlib import Path
from typing import NamedTuple

# The processes that use Valkey stop first, then Valkey. The sum must be below `running.STOP_SECONDS`: after that time,
# `serve` kills the supervisor.
STOP_SECONDS = 6
STOP_VALKEY_SECONDS = 2

HEAD = """\
[supervisord]
nodaemon=true
silent=true
logfile=log/supervisord.log
logfile_maxbytes=5MB
logfile_backups=2
pidfile=supervisord.pid
minfds=256
minprocs=16
{user}
"""

PROGRAM = """\
[program:{name}]
command=/bin/sh -c 'eval "${variable}"'
process_name={process_name}
numprocs={count}
directory=%(ENV_CHAT_ROOT)s
autostart=true
autorestart=true
startsecs=3
startretries=1000000000
stopsignal=TERM
stopasgroup=true
killasgroup=true
stopwaitsecs={stop_seconds}
redirect_stderr=true
stdout_logfile=log/{process_name}.log
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""

GROUP = """\
[group:{name}]
programs={programs}
priority={priority}
"""


class Program(NamedTuple):
    """A program, and how many processes run it; `shell` is text for `sh -c`."""

    name: str
    shell: str
    count: int = 1

    @property
    def variable(self) -> str:
        """
        Return the name of the environment variable that contains `shell`.

        The configuration file refers to the variable, because in the file `shell` would need three levels of quotes.
        """
        return "CHAT_RUN_" + self.name.replace("-", "_")

    @property
    def process_names(self) -> list[str]:
        """Return the names of the program's processes, which are also the names of their logs."""
        if self.count == 1:
            return [self.name]
        return [f"{self.name}-{number}" for number in range(1, self.count + 1)]


def make_text(programs: list[Program]) -> str:
    """Return the text of the file. Groups stop one after another: the highest priority first, Valkey last."""
    # Without a user, the supervisor warns that it runs as root.
    parts = [HEAD.format(user="user=root" if os.getuid() == 0 else "")]
    store = [program for program in programs if program.name == "valkey"]
    chat = [program for program in programs if program.name != "valkey"]
    for name, group, priority, stop_seconds in (
        ("store", store, 100, STOP_VALKEY_SECONDS),
        ("chat", chat, 200, STOP_SECONDS),
    ):
        if group:
            parts += [_program(program, stop_seconds) for program in group]
            parts.append(_group(name, group, priority))
    return "\n".join(parts)


def environment(programs: list[Program], root: Path) -> dict[str, str]:
    """Return the variables that the configuration refers to."""
    return {"CHAT_ROOT": str(root), **{program.variable: program.shell for program in programs}}


def shell_text(command: list[str]) -> str:
    """Return text for `sh -c` that replaces the shell with this command."""
    return f"exec {shlex.join(command)}"


def _program(program: Program, stop_seconds: int) -> str:
    numbered = program.count > 1
    text = PROGRAM.format(
        name=program.name,
        variable=program.variable,
        process_name=f"{program.name}-%(process_num)d" if numbered else program.name,
        count=program.count,
        stop_seconds=stop_seconds,
    )
    return text + ("numprocs_start=1\n" if numbered else "")


def _group(name: str, programs: list[Program], priority: int) -> str:
    return GROUP.format(name=name, programs=",".join(program.name for program in programs), priority=priority)
