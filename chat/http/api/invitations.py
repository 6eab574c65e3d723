"""The JSON API of private rooms: their invitations."""

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from chat import protocol
from chat.http.endpoints import endpoint, signed_in
from chat.http.reads import ListResponse
from chat.models import POST, READ, ROOMS
from chat.services import budgets, limits
from chat.services import invitations as service


@signed_in
def list_invitations(request, slug):
    """Return {invitations: [...]} to the room's moderators and owners: open ones, the newest first, without keys."""
    found = service.get_invitations(request.user, slug)
    return ListResponse({"invitations": [_describe(invitation) for invitation in found]})


@never_cache
@signed_in
def create_invitation(request, slug):
    """
    Create an invitation, for the room's moderators and owners.

    The body {uses?, expires_in?} is optional; `expires_in` is in seconds. Return 201 and the invitation with its `url`.
    No other response contains the `url`.
    """
    fields = protocol.parse_object(request.body) if request.body else {}
    limits.check_event(request.user.id)
    budgets.check("invitations", request.user.id)
    invitation, key = service.create_invitation(request.user, slug, fields.get("uses"), fields.get("expires_in"))
    url = request.build_absolute_uri(reverse("invitation", kwargs={"key": key}))
    return JsonResponse({**_describe(invitation), "url": url}, status=201)


@signed_in
def revoke_invitation(request, slug, invitation_id):
    """Revoke an invitation, for the room's moderators and owners. People who used it stay members. Return 204."""
    limits.check_event(request.user.id)
    service.revoke_invitation(request.user, slug, invitation_id)
    return HttpResponse(status=204)


def _describe(invitation):
    return {
        "id": invitation.id,
        "uses_left": invitation.uses_left,
        "created_at": protocol.format_time(invitation.created_at),
        "expires_at": protocol.format_time(invitation.expires_at),
        "created_by": invitation.created_by.handle if invitation.created_by else None,
    }


@signed_in
def accept_invitation(request):
    """Make a signed-in person a member of the key's room. Body {key}. Return {room: {slug, name, topic}}."""
    fields = protocol.check_fields(protocol.parse_object(request.body), key=protocol.check_string)
    limits.check_event(request.user.id)
    room = service.accept_invitation(request.user, fields["key"])
    return JsonResponse({"room": {"slug": room.slug, "name": room.name, "topic": room.topic}})


invitations = endpoint(GET=(READ, list_invitations), POST=(ROOMS, create_invitation))
invitation = endpoint(DELETE=(ROOMS, revoke_invitation))
accepted = endpoint(POST=(POST, accept_invitation))
