"""Checks of the channels: whether each has a receiver, how many messages wait, and whether messages are lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from django.apps import apps

from .. import watching
from ..delay import CHANNEL as DELAY_CHANNEL
from .findings import Finding

BUSY_SECONDS = 30
OLD_SECONDS = 1
FULL_SHARE = 0.8
LOSSES_SECONDS = 1
# The texts say, for each counter of lost messages, what happened to the messages, how many they are, and what to do.
LOSSES = {
    "lost_count": "were lost with killed workers (%s): look for workers that were killed, or ran out of memory",
    "expired_count": "expired before a worker received them (%s): start more workers",
    "channel_full_count": "were refused because the channel was full (%s): start more workers, or raise its capacity",
}


def get_channels(wrapper: Any) -> list[str]:
    """Return the channels that need a receiver: those with consumers, `http.request`, and `asgi.delay` if used."""
    delayed = [DELAY_CHANNEL] if apps.is_installed("channels.delay") else []
    return sorted({*wrapper.router.channels, "http.request", *delayed})


def check_workers(wrapper: Any) -> list[Finding]:
    """Report channels from which no process receives, and workers that have been busy for too long."""
    reports = watching.read_reports(wrapper.channel_layer)
    received = {channel for report in reports for channel in report["channels"]}
    missing = [channel for channel in get_channels(wrapper) if channel not in received]
    problems = []
    if without_worker := [channel for channel in missing if channel != DELAY_CHANNEL]:
        problems.append(
            f"No worker receives from {', '.join(without_worker)}: start `manage.py runworker`, or a worker with"
            " --only-channels for the channels that the other workers exclude."
        )
    if DELAY_CHANNEL in missing:
        problems.append(f"No delay server receives from {DELAY_CHANNEL}: start `manage.py rundelay`.")
    problems += [_describe_busy(report) for report in reports if _is_stuck(report)]
    if problems:
        return [Finding.problem("workers", problem) for problem in problems]
    numbers = f"Channels: {len(received)}, receivers: {len(reports)}."
    return [Finding.ok("workers", f"Every channel has a receiver. {numbers}")]


def _is_stuck(report: Mapping[str, Any]) -> bool:
    # Background work may take long. A worker that answers clients must not be busy for long.
    is_busy = report["busy_since"] is not None and report["at"] - report["busy_since"] > BUSY_SECONDS
    return is_busy and "websocket.receive" in report["channels"]


def _describe_busy(report: Mapping[str, Any]) -> str:
    seconds = report["at"] - report["busy_since"]
    return (
        f"The worker with pid {report['pid']} has been busy with one message for {seconds:.0f} s: look at its log, and"
        " restart it if it hangs."
    )


def check_queues(wrapper: Any) -> list[Finding]:
    """Report channels whose messages wait for too long, or that are nearly full."""
    problems, waiting = [], 0
    for channel in get_channels(wrapper):
        statistics = wrapper.channel_statistics(channel)
        pending, age = statistics["messages_pending"], statistics["messages_max_age"]
        capacity = wrapper.get_capacity(channel)
        waiting += pending
        if age > OLD_SECONDS:
            problems.append(
                f"On {channel} the oldest message has waited for {age:.1f} s (waiting: {pending}): start more workers"
                " for it, or find out what keeps them busy."
            )
        if pending > capacity * FULL_SHARE:
            problems.append(f"{channel} is nearly full ({pending} of {capacity}): start more workers for it.")
    if problems:
        return [Finding.problem("queues", problem) for problem in problems]
    return [Finding.ok("queues", f"No message has waited for longer than {OLD_SECONDS} s (waiting: {waiting}).")]


def check_losses(wrapper: Any) -> list[Finding]:
    """Report messages that are lost during the check."""
    channels = get_channels(wrapper)
    before = {channel: wrapper.channel_statistics(channel) for channel in channels}
    time.sleep(LOSSES_SECONDS)
    found, total = [], 0
    for channel in channels:
        after = wrapper.channel_statistics(channel)
        for name, what in LOSSES.items():
            total += after[name]
            lost = after[name] - before[channel][name]
            if lost > 0:
                text = f"On {channel} messages {what % f'{lost} within {LOSSES_SECONDS} s'}."
                found.append(Finding.problem("losses", text))
    text = f"No message was lost within {LOSSES_SECONDS} s ({total} since the counting began, at most a day ago)."
    return found or [Finding.ok("losses", text)]
