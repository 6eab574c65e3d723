"""The JSON API of polls: the person's own votes."""

from django.http import JsonResponse

from chat.http.endpoints import endpoint, signed_in
from chat.models import READ
from chat.services import polls


@signed_in
def get_own_votes(request, slug, number):
    """Return {options}: the positions of the options that this person has chosen in the poll of a message."""
    return JsonResponse({"options": polls.get_own_votes(request.user, slug, number)})


own_votes = endpoint(GET=(READ, get_own_votes))
