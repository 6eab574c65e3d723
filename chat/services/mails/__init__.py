"""
Mails to people: a request stores a mail as a row, and a worker for tasks sends it to the mail server.

So a request never waits for the mail server, and the duration of the request does not reveal whether anybody gets a
mail. After a crash, a mail may be sent twice. If the mail server refuses a mail permanently, or all tries fail, the
mail is deleted. To add a kind of mail, write one function: `registry.py` describes it.

This package writes Mail.
"""

from .letters import choose_language, get_site_address, is_mail_on, make_link, name_site
from .notices import write_letter
from .queue import post_mail, send_mail, sweep_mails
from .registry import Letter, mail_kind
from .smtp import try_server

__all__ = [
    "Letter",
    "choose_language",
    "get_site_address",
    "is_mail_on",
    "mail_kind",
    "make_link",
    "name_site",
    "post_mail",
    "send_mail",
    "sweep_mails",
    "try_server",
    "write_letter",
]
