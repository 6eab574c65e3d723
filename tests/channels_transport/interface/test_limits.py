"""The limits of an interface server are settings. The error of a wrong setting says what is expected."""

import math

import pytest
from channels import DEFAULT_CHANNEL_LAYER, channel_layers
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from channels_transport.interface.budgets import UNLIMITED, Rate
from channels_transport.interface.limits import Limits, limits_from_settings, make_limits, make_rules
from channels_transport.management.commands import interface, runserver
from tests.channels_transport.connection import FakeConnection

pytestmark = pytest.mark.no_database


def test_settings_change_single_limits(settings):
    settings.INTERFACE_LIMITS = {"socket_frames": [10, 5], "head_seconds": 3, "sockets_per_address": None}
    settings.INTERFACE_PATHS = [
        (r"/news/\Z", {"send_only": True, "kind": "news"}),
        (r"/probe/", {"forget": True, "socket_frames": None}),
    ]
    limits, (news, probe) = limits_from_settings()
    assert limits.socket_frames == Rate(10, 5) and limits.head_seconds == 3
    assert limits.sockets_per_address == math.inf
    assert limits.body_seconds == Limits().body_seconds
    assert news.send_only and not news.forget and news.limits == limits
    assert (news.kind, probe.kind) == ("news", "other")
    assert probe.forget and probe.limits.socket_frames is UNLIMITED and probe.limits.head_seconds == 3


@pytest.mark.parametrize(
    "given, text",
    [
        ({"socket_frame": (1, 1)}, "has no limit 'socket_frame'"),
        ({"socket_frames": 100}, "must be a pair"),
        ({"socket_frames": (100, -1)}, "must be a pair"),
        ({"head_seconds": "20"}, "must be a positive number"),
        ({"head_seconds": 0}, "must be a positive number"),
        ({"refusal_text": None}, "must be a text"),
    ],
)
def test_a_wrong_limit_is_named(given, text):
    with pytest.raises(ImproperlyConfigured, match=text):
        make_limits(given)


@pytest.mark.parametrize("option", ["sendonly", "head_seconds"])
def test_a_wrong_option_of_a_path_is_named(option):
    with pytest.raises(ImproperlyConfigured, match=option):
        make_rules([("/news/", {option: 1})], Limits())


GOOD = "chat.http.health.answer_healthz"


@pytest.mark.parametrize(
    "name, value, expected",
    [
        ("INTERFACE_LIMITS", [("head_seconds", 1)], "a dictionary"),
        ("INTERFACE_LIMITS", {"head_seconds": "20"}, "a positive number"),
        ("INTERFACE_PATHS", {"/news/": {}}, "a list of pairs"),
        ("INTERFACE_PATHS", ["/news/"], "a list of pairs"),
        ("INTERFACE_PATHS", [("/news/",)], "a list of pairs"),
        ("INTERFACE_PATHS", [("/news/", ["send_only"])], "a list of pairs"),
        ("INTERFACE_PATHS", [(b"/news/", {})], "a list of pairs"),
        ("INTERFACE_PATHS", [("/news/(", {})], "regular expressions"),
        ("INTERFACE_PATHS", [("/news/", {"kind": 7})], "must be a text"),
        ("INTERFACE_PATHS", [("/news/", {"socket_frames": 1})], "a pair"),
        ("SECRET_PATHS", "/invite/*", "a list of paths"),
        ("SECRET_PATHS", ["/invite/"], "a list of paths"),
        ("SECRET_PATHS", [None], "a list of paths"),
        ("INTERFACE_ANSWERS", ["/healthz"], "a dictionary"),
        ("INTERFACE_ANSWERS", {"/healthz": "chat.http.health.answer_soup"}, "dotted names"),
        ("INTERFACE_ANSWERS", {"/healthz": "no.such_module.answer"}, "dotted names"),
        ("INTERFACE_ANSWERS", {"/healthz": "answer"}, "dotted names"),
        ("INTERFACE_ANSWERS", {"/healthz": ""}, "dotted names"),
        ("INTERFACE_ANSWERS", {"/healthz": None}, "dotted names"),
        ("INTERFACE_ANSWERS", {"/healthz": "chat.http.health.__name__"}, "dotted names"),
        ("INTERFACE_ANSWERS", {"/héalthz": GOOD}, "paths"),
        ("INTERFACE_ANSWERS", {"healthz": GOOD}, "begins with /"),
        ("INTERFACE_ANSWERS", {b"/healthz": GOOD}, "paths"),
    ],
)
@pytest.mark.parametrize("command", [interface.Command, runserver.Command])
def test_each_command_names_a_wrong_setting_in_one_sentence(settings, monkeypatch, command, name, value, expected):
    setattr(settings, name, value)
    monkeypatch.setattr(channel_layers[DEFAULT_CHANNEL_LAYER].channel_layer, "is_shared", True, raising=False)
    with pytest.raises(CommandError) as caught:
        command().handle()
    text = str(caught.value)
    assert name in text and expected in text and text.endswith(".") and "\n" not in text


def test_the_limits_are_above_what_the_chat_allows(settings):
    limits, rules = limits_from_settings()
    most = settings.CHAT_LIMITS["events"][0] + settings.CHAT_FLOOD_REFUSALS
    per_second = settings.CHAT_LIMITS["events"][1] + settings.CHAT_FLOOD_REFUSALS / settings.CHAT_FLOOD_SECONDS
    for rule in [limits, *(rule.limits for rule in rules)]:
        assert rule.socket_frames.burst > most and rule.socket_frames.per_second > per_second
        assert rule.socket_bytes.burst > most * 64 * 1024
        assert rule.socket_bytes.per_second > per_second * 64 * 1024
    assert limits.sockets_per_address >= settings.CHAT_MAX_SOCKETS_PER_ADDRESS
    assert limits.connections_per_address > limits.sockets_per_address


@pytest.mark.parametrize(
    "path, is_send_only", [("/lobby/", True), ("/%6cobby/", True), ("/lobby/x", False), ("/a/", False)]
)
def test_a_rule_matches_the_decoded_path(path, is_send_only):
    limits, rules = limits_from_settings()
    factory = FakeConnection(limits=limits, rules=rules).factory
    assert factory.find_rule(path).send_only is is_send_only
