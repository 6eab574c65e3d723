"""The JSON API of the browsers that receive a person's notifications while no page is open."""

from django.http import HttpResponse, JsonResponse

from chat import protocol
from chat.http.endpoints import endpoint, signed_in
from chat.http.reads import ListResponse
from chat.services import budgets, limits, push


@signed_in
def list_subscriptions(request):
    """
    Return {key, browsers: [{id, browser, text, created_at, sent_at, failing, own}]}; `own` marks this browser.

    `key` is the public key with which a browser subscribes, or null if the site sends no pushes.
    """
    found = push.list_subscriptions(request.user) if push.is_push_on() else []
    own = request.session.session_key
    return ListResponse({"browsers": [_describe(row, own) for row in found], "key": push.get_public_key()})


def _describe(subscription, own_key):
    return {
        "id": subscription.id,
        "browser": subscription.login.browser,
        "text": subscription.shows_text,
        "created_at": protocol.format_time(subscription.created_at),
        "sent_at": protocol.format_time(subscription.sent_at),
        "failing": push.is_failing(subscription),
        "own": subscription.login.session_key == own_key,
    }


@signed_in
def subscribe(request):
    """
    Let this browser receive pushes. Body {endpoint, keys: {p256dh, auth}, time_zone?, text?}. Return {id}: 201, or 200
    if the browser already received pushes.
    """
    budgets.check("push_changes", request.user.id)
    subscription, is_new = push.subscribe(request, protocol.parse_object(request.body))
    return JsonResponse({"id": subscription.id}, status=201 if is_new else 200)


@signed_in
def unsubscribe(request):
    """Send no more pushes to this browser. Return 204."""
    limits.check_event(request.user.id)
    push.end_own(request)
    return HttpResponse(status=204)


@signed_in
def end_subscription(request, subscription_id):
    """Send no more pushes to one of the person's browsers. Return 204."""
    limits.check_event(request.user.id)
    push.end_subscription(request.user, subscription_id)
    return HttpResponse(status=204)


@signed_in
def send_test(request, subscription_id):
    """Start a job that sends a test push to one of the person's browsers. Return 202 and {}."""
    budgets.check("push_changes", request.user.id)
    push.post_test(push.get_subscription(request.user, subscription_id))
    return JsonResponse({}, status=202)


all_subscriptions = endpoint(GET=list_subscriptions, POST=subscribe, DELETE=unsubscribe)
one_subscription = endpoint(DELETE=end_subscription)
test = endpoint(POST=send_test)
