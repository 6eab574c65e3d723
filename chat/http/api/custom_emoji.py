"""The JSON API of the site's own emoji."""

import hashlib

from django.http import HttpResponse, JsonResponse
from django.utils.cache import get_conditional_response

from chat import protocol
from chat.http.endpoints import endpoint, signed_in
from chat.models import READ
from chat.services import budgets, custom_emoji, limits

# The address of a picture contains its digest, so its content never changes.
PICTURE_CACHE = "public, max-age=31536000, immutable"


@signed_in
def list_emoji(request):
    """
    Return {emoji: [{name, url, added_by, added_at, own}], may_add} of the whole site, sorted by name.

    `own`: the person may delete it. The response has an `ETag`.
    """
    listed = [_describe(emoji, request.user) for emoji in custom_emoji.list_emoji()]
    response = JsonResponse({"emoji": listed, "may_add": custom_emoji.may_add(request.user)})
    etag = f'"{hashlib.sha256(response.content).hexdigest()[:32]}"'
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    return get_conditional_response(request, etag, response=response)


def _describe(emoji, person):
    return {
        "name": emoji.name,
        "url": custom_emoji.make_address(emoji.digest),
        "added_by": emoji.added_by.handle if emoji.added_by else None,
        "added_at": protocol.format_time(emoji.added_at),
        "own": custom_emoji.may_delete(person, emoji),
    }


@signed_in
def add_emoji(request, name):
    """
    Add an emoji, for the people whom the setting CHAT_CUSTOM_EMOJI allows.

    The body is an image file (PNG, JPEG, WebP or GIF). Return 201 and the emoji.
    """
    budgets.check("custom_emoji", request.user.id)
    emoji = custom_emoji.add_emoji(request.user, name, request.body)
    return JsonResponse(_describe(emoji, request.user), status=201)


@signed_in
def delete_emoji(request, name):
    """Delete an emoji, for operators and for the person who added it and may still add emoji. Return 204."""
    limits.check_event(request.user.id)
    custom_emoji.delete_emoji(request.user, name)
    return HttpResponse(status=204)


def get_picture(request, digest):
    """Return the picture of an emoji as WebP, for everybody who has its address."""
    response = HttpResponse(custom_emoji.read_picture(digest), content_type="image/webp")
    response["Cache-Control"] = PICTURE_CACHE
    return response


all_emoji = endpoint(GET=(READ, list_emoji))
one_emoji = endpoint(PUT=add_emoji, DELETE=delete_emoji)
picture = endpoint(GET=get_picture)
