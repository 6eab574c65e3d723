"""
Retention: operators set rules by which old messages are deleted, and place holds, during which messages are kept.

The monitor applies the rules; `manage.py retention` changes them. This package checks no rights: only the monitor and
commands call it.
"""

from .errors import RetentionError
from .removal import Removal, run_retention, sweep_retention
from .rules import apply_rules, find_rules, remove_rule, set_rule
from .standing_holds import HeldBody, find_held_bodies, find_holds, place_hold, release_hold

__all__ = [
    "HeldBody",
    "Removal",
    "RetentionError",
    "apply_rules",
    "find_held_bodies",
    "find_holds",
    "find_rules",
    "place_hold",
    "release_hold",
    "remove_rule",
    "run_retention",
    "set_rule",
    "sweep_retention",
]
