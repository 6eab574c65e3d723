"""`manage.py doctor`: examines a running site. The exit code is 0 if every part is well, else 1."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser

from channels_transport.doctor.examination import examine


class Command(BaseCommand):
    """Prints one line for each finding, or with `--json` one JSON object."""

    help = "Measures a round trip through the running site, checks each part, and says what to do about each problem."
    # A problem that the system checks find must become a finding, not a traceback.
    requires_system_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        url = getattr(settings, "DOCTOR_URL", None) or "http://127.0.0.1:8000"
        parser.add_argument("--url", default=url, help=f"The address of the interface (default: {url}).")
        parser.add_argument("--json", action="store_true", help="Print one JSON object.")

    def handle(self, *args: Any, **options: Any) -> None:
        found = examine(options["url"])
        is_well = all(finding.is_well for finding in found)
        if options["json"]:
            parts = [{"part": one.part, "well": one.is_well, "text": one.text} for one in found]
            self.stdout.write(json.dumps({"well": is_well, "url": options["url"], "parts": parts}, indent=2))
        else:
            for one in found:
                self.stdout.write(f"{'ok' if one.is_well else 'PROBLEM':7}  {one.part:10}  {one.text}")
        if not is_well:
            raise SystemExit(1)
