"""The JSON API of a room's commands: list them, and run one."""

from django.http import JsonResponse
from django.utils.translation import gettext

from chat import protocol
from chat.http.endpoints import endpoint, errors_with_ref, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ
from chat.services import budgets, commands, limits, rooms


@signed_in
def list_commands(request, slug):
    """Return {commands: [{name, detail, usage}]}: what this person may use in a readable room, sorted by name."""
    room = rooms.get_readable_room(request.user, slug)
    found = commands.list_commands(request.user, room)
    described = [{"name": info.name, "detail": str(info.detail), "usage": str(info.usage)} for info in found]
    return ListResponse({"commands": described})


@signed_in
def run_command(request, slug):
    """
    Run a command, for people who may enter the room. They become members, except by the command that leaves the room.

    Body {ref, name, text?, zone?, thread?}.

    Return 200 and the `ack` without its type: {ref, id, offset, notice?}. A repeated `ref` gets the same body.
    """
    event = protocol.read_event(protocol.parse_object(request.body), protocol.Command)
    with errors_with_ref(event.ref):
        limits.check_event(request.user.id, event.ref)
        budgets.check_markup(request.user.id, event.text)
        outcome = commands.enter_and_run(request.user, slug, event)
    body = {name: value for name, value in outcome.ack.items() if name != "type"}
    if isinstance(notice := body.get("notice"), commands.Notice):
        body["notice"] = _translate(notice)
    return JsonResponse(body)


def _translate(notice):
    """Return a notice in the language of the request."""
    text = gettext(notice.text)
    return text % notice.values if notice.values else text


all_commands = endpoint(GET=(READ, list_commands), POST=(POST, run_command))
