"""The JSON API of the previews of links in messages."""

from django.http import HttpResponse

from chat.http.endpoints import endpoint, signed_in
from chat.models import POST, READ
from chat.services import limits, link_previews

# The address of a preview never gets another image. But the right to read the room may end.
IMAGE_CACHE = "private, max-age=86400"


@signed_in
def delete_preview(request, slug, number, preview_id):
    """Remove a preview from a message, for the author and for moderators. It never appears again. Return 204."""
    limits.check_event(request.user.id)
    link_previews.hide_preview(request.user, slug, number, preview_id)
    return HttpResponse(status=204)


@signed_in
def get_image(request, slug, number, preview_id):
    """Return the image of a preview as WebP, for people who may read the room."""
    content = link_previews.read_image(request.user, slug, number, preview_id)
    response = HttpResponse(content, content_type="image/webp")
    response["Cache-Control"] = IMAGE_CACHE
    return response


one_preview = endpoint(DELETE=(POST, delete_preview))
image = endpoint(GET=(READ, get_image))
