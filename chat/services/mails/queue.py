"""
The mails that are to be sent: store them as rows, send them in a worker for tasks, and try again after a failure.

A job only says that a row waits. It may be lost or arrive twice: a worker claims the row first, and a sweep starts the
jobs of rows that are overdue. This module writes Mail.
"""

import json
import logging
import smtplib
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db.models import F
from django.utils import timezone, translation

from chat import broadcast
from chat.models import Mail, Person
from chat.services.after_commit import after_commit
from chat.services.free_rows import delete_free_rows

from .letters import choose_language, is_mail_on
from .registry import find_writer
from .smtp import deliver

logger = logging.getLogger(__name__)

LOCK = timedelta(minutes=2)  # longer than a try may last
OVERDUE_AFTER = timedelta(seconds=10)  # within this time, the job may still arrive
FIRST_PAUSE = timedelta(seconds=30)  # before the second try; each later pause is four times as long
MAX_TRIES = 6  # the last one is about three hours after the first
KEEP = timedelta(days=1)  # no mail is sent later than this
MAX_SWEPT = 100


def post_mail(kind: str, person: Person | None = None, language: str | None = None, **params: Any) -> None:
    """
    Store a mail, and start its job on commit. Without a mail server, do nothing.

    - `kind`: a registered kind;
    - `person`: whom the mail is about, or None if the writer of the mail finds the person;
    - `language`: by default the language that the person chose, or else the active one;
    - `params`: values for the writer, which JSON can represent. They must contain no secret.
    """
    if not is_mail_on():
        return
    params["language"] = language or choose_language(person)
    mail = Mail.objects.create(kind=kind, person=person, params=json.dumps(params))
    _start_job(mail.id)


def _start_job(mail_id: int) -> None:
    after_commit("start the job of a mail", lambda: broadcast.start_job(broadcast.TASKS_CHANNEL, {"mail": mail_id}))


def send_mail(mail_id: int) -> bool:
    """
    Send a mail that is due, and delete its row. Return whether the row was deleted.

    If the mail server cannot be reached, or refuses the mail temporarily, the mail is sent again later. If the server
    refuses the mail permanently, or after MAX_TRIES tries, delete the row and log an error, which names no address.
    """
    if not is_mail_on() or not _claim(mail_id):
        return False
    mail = Mail.objects.select_related("person").get(id=mail_id)
    try:
        _deliver(mail)
    # A header with a line end raises ValueError.
    except (OSError, smtplib.SMTPException, ValueError) as error:
        return _put_off(mail, error)
    Mail.objects.filter(id=mail.id).delete()
    return True


def _claim(mail_id: int) -> bool:
    # One UPDATE claims the row, so only one of several workers with the same job sends the mail.
    now = timezone.now()
    due = Mail.objects.filter(id=mail_id, due_at__lte=now, tries__lt=MAX_TRIES)
    return due.update(due_at=now + LOCK, tries=F("tries") + 1) == 1


def _deliver(mail: Mail) -> None:
    params, writer = json.loads(mail.params), find_writer(mail.kind)
    if writer is None:
        logger.error("The mail %s has the unknown kind %s", mail.id, mail.kind)
        return
    with translation.override(params["language"]):
        letter = writer(mail, params)
    if letter is not None:
        deliver(letter, settings.EMAIL_URL, settings.EMAIL_FROM)


def _put_off(mail: Mail, error: Exception) -> bool:
    if _is_final(error) or mail.tries >= MAX_TRIES:
        logger.error("The mail %s (%s) could not be sent, and is dropped: %s", mail.id, mail.kind, _describe(error))
        Mail.objects.filter(id=mail.id).delete()
        return True
    logger.warning("The mail %s (%s) could not be sent; it is sent later: %s", mail.id, mail.kind, _describe(error))
    pause = FIRST_PAUSE * 4 ** (mail.tries - 1)
    Mail.objects.filter(id=mail.id).update(due_at=timezone.now() + pause)
    return False


def _is_final(error: Exception) -> bool:
    """Return whether another try would fail too: the server refuses the reader or the mail itself."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return all(code >= 500 for code, _ in error.recipients.values())
    return isinstance(error, ValueError) or (isinstance(error, smtplib.SMTPDataError) and error.smtp_code >= 500)


def _describe(error: Exception) -> str:
    # The answer of a mail server may contain the address of a person.
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__} {code}" if code else type(error).__name__


def sweep_mails() -> int:
    """Start the jobs of mails that are overdue, and delete mails that are too old. Return how many in total."""
    now = timezone.now()
    old = len(delete_free_rows(Mail.objects.filter(created_at__lt=now - KEEP), MAX_SWEPT))
    overdue = Mail.objects.filter(due_at__lt=now - OVERDUE_AFTER, tries__lt=MAX_TRIES).order_by("due_at")
    ids = list(overdue.values_list("id", flat=True)[:MAX_SWEPT]) if is_mail_on() else []
    for mail_id in ids:
        _start_job(mail_id)
    return old + len(ids)
