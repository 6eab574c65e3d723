"""
Workers send mails: encrypted, again after a failure, and each mail once.

A line end in an address or a subject adds no header.
"""

import pytest
from django.utils import timezone

from chat.models import EmailAddress, Mail
from chat.services import mails
from chat.services.mails import queue, smtp
from chatproj.mail_settings import read_mail_server
from tests import wire
from tests.mail_server import PASSWORD, MailServer
from tests.tls import Authority

pytestmark = pytest.mark.django_db(transaction=True)
LETTER = mails.Letter("alice@example.com", "Grüße - 密码", "Hello\nfrom here\n")


@pytest.fixture(scope="module")
def plain():
    """Run a mail server without encryption."""
    with MailServer() as server:
        yield server


@pytest.fixture
def mailbox(plain, settings):
    """Let the site send its mails to the server, and return the server without mails."""
    settings.EMAIL_URL = plain.setting
    plain.mails.clear()
    plain.recipient_answer = plain.data_answer = "250 OK"
    return plain


@pytest.fixture
def notice(alice, mailbox):
    """Return a function that stores a notice to Alice, drops the job of the notice, and returns the notice's id."""
    EmailAddress.objects.create(person=alice, address="alice@example.com", key="alice@example.com")

    def post():
        mails.post_mail("password_changed", alice)
        while wire.layer().receive(["chat.tasks"])[1] is not None:
            pass
        return Mail.objects.latest("id").id

    return post


def make_due():
    Mail.objects.update(due_at=timezone.now() - queue.OVERDUE_AFTER * 2)


def test_a_mail_arrives_with_its_headers(mailbox, settings):
    smtp.deliver(LETTER, mailbox.setting, "Chat <chat@example.com>")
    (mail,) = mailbox.mails
    assert (mail.sender, mail.to, mail.text) == ("chat@example.com", ["alice@example.com"], LETTER.text)
    assert mail.message["Subject"] == LETTER.subject and mail.message["From"] == "Chat <chat@example.com>"
    assert mail.message["Auto-Submitted"] == "auto-generated" and mail.message["Message-ID"].endswith("@example.com>")


@pytest.mark.parametrize("part", ["to", "subject"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_a_line_end_adds_no_header(part, end, mailbox):
    letter = LETTER._replace(**{part: f"a@example.com{end}Bcc: b@example.com"})
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        smtp.deliver(letter, mailbox.setting, "chat@example.com")
    assert mailbox.mails == []


def test_the_connection_is_encrypted_and_the_certificate_is_checked(tmp_path):
    authority = Authority(tmp_path, "authority")
    query = f"?ssl_ca_certs={authority.path}"
    with MailServer(authority.make_server("127.0.0.1"), query) as server:
        smtp.deliver(LETTER, server.setting, "chat@example.com")
        assert len(server.mails) == 1 and server.logins == [("chat", PASSWORD)]
        with pytest.raises(OSError, match="CERTIFICATE_VERIFY_FAILED"):
            smtp.deliver(LETTER, server.setting._replace(ca_certs=None), "chat@example.com")
    with MailServer(authority.make_server("127.0.0.2"), query) as other, pytest.raises(OSError, match="certificate"):
        smtp.deliver(LETTER, other.setting, "chat@example.com")
    assert len(server.mails) == 1 and other.mails == other.logins == []


def test_a_server_without_encryption_gets_neither_password_nor_mail(mailbox):
    setting = mailbox.setting._replace(tls="starttls", user="chat", password=PASSWORD)
    with pytest.raises(smtp.smtplib.SMTPNotSupportedError):
        smtp.deliver(LETTER, setting, "chat@example.com")
    assert mailbox.mails == []


def test_a_mail_whose_job_was_lost_is_sent_after_the_sweep(notice, mailbox):
    notice()
    assert mails.sweep_mails() == 0, "its job may still arrive"
    make_due()
    assert mails.sweep_mails() == 1
    wire.work()
    assert len(mailbox.mails) == 1 and not Mail.objects.exists()


def test_two_jobs_send_a_mail_once(notice, mailbox):
    mail_id = notice()
    wire.layer().send("chat.tasks", {"mail": mail_id})
    wire.layer().send("chat.tasks", {"mail": mail_id})
    wire.work()
    assert len(mailbox.mails) == 1


def test_a_second_worker_does_not_take_a_mail_that_is_being_sent(notice, mailbox, monkeypatch):
    mail_id, deliver = notice(), queue.deliver

    def deliver_and_be_joined(*arguments):
        assert mails.send_mail(mail_id) is False
        deliver(*arguments)

    monkeypatch.setattr(queue, "deliver", deliver_and_be_joined)
    assert mails.send_mail(mail_id)
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("answer", ["451 try again", "down"])
def test_a_mail_is_sent_again_after_a_failure_that_passes(notice, mailbox, settings, answer, caplog):
    mail_id = notice()
    if answer == "down":
        settings.EMAIL_URL = read_mail_server("smtp://127.0.0.1:9?tls=none")
    mailbox.data_answer = answer
    assert not mails.send_mail(mail_id)
    assert "it is sent later" in caplog.text and "alice" not in caplog.text
    assert Mail.objects.get().due_at > timezone.now() + queue.FIRST_PAUSE / 2
    mailbox.data_answer, settings.EMAIL_URL = "250 OK", mailbox.setting
    make_due()
    assert mails.send_mail(mail_id) and len(mailbox.mails) == 1


def test_a_mail_is_dropped_after_the_last_try(notice, mailbox, caplog):
    mail_id, mailbox.data_answer = notice(), "451 try again"
    for _ in range(queue.MAX_TRIES):
        mails.send_mail(mail_id)
        make_due()
    assert "is dropped" in caplog.text and not Mail.objects.exists()


@pytest.mark.parametrize("part", ["recipient_answer", "data_answer"])
def test_a_mail_that_the_server_refuses_for_good_is_dropped_at_once(notice, mailbox, part, caplog):
    mail_id = notice()
    setattr(mailbox, part, "550 no such person alice@example.com")
    assert mails.send_mail(mail_id) and not Mail.objects.exists()
    assert "is dropped" in caplog.text and "alice" not in caplog.text


def test_old_mails_and_mails_of_an_unknown_kind_are_dropped(notice, mailbox, caplog):
    Mail.objects.filter(id=notice()).update(kind="from_a_newer_version")
    assert mails.send_mail(Mail.objects.get().id) and "unknown kind" in caplog.text
    notice()
    Mail.objects.update(created_at=timezone.now() - queue.KEEP)
    assert mails.sweep_mails() == 1 and not Mail.objects.exists() and mailbox.mails == []
