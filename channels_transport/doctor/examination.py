"""The examination of a site by `manage.py doctor`: all checks, in the order of the report."""

from __future__ import annotations

from functools import partial

from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from . import processes, queues, redis_servers, round_trip, servers
from .configuration import check_settings, load_site_checks, report_memory_layer
from .findings import Check, Finding, run_checks
from .site import Site, check_interface

WEB_SECONDS = 15
# This is longer than the timeouts of the database and of Redis, so that these timeouts end first.
REMAINING_PARTS_SECONDS = 10


def examine(url: str) -> list[Finding]:
    """
    Return the findings about the site at an address, within 40 s, in the order of the report.

    No exception leaves this function. If the interface has a problem, the checks that need it are left out.
    """
    try:
        site = Site(url)
    except ValueError as error:
        return [Finding.problem("interface", f"{error}: correct --url."), *_examine_remaining_parts(None)]
    # The interface is measured first and alone, because the other checks would keep the workers busy.
    found = run_checks([("interface", partial(check_interface, site))], WEB_SECONDS)
    if all(finding.is_well for finding in found):
        found += run_checks([("round trip", partial(round_trip.check_round_trip, site))], WEB_SECONDS)
        return found + _examine_remaining_parts(site)
    return found + _examine_remaining_parts(None)


def _examine_remaining_parts(site: Site | None) -> list[Finding]:
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    layer = wrapper.channel_layer
    checks: list[tuple[str, Check]] = [
        ("database", servers.check_database),
        ("migrations", servers.check_migrations),
        ("clocks", partial(servers.check_clocks, layer, site)),
        *load_site_checks(),
        ("settings", check_settings),
    ]
    if layer.is_shared:
        shared_layer_checks: list[tuple[str, Check]] = [
            ("redis", partial(redis_servers.check_redis, layer)),
            ("workers", partial(queues.check_workers, wrapper)),
            ("processes", partial(processes.check_processes, layer)),
            ("queues", partial(queues.check_queues, wrapper)),
            ("losses", partial(queues.check_losses, wrapper)),
        ]
    else:
        shared_layer_checks = [("redis", report_memory_layer)]
    return run_checks(shared_layer_checks + checks, REMAINING_PARTS_SECONDS)
