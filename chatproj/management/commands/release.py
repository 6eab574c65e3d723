"""
`manage.py release`: the process type `release` of the Procfile, which prepares the database for a new version.

A platform such as Heroku runs it once per deploy and waits for its end. honcho and foreman run it beside the other
processes, and stop all of them when one ends. Under such a runner, this command does not end before it gets a
signal to stop.

Kubernetes starts all processes at once. There, `release --wait` runs before each of the others, and ends when another
process has prepared the database and Redis answers. So a process with wrong settings never replaces one that works.
"""

import os
import signal
import time

from django.core.management import BaseCommand, call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

from channels_transport import OUTAGES, RedisConfigurationError
from chat.store import store

# Each of these variables contains the name of the process, such as release.1. honcho sets the first one; foreman and
# overmind set the second one.
NAMES_OF_PROCESS = ("HONCHO_PROCESS_NAME", "PS")
CHECK_SECONDS = 2


class Command(BaseCommand):
    """Migrates the database. Under a runner that would then stop all other processes, waits for a signal."""

    help = "Migrates the database. Under honcho, foreman or overmind, it then waits until the runner stops it."
    # The tables that some checks need may not exist yet; `migrate` runs the checks itself.
    requires_system_checks = False

    def add_arguments(self, parser):
        """Add the option."""
        parser.add_argument(
            "--wait",
            action="store_true",
            help="Change nothing. Wait until the database has every migration of this version, and Redis answers.",
        )

    def handle(self, *args, **options):
        """Prepare the database, or wait for it."""
        if options["wait"]:
            self._wait()
            return
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        if any(os.environ.get(name, "").startswith("release") for name in NAMES_OF_PROCESS):
            self.stdout.write("The database is ready. Waiting for a signal to stop.")
            self.stdout.flush()
            wait_for_signal()

    def _wait(self):
        """Return when this version can use the database and Redis. Print each new reason to wait once."""
        shown = None
        while (reason := find_reason_to_wait()) is not None:
            if reason != shown:
                self.stdout.write(f"Waiting for `manage.py release`: {reason}")
                self.stdout.flush()
            shown = reason
            time.sleep(CHECK_SECONDS)
        self.stdout.write("The database and Redis are ready.")


def find_reason_to_wait():
    """Return why this version cannot use the database or Redis yet, or None if it can use both."""
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if plan:
            return f"Migrations that are not applied: {len(plan)}."
        store.ping()
    except (*OUTAGES, RedisConfigurationError) as failure:
        return " ".join(str(failure).split())
    finally:
        # The next attempt needs a new connection, and a waiting process must not keep one.
        connection.close()
    return None


def wait_for_signal():
    """Return after SIGINT, SIGTERM or SIGHUP."""
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    signal.sigwait(numbers)
