"""A real mail server in a thread, on a free port, which keeps the mails that it accepts."""

import logging
import re
import ssl
from email import message_from_bytes
from email.policy import default
from typing import NamedTuple

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from chatproj.mail_settings import read_mail_server

logging.getLogger("mail.log").setLevel(logging.ERROR)  # the server logs each command of a client
PASSWORD = "se cret/#"


class Received(NamedTuple):
    """A mail: its sender and its readers in the envelope, and its content."""

    sender: str
    to: list
    message: object

    @property
    def text(self):
        """Return the text of the mail."""
        return self.message.get_content().replace("\r\n", "\n")

    @property
    def link(self):
        """Return the path of the last link in the mail."""
        return re.findall(r"https?://[^/\s]+(/\S*)", self.text)[-1]


class _Controller(Controller):
    """The controller of a server on a free port. The number of the port is known only when the server listens."""

    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


class MailServer:
    """
    A context manager that runs the server. Its `setting` is the value of EMAIL_URL.

    - `mails`: the mails that it has accepted;
    - `logins`: the user and the password of each login;
    - `recipient_answer`, `data_answer`: what it answers to a reader's address and to a mail, such as "250 OK";
    - `certificate`: a PEM file. With it, the server requires STARTTLS and a password.
    """

    def __init__(self, certificate=None, query="?tls=none"):
        self.mails, self.logins = [], []
        self.recipient_answer = self.data_answer = "250 OK"
        options = {}
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            options = {"tls_context": context, "require_starttls": True, "authenticator": self._authenticate}
            options["auth_required"] = True
        self._controller = _Controller(self, hostname="127.0.0.1", port=0, **options)
        self._user, self._query = ("chat:se%20cret%2F%23@" if certificate else ""), query

    def __enter__(self):
        self._controller.start()
        self.setting = read_mail_server(f"smtp://{self._user}127.0.0.1:{self._controller.port}/{self._query}")
        return self

    def __exit__(self, *_):
        self._controller.stop()

    def _authenticate(self, server, session, envelope, mechanism, data):
        self.logins.append((data.login.decode(), data.password.decode()))
        return AuthResult(success=data.password.decode() == PASSWORD)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if self.recipient_answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.recipient_answer

    async def handle_DATA(self, server, session, envelope):
        if self.data_answer.startswith("250"):
            message = message_from_bytes(envelope.content, policy=default)
            self.mails.append(Received(envelope.mail_from, envelope.rcpt_tos, message))
        return self.data_answer
