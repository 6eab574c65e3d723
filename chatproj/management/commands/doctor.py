"""`manage.py doctor`: is this site well, and if not, what is to be done? Exit code 0, or 1."""

import json
import os

from django.core.management.base import BaseCommand

from chatproj.doctor import examine


class Command(BaseCommand):
    """Prints one line for each finding."""

    help = "Measures the way through the site, and names each part that is not well."
    # What they complain about is for us to say, in a line.
    requires_system_checks = False

    def add_arguments(self, parser):
        url = f"http://127.0.0.1:{os.environ.get('PORT', '8000')}"
        parser.add_argument("--url", default=url, help=f"Where the interface is (default: {url}).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args, **options):
        found = examine(options["url"])
        is_well = all(finding.is_well for finding in found)
        if options["json"]:
            parts = [{"part": one.part, "well": one.is_well, "text": one.text} for one in found]
            self.stdout.write(json.dumps({"well": is_well, "url": options["url"], "parts": parts}, indent=2))
        else:
            for one in found:
                self.stdout.write(f"{'ok' if one.is_well else 'NOT WELL':8}  {one.part:10}  {one.text}")
        if not is_well:
            raise SystemExit(1)
