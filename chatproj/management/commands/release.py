"""
`manage.py release`: the process type `release` of the Procfile, which prepares the database for a new version.

A platform such as Heroku runs it once per deploy and waits for its end. honcho and foreman run it beside the other
processes, and stop all of them when one ends. Under such a runner, this command does not end before it gets a
signal to stop.
"""

import os
import signal

from django.core.management import BaseCommand, call_command

# Each of these variables contains the name of the process, such as release.1. honcho sets the first one; foreman and
# overmind set the second one.
NAMES_OF_PROCESS = ("HONCHO_PROCESS_NAME", "PS")


class Command(BaseCommand):
    """Migrates the database. Under a runner that would then stop all other processes, waits for a signal."""

    help = "Migrates the database. Under honcho, foreman or overmind, it then waits until the runner stops it."
    # The tables that some checks need may not exist yet; `migrate` runs the checks itself.
    requires_system_checks = False

    def handle(self, *args, **options):
        call_command("migrate", interactive=False, verbosity=options["verbosity"])
        if any(os.environ.get(name, "").startswith("release") for name in NAMES_OF_PROCESS):
            self.stdout.write("The database is ready. Waiting for a signal to stop.")
            self.stdout.flush()
            wait_for_signal()


def wait_for_signal():
    """Return after SIGINT, SIGTERM or SIGHUP."""
    numbers = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    signal.sigwait(numbers)
