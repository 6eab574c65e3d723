"""
Between interface and workers: whether somebody takes from each channel, what waits there, and what was lost.
"""

import time

from channels_transport import watching
from channels_transport.delay import CHANNEL as DELAY_CHANNEL

from .findings import ill, well

BUSY_SECONDS = 30
OLD_SECONDS = 1
FULL_SHARE = 0.8
LOSSES_SECONDS = 1
LOSSES = {
    "lost_count": "died with workers: look for workers that were killed, or had no memory left",
    "expired_count": "were taken by nobody in time: start more workers",
    "channel_full_count": "found no room: start more workers, or raise the channel's capacity",
}


def get_channels(wrapper):
    """Returns the channels that somebody must take from: those with consumers, requests, and the delay server's."""
    return sorted({*wrapper.router.channels, "http.request", DELAY_CHANNEL})


def check_workers(wrapper):
    """Whether each channel has somebody who waits at it, or is at work."""
    reports = watching.read_reports(wrapper.channel_layer)
    taken = {channel for report in reports for channel in report["channels"]}
    missing = [channel for channel in get_channels(wrapper) if channel not in taken]
    found = []
    if DELAY_CHANNEL in missing:
        missing.remove(DELAY_CHANNEL)
        found.append(ill("workers", f"No delay server takes from {DELAY_CHANNEL}: start `manage.py rundelay`."))
    if missing:
        found.insert(
            0,
            ill(
                "workers",
                f"No worker listens on {', '.join(missing)}: start `manage.py runworker`, or"
                " one with --only-channels for what the others exclude.",
            ),
        )
    found += [_describe_busy(report) for report in reports if _is_stuck(report)]
    return found or [well("workers", f"{len(reports)} processes take from {len(taken)} channels.")]


def _is_stuck(report):
    # Background work may take its time; what answers people may not.
    is_busy = report["busy_since"] is not None and report["at"] - report["busy_since"] > BUSY_SECONDS
    return is_busy and "websocket.receive" in report["channels"]


def _describe_busy(report):
    seconds = report["at"] - report["busy_since"]
    return ill(
        "workers",
        f"The worker with pid {report['pid']} has been at one message for {seconds:.0f} s: look at"
        " its log, and restart it if it hangs.",
    )


def check_queues(wrapper):
    """Whether what waits is taken soon, and whether there is room."""
    found, waiting = [], 0
    for channel in get_channels(wrapper):
        statistics = wrapper.channel_statistics(channel)
        pending, age = statistics["messages_pending"], statistics["messages_max_age"]
        most = wrapper.get_capacity(channel)
        waiting += pending
        if age > OLD_SECONDS:
            found.append(
                ill(
                    "queues",
                    f"On {channel} the oldest of {pending} messages has waited for {age:.1f} s:"
                    " start more workers for it, or look at what keeps them busy.",
                )
            )
        if pending > most * FULL_SHARE:
            found.append(
                ill(
                    "queues",
                    f"On {channel} {pending} messages wait, and there is room for {most}: start more workers for it.",
                )
            )
    return found or [well("queues", f"{waiting} messages wait, none for longer than {OLD_SECONDS} s.")]


def check_losses(wrapper):
    """Whether messages are being lost just now."""
    channels = get_channels(wrapper)
    before = {channel: wrapper.channel_statistics(channel) for channel in channels}
    time.sleep(LOSSES_SECONDS)
    found, total = [], 0
    for channel in channels:
        after = wrapper.channel_statistics(channel)
        for name, what in LOSSES.items():
            total += after[name]
            if after[name] > before[channel][name]:
                number = after[name] - before[channel][name]
                found.append(ill("losses", f"On {channel} {number} messages within {LOSSES_SECONDS} s {what}."))
    return found or [well("losses", f"None within {LOSSES_SECONDS} s ({total} in the last day, or since then).")]
