"""Change the password of an account, as Django's command does, and end the logins and tokens of the person."""

import getpass
from typing import Any

from django.contrib.auth.management.commands import changepassword

from chat.services import people


class Command(changepassword.Command):
    help = (
        "Change the password of an account. This signs the person out everywhere, and ends the person's tokens, except"
        " tokens that survive a change of the password."
    )

    def handle(self, *args: Any, **options: Any) -> str:
        handle = options["username"] or getpass.getuser()
        answer = super().handle(*args, **{**options, "username": handle})
        people.end_access(handle)
        return answer
