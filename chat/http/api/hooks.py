"""The JSON API of a room's webhooks, for its owners and moderators. Other programs post to `hook_address`."""

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.views.decorators.cache import never_cache

from chat import protocol
from chat.http.endpoints import endpoint, get_optional, signed_in
from chat.http.reads import ListResponse
from chat.models import ROOMS, Hook
from chat.protocol import ChatError
from chat.services import budgets, hooks, limits

KINDS = [kind for kind, _ in Hook.KINDS]


@signed_in
def list_hooks(request, slug):
    """
    Return {hooks: [...], may_send} to the owners and moderators of a room, the oldest hook first, without keys.

    `may_send`: whether the person may make outgoing hooks. Otherwise the person does not see the outgoing hooks.
    """
    found, may_send = hooks.get_hooks(request.user, slug)
    return ListResponse({"hooks": [_describe(hook) for hook in found], "may_send": may_send})


@never_cache
@signed_in
def create_hook(request, slug):
    """
    Create a hook. Owners and moderators of the room may create incoming hooks, and only owners outgoing ones.

    Body {kind, name}; for an outgoing hook also {url, trigger, words?}. Return 201 and the hook with its `address` (of
    an incoming hook) or its `secret` (of an outgoing hook). Only this response and that of `renew_key` contain them.
    """
    fields = protocol.parse_object(request.body)
    limits.check_event(request.user.id)
    kind = protocol.check_choice(fields.get("kind"), "kind", KINDS)
    budgets.check("hooks", request.user.id)
    hook, key = hooks.make_hook(request.user, slug, kind, _read_fields(fields))
    return _respond_with_key(request, hook, key)


@signed_in
def change_hook(request, slug, hook_id):
    """
    Change a hook. Body {name?, enabled?}; for an outgoing hook also {url?, trigger?, words?}. `words` counts only
    together with `trigger`. Return the hook.
    """
    fields = _read_fields(protocol.parse_object(request.body))
    limits.check_event(request.user.id)
    return JsonResponse(_describe(hooks.change_hook(request.user, slug, hook_id, fields)))


@signed_in
def delete_hook(request, slug, hook_id):
    """Delete a hook. The messages that it posted stay. Return 204."""
    limits.check_event(request.user.id)
    hooks.delete_hook(request.user, slug, hook_id)
    return HttpResponse(status=204)


@never_cache
@signed_in
def renew_key(request, slug, hook_id):
    """Replace the key or the signing secret of a hook. Return 201 and the same fields as `create_hook`."""
    limits.check_event(request.user.id)
    budgets.check("hooks", request.user.id)
    hook, key = hooks.renew_key(request.user, slug, hook_id)
    return _respond_with_key(request, hook, key)


@signed_in
def list_deliveries(request, slug, hook_id):
    """Return {deliveries: [...]} of an outgoing hook, the newest first, to the owners of the room."""
    found = hooks.get_deliveries(request.user, slug, hook_id)
    return ListResponse({"deliveries": [_describe_delivery(delivery) for delivery in found]})


@signed_in
def send_test(request, slug, hook_id):
    """Start the delivery of a test to the address of an outgoing hook. Return 201 and the delivery."""
    limits.check_event(request.user.id)
    budgets.check("hooks", request.user.id)
    return JsonResponse(_describe_delivery(hooks.send_test(request.user, slug, hook_id)), status=201)


@signed_in
def send_again(request, slug, hook_id, delivery_id):
    """Start a new delivery of what an earlier delivery of an outgoing hook sent. Return 201 and the new delivery."""
    limits.check_event(request.user.id)
    budgets.check("hooks", request.user.id)
    return JsonResponse(_describe_delivery(hooks.send_again(request.user, slug, hook_id, delivery_id)), status=201)


def _read_fields(fields):
    return hooks.HookFields(
        **{name: get_optional(fields, name, protocol.check_string) for name in ("name", "url", "trigger")},
        words=get_optional(fields, "words", _check_words),
        enabled=get_optional(fields, "enabled", protocol.check_boolean),
    )


def _check_words(value, name):
    if not isinstance(value, list):
        raise ChatError("invalid_field", "'%(name)s' must be a list of strings.", name=name)
    return [protocol.check_string(word, name) for word in value]


def _respond_with_key(request, hook, key):
    if hook.kind == Hook.INCOMING:
        more = {"address": request.build_absolute_uri(reverse("hook", kwargs={"key": key}))}
    else:
        more = {"secret": key}
    return JsonResponse({**_describe(hook), **more}, status=201)


def _describe(hook):
    described = {
        "id": hook.id,
        "kind": hook.kind,
        "name": hook.person.handle,
        "enabled": hook.is_enabled,
        "created_at": protocol.format_time(hook.created_at),
        "created_by": hook.created_by.handle if hook.created_by else None,
        "used_at": protocol.format_time(hook.used_at),
    }
    if hook.kind == Hook.OUTGOING:
        described |= {
            "url": hook.url,
            "trigger": hook.trigger,
            "words": hook.words.split("\n") if hook.words else [],
            "failing_since": protocol.format_time(hook.failing_since),
        }
    return described


def _describe_delivery(delivery):
    return {
        "id": delivery.id,
        "message": delivery.number,
        "command": f"{delivery.word} {delivery.text}".strip() if delivery.person_id else None,
        "state": delivery.state,
        "tries": delivery.tries,
        "at": protocol.format_time(delivery.created_at),
        "tried_at": protocol.format_time(delivery.tried_at),
        "status": delivery.status,
        "milliseconds": delivery.milliseconds,
        "error": delivery.error,
    }


all_hooks = endpoint(GET=(ROOMS, list_hooks), POST=(ROOMS, create_hook))
one_hook = endpoint(PATCH=(ROOMS, change_hook), DELETE=(ROOMS, delete_hook))
key = endpoint(POST=(ROOMS, renew_key))
deliveries = endpoint(GET=(ROOMS, list_deliveries), POST=(ROOMS, send_test))
delivery = endpoint(POST=(ROOMS, send_again))
