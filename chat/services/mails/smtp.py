"""
The client of the mail server. Django's own client does not check the certificate of the server.

This module knows no people and no rows.
"""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid, parseaddr
from typing import Any

from .registry import Letter

TIMEOUT_SECONDS = 10  # for each step of the conversation with the mail server


def deliver(letter: Letter, server: Any, sender: str) -> None:
    """
    Send a letter through a server (the value of EMAIL_URL). Raise OSError or SMTPException.

    An attempt to put a line end into a header raises ValueError, because EmailMessage refuses it.
    """
    message = make_message(letter, sender)
    with _connect(server) as client:
        client.send_message(message, from_addr=parseaddr(sender)[1], to_addrs=[letter.to])


def try_server(server: Any) -> None:
    """Log in at a server and send nothing. Raise OSError or SMTPException if the server cannot be used."""
    with _connect(server) as client:
        client.noop()


def make_message(letter: Letter, sender: str) -> EmailMessage:
    """Return a letter as a message with its headers."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = sender, letter.to, letter.subject
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=parseaddr(sender)[1].rpartition("@")[2])
    # Programs that answer mails automatically do not answer this one.
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text)
    return message


@contextmanager
def _connect(server: Any) -> Iterator[smtplib.SMTP]:
    context = ssl.create_default_context(cafile=server.ca_certs)
    client = (
        smtplib.SMTP_SSL(server.host, server.port, timeout=TIMEOUT_SECONDS, context=context)
        if server.tls == "implicit"
        else smtplib.SMTP(server.host, server.port, timeout=TIMEOUT_SECONDS)
    )
    with client:
        if server.tls == "starttls":
            client.starttls(context=context)
        if server.user:
            client.login(server.user, server.password)
        yield client
