"""The check of backups: a site that has made a backup should make the next ones in time."""

from datetime import UTC, datetime

from django.conf import settings

from channels_transport import Finding
from chatproj import local


def check_backups() -> list[Finding]:
    """Report the age of the last backup of this machine. An age above DOCTOR_BACKUP_DAYS is a problem."""
    made_at = local.read_backup_time()
    if made_at is None:
        return [Finding.ok("backups", "`manage.py backup` has made no backup with this CHAT_VAR: see docs/data.md.")]
    days = (datetime.now(UTC) - made_at).total_seconds() / 86400
    if days <= settings.DOCTOR_BACKUP_DAYS:
        return [Finding.ok("backups", f"The last backup is {days:.1f} days old.")]
    text = f"The last backup is {days:.1f} days old: look at the log of the timer that runs `manage.py backup`."
    return [Finding.problem("backups", text)]
