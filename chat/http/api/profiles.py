"""The JSON API of the profiles of all people, and of a person's own profile, preferences and sign-ins."""

from django.http import HttpResponse, JsonResponse, StreamingHttpResponse

from chat import protocol
from chat.http.endpoints import endpoint, get_optional, page_response, signed_in
from chat.http.reads import ListResponse
from chat.models import READ
from chat.services import budgets, limits, people

# A picture's address contains its digest, so its content never changes.
PICTURE_CACHE = "public, max-age=31536000, immutable"


# People.


@signed_in
def list_people(request):
    """
    Return {people: [{handle, name, status, emoji, time_zone, picture}]}, for signed-in people.

    Query: one or more `handle` for these people; or `q` for people whose handle begins with this text, or whose name
    has a word that begins with it. With `q`, `room` limits the list to members of this room; guests must name a room.
    """
    limits.check_event(request.user.id)
    handles = request.GET.getlist("handle")
    budgets.check("lookups", request.user.id)
    if handles:
        return ListResponse({"people": people.find_profiles(handles)})
    found = people.search_people(request.user, request.GET.get("q", ""), request.GET.get("room"))
    return ListResponse({"people": found})


@signed_in
def list_room_people(request, slug):
    """
    Return {people: [profile with `role`], more} of a room to its members, sorted by handle.

    Query: `q` for people whose handle begins with this text, or whose name has a word that begins with it; one or more
    `handle` for these people; `page`.
    """
    limits.check_event(request.user.id)
    budgets.check("lookups", request.user.id)
    text, handles = request.GET.get("q", ""), request.GET.getlist("handle")

    def find(page):
        return people.find_room_people(request.user, slug, text, handles, page)

    return page_response(request, "people", find, lambda found: found)


def get_picture(request, digest):
    """Return a picture as WebP, for everybody who has its address."""
    response = HttpResponse(people.find_picture(digest), content_type="image/webp")
    response["Cache-Control"] = PICTURE_CACHE
    return response


# The person's own profile.


@signed_in
def get_profile(request):
    """Return the person's own profile {handle, name, status, emoji, time_zone, picture}."""
    return _respond(request, people.get_profile(request.user))


def _respond(request, profile):
    return JsonResponse(people.describe_person(request.user, profile))


@signed_in
def change_profile(request):
    """Change the person's own profile. Body: any of name, status, emoji, time_zone. Return the profile."""
    limits.check_event(request.user.id)
    fields = _pick(request, people.PROFILE_FIELDS)
    return _respond(request, people.change_profile(request.user, fields))


@signed_in
def put_picture(request):
    """Store the person's own picture. The body is an image file (PNG, JPEG, WebP or GIF). Return the profile."""
    limits.check_picture(request.user.id)
    return _respond(request, people.set_picture(request.user, request.body))


@signed_in
def delete_picture(request):
    """Delete the person's own picture. Return the profile."""
    limits.check_event(request.user.id)
    return _respond(request, people.remove_picture(request.user))


@signed_in
def delete_account(request):
    """Delete the person's own account. Body {password}. Return 204."""
    fields = protocol.check_fields(protocol.parse_object(request.body), password=protocol.check_string)
    people.delete_account(request, fields["password"])
    return HttpResponse(status=204)


@signed_in
def download_data(request):
    """Return the data that the site stores about this person's account, as a JSON file."""
    limits.check_download(request.user.id)
    response = StreamingHttpResponse(people.write_own_data(request.user), content_type="application/json")
    response["Content-Disposition"] = 'attachment; filename="my-data.json"'
    return response


# Preferences.


@signed_in
def get_preferences(request):
    """
    Return the person's preferences.

    {theme, language, notify, sound, quiet_from, quiet_to, opens_at, hide_previews}
    """
    return JsonResponse(people.describe_preferences(people.get_preferences(request.user)))


@signed_in
def change_preferences(request):
    """Change the person's preferences. Body: any of their fields. Return the preferences."""
    limits.check_event(request.user.id)
    fields = _pick(request, people.PREFERENCES)
    return JsonResponse(people.describe_preferences(people.change_preferences(request.user, fields)))


def _pick(request, names):
    fields = protocol.parse_object(request.body)
    return {name: fields[name] for name in names if name in fields}


# Sign-ins.


@signed_in
def list_logins(request):
    """Return {logins: [{id, browser, address, created_at, own}]} of this account; `own` marks this browser."""
    own = request.session.session_key
    return ListResponse({"logins": [_describe_login(login, own) for login in people.list_logins(request.user)]})


@signed_in
def end_logins(request):
    """
    Sign out in all other browsers. Body {own?, tokens?}: `own` signs out here too, and `tokens` revokes all tokens.

    Return {ended, tokens}: how many logins and tokens were ended.
    """
    limits.check_event(request.user.id)
    fields = protocol.parse_object(request.body) if request.body else {}
    chosen = {name: get_optional(fields, name, protocol.check_boolean, False) for name in ("own", "tokens")}
    ended = people.sign_out_everywhere(request, **chosen)
    return JsonResponse({"ended": ended.logins, "tokens": ended.tokens})


@signed_in
def end_login(request, login_id):
    """Sign out in one browser. Return 204."""
    limits.check_event(request.user.id)
    people.end_login(request.user, login_id)
    return HttpResponse(status=204)


def _describe_login(login, own_key):
    return {
        "id": login.id,
        "browser": login.agent,
        "address": login.address,
        "created_at": protocol.format_time(login.created_at),
        "own": login.session_key == own_key,
    }


people_list = endpoint(GET=(READ, list_people))
room_people = endpoint(GET=(READ, list_room_people))
picture = endpoint(GET=get_picture)
profile = endpoint(GET=get_profile, PATCH=change_profile, DELETE=delete_account)
own_picture = endpoint(PUT=put_picture, DELETE=delete_picture)
own_data = endpoint(GET=download_data)
preferences = endpoint(GET=get_preferences, PATCH=change_preferences)
logins = endpoint(GET=list_logins, DELETE=end_logins)
login = endpoint(DELETE=end_login)
