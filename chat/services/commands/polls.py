"""The command `/poll`: it posts a message with a poll. chat/services/polls stores the poll."""

from django.utils.translation import gettext_lazy

from chat.services import polls
from chat.services.rooms import Outcome

from .registry import Call, command


@command("poll", gettext_lazy("Ask a question with options"), gettext_lazy('"Lunch?" "Pizza" "Sushi"'))
def ask(call: Call) -> Outcome:
    """Post the question and its options."""
    return call.post(polls.write_body(polls.read_poll(call.get_text())))
