"""`manage.py serve`: prepares this folder, then keeps whatever the Procfile names running until it must stop.

It is what `bin/serve` runs. The order is here; how each step is done is in `chatproj.serve`.
"""

import math
import os
import sys

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import BaseCommand, call_command
from django.db import DatabaseError, connections

from chatproj import local
from chatproj.serve import CannotServe, checks, configuration, lock, prepare, procfile, ready, running, valkey

READY_SECONDS = 60


class Command(BaseCommand):
    """Runs the whole chat on this machine."""

    help = "Runs every process of the Procfile, and Valkey where REDIS_URL is not set, until Ctrl-C."
    # A database that cannot be used ends in our sentence rather than in a check's traceback.
    requires_system_checks = False

    def handle(self, *args, **options):
        running.stop_on_signals()
        prepare()
        try:
            self.serve()
        except (CannotServe, ImproperlyConfigured) as refusal:
            sys.exit(str(refusal))
        except DatabaseError as error:
            sys.exit(f"The database cannot be used: {' '.join(str(error).split())}")
        except OSError as error:
            sys.exit(f"Cannot go on: {error}.")
        except KeyboardInterrupt:
            self.say("Stopped.")

    def serve(self):
        """Check, prepare, start, wait."""
        host, port, workers = checks.read_host(), checks.read_port(), checks.read_workers()
        checks.check_port(host, port)
        if os.environ.get("REDIS_URL"):
            checks.check_redis(os.environ["REDIS_URL"])
        checks.raise_file_limit()
        programs = read_programs(workers)
        self.prepare_data()
        os.environ.update(HOST=host, PORT=str(port), PATH=path_with_our_python())
        lock.write_owner(ready.address(host, port))
        if not os.environ.get("REDIS_URL"):
            programs.insert(0, self.embed_valkey())
        self.run(programs, host, port)

    def prepare_data(self):
        """Bring the database and the static files up to date; both keep what they have."""
        self.say("Preparing the database and the static files ...")
        call_command("migrate", interactive=False, verbosity=0)
        call_command("collectstatic", interactive=False, verbosity=0)
        call_command("firstroom")
        connections.close_all()

    def embed_valkey(self):
        """Configure the embedded Valkey, and tell our children and other `manage.py` where it will be."""
        server = valkey.configure()
        os.environ["REDIS_URL"] = server.url
        local.write_private("redis-url", server.url)
        return configuration.Program("valkey", configuration.shell_text(server.command))

    def run(self, programs, host, port):
        """Start everything, say when it answers, and stay until we are told to stop."""
        file = local.write_private("supervisord.conf", configuration.write_text(programs))
        environment = configuration.environment(programs, local.ROOT)
        supervisor = running.start(file, environment)
        try:
            self.announce(supervisor, programs, host, port)
            while True:
                code = supervisor.wait()
                self.say(f"The supervisor ended (code {code}), its processes with it; starting them again.")
                supervisor = running.restart(file, environment)
        except KeyboardInterrupt:
            self.say("Stopping ...")
            raise
        finally:
            running.stop(supervisor)

    def announce(self, supervisor, programs, host, port):
        """Say that the chat answers; before that, if it takes long, what keeps it from answering."""
        address = ready.address(host, port)

        def is_ready():
            return ready.answers(host, port, settings.ALLOWED_HOSTS)

        if not running.wait_until(is_ready, READY_SECONDS, supervisor):
            self.say(f"Chat does not answer at {address} yet; what fails is started again and again.")
            self.say(ready.blame(name for program in programs for name in program.process_names))
            if not running.wait_until(is_ready, math.inf, supervisor):
                return
        self.say(f"Chat is ready at {address}")
        self.say(f"The logs are in {local.VAR / 'log'}; Ctrl-C stops everything.")

    def say(self, text):
        """Something for the person at the terminal, at once."""
        print(text, flush=True)


def read_programs(workers):
    """What the Procfile names, but for `release`, whose work is done before."""
    file = local.ROOT / "Procfile"
    try:
        types = procfile.parse(file.read_text())
    except (OSError, ValueError) as error:
        raise CannotServe(f"Cannot use {file}: {error}.") from None
    counts = {"worker": workers}
    types = [entry for entry in types if entry.name != "release"]
    return [configuration.Program(entry.name, entry.shell, counts.get(entry.name, 1)) for entry in types]


def path_with_our_python():
    """PATH on which `python` is the one that runs this."""
    return os.path.dirname(sys.executable) + os.pathsep + os.environ.get("PATH", os.defpath)
