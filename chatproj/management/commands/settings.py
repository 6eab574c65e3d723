"""`manage.py settings`: prints each setting with its value, where the value comes from, and what it does."""

import json
import textwrap

from django.core.management import BaseCommand, CommandError

from chatproj import listed_settings


class Command(BaseCommand):
    """Prints the settings of this process."""

    help = "Prints each setting with its value, its source and its effect. Secrets are printed as ***."
    # Operators also need this command when a check fails.
    requires_system_checks = False

    def add_arguments(self, parser):
        """Add the options."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="Print only these settings.")
        parser.add_argument("--changed", action="store_true", help="Print only those that do not have their default.")
        parser.add_argument("--json", action="store_true", help="Print a JSON array of objects.")

    def handle(self, *args, names, changed, **options):
        """Print the settings."""
        listed = listed_settings.list_settings()
        unknown = set(names) - {setting.name for setting in listed}
        if unknown:
            raise CommandError(f"There is no setting {', '.join(sorted(unknown))}: `manage.py settings` lists all.")
        if names:
            listed = [setting for setting in listed if setting.name in names]
        if changed:
            listed = [setting for setting in listed if setting.source != listed_settings.DEFAULT]
        if options["json"]:
            self.stdout.write(json.dumps([setting._asdict() for setting in listed], indent=2))
        else:
            self._print(listed)
        for name, meant in listed_settings.find_misspelt().items():
            self.stderr.write(f"{name} is set, but there is no such setting. Is {meant} meant?")

    def _print(self, listed):
        for setting in listed:
            default = "" if setting.source == listed_settings.DEFAULT else f" (default: {setting.default})"
            lines = f"{setting.effect}\nSource: {setting.source}{default}\nAfter a change, restart {setting.restart}."
            self.stdout.write(f"{setting.name} = {setting.value}\n{textwrap.indent(lines, '    ')}")
