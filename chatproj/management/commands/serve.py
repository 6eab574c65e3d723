"""
`manage.py serve`: prepares the data of the site, then runs the processes of the Procfile until a signal stops it.

`bin/serve` runs this command. This module has the order of the steps; `chatproj.serve` has the steps.
"""

import math
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, call_command
from django.db import DatabaseError, connections

from channels_transport.open_files import raise_file_limit
from chatproj import environment, local
from chatproj.serve import CannotServe, checks, configuration, lock, prepare, procfile, ready, running, valkey

READY_SECONDS = 60


class Command(BaseCommand):
    """Runs the whole chat on this machine."""

    help = "Runs all processes of the Procfile until Ctrl-C, and an embedded Valkey if REDIS_URL is not set."
    # If the database cannot be used, the error text below must appear, not the traceback of a check.
    requires_system_checks = False

    def handle(self, *args, **options):
        running.stop_on_signals()
        prepare()
        try:
            self.serve()
        except (CannotServe, ImproperlyConfigured) as error:
            sys.exit(str(error))
        except DatabaseError as error:
            sys.exit(f"The database cannot be used: {' '.join(str(error).split())}")
        except OSError as error:
            sys.exit(f"Cannot continue: {error}.")
        except KeyboardInterrupt:
            self.say("Stopped.")

    def serve(self):
        """Check the settings, prepare the data, start the processes, and wait."""
        host, port, workers = checks.read_host(), checks.read_port(), checks.read_workers()
        checks.check_port(host, port)
        redis_url = environment.read("REDIS_URL")
        if redis_url:
            checks.check_redis(redis_url)
        raise_file_limit()
        programs = read_programs(workers)
        self.prepare_data()
        os.environ.update(HOST=host, PORT=str(port), PATH=path_with_our_python())
        lock.write_owner(ready.address(host, port))
        if not redis_url:
            programs.insert(0, self.embed_valkey())
        self.run(programs, host, port)

    def prepare_data(self):
        """Migrate the database, collect the static files, and create the first room. No data is lost."""
        self.say("Preparing the database and the static files ...")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("firstroom")
        connections.close_all()

    def embed_valkey(self):
        """Configure the embedded Valkey, and pass its URL to child processes and to other `manage.py` commands."""
        server = valkey.configure()
        os.environ["REDIS_URL"] = server.url
        local.write_private("redis-url", server.url)
        return configuration.Program("valkey", configuration.shell_text(server.command))

    def run(self, programs, host, port):
        """
        Start all processes, announce when the chat answers, and wait until a signal stops this process.

        If the supervisor ends, start it again.
        """
        file = local.write_private("supervisord.conf", configuration.make_text(programs))
        environment = configuration.environment(programs, local.ROOT)
        supervisor = running.start(file, environment)
        try:
            self.announce(supervisor, programs, host, port)
            while True:
                code = supervisor.wait()
                self.say(f"The supervisor and its processes ended (exit code {code}); starting them again.")
                supervisor = running.restart(file, environment)
        except KeyboardInterrupt:
            self.say("Stopping ...")
            raise
        finally:
            running.stop(supervisor)

    def announce(self, supervisor, programs, host, port):
        """Announce that the chat answers. If this takes long, first print which processes do not run."""
        address = ready.address(host, port)

        def is_ready():
            return ready.answers(host, port, settings.ALLOWED_HOSTS)

        if not running.wait_until(is_ready, READY_SECONDS, supervisor):
            self.say(f"Chat does not answer at {address} yet; processes that fail are restarted.")
            self.say(ready.describe_failures(name for program in programs for name in program.process_names))
            if not running.wait_until(is_ready, math.inf, supervisor):
                return
        self.say(f"Chat is ready at {address}")
        self.announce_to_others(host, port)
        self.say(f"The logs are in {local.VAR / 'log'}. Ctrl-C stops all processes.")

    def announce_to_others(self, host, port):
        """Print PUBLIC_URL. If it is not set, print the addresses at which other machines can reach the interface."""
        if settings.PUBLIC_URL:
            self.say(f"People open {settings.PUBLIC_URL}/")
        elif others := ready.addresses_for_others(host, port, settings.ALLOWED_HOSTS):
            self.say(f"Other machines can open {' or '.join(others)}")
            self.say("These addresses have no TLS: anybody on the network can read what is sent, passwords too.")

    def say(self, text):
        """Print a line at once."""
        print(text, flush=True)


def read_programs(workers):
    """Return the programs of the Procfile, except `release`, because `prepare_data` does its work."""
    file = local.ROOT / "Procfile"
    try:
        types = procfile.parse(file.read_text())
    except (OSError, ValueError) as error:
        raise CannotServe(f"Cannot use {file}: {error}.") from None
    counts = {"worker": workers}
    types = [entry for entry in types if entry.name != "release"]
    return [configuration.Program(entry.name, entry.shell, counts.get(entry.name, 1)) for entry in types]


def path_with_our_python():
    """Return a PATH on which `python` is the Python of this process."""
    return os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath)
