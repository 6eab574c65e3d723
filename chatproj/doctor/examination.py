"""
The whole examination: which checks there are, and in which order.
"""

from functools import partial

from channels import DEFAULT_CHANNEL_LAYER, channel_layers

from . import arrangement, queues, servers, web
from .findings import ill, run_checks

WEB_SECONDS = 15
# Longer than the time-outs of database and Redis that end by themselves.
OTHERS_SECONDS = 10


def examine(url):
    """Returns the findings on the site at an address, part by part. It ends within 40 s, and raises nothing."""
    try:
        site = web.Site(url)
    except ValueError as error:
        return [ill("interface", f"{error}: mend --url."), *_examine_others(None)]
    # First and alone: what follows would keep busy what is measured.
    found = run_checks([("interface", partial(web.check_interface, site))], WEB_SECONDS)
    if all(finding.is_well for finding in found):
        found += run_checks([("round trip", partial(web.check_round_trip, site))], WEB_SECONDS)
        return found + _examine_others(site)
    return found + _examine_others(None)


def _examine_others(site):
    wrapper = channel_layers[DEFAULT_CHANNEL_LAYER]
    layer = wrapper.channel_layer
    checks = [
        ("database", servers.check_database),
        ("migrations", servers.check_migrations),
        ("clocks", partial(servers.check_clocks, layer, site)),
        ("monitor", arrangement.check_monitor),
        ("settings", arrangement.check_settings),
    ]
    if layer.is_shared:
        through_redis = [
            ("redis", partial(servers.check_redis, layer)),
            ("workers", partial(queues.check_workers, wrapper)),
            ("queues", partial(queues.check_queues, wrapper)),
            ("losses", partial(queues.check_losses, wrapper)),
        ]
    else:
        through_redis = [("redis", arrangement.describe_lack_of_redis)]
        checks = [(part, check) for part, check in checks if part != "monitor"]
    return run_checks(through_redis + checks, OTHERS_SECONDS)
