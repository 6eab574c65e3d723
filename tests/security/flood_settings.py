"""The settings of the flooded site: the product's, with limits that end an attack within the time of a test."""

from chatproj.settings import *  # noqa: F403

INTERFACE_LIMITS = {
    **INTERFACE_LIMITS,  # noqa: F405
    **dict.fromkeys(["flood_seconds", "head_seconds", "body_seconds", "idle_seconds", "read_seconds"], 1),
}
CHAT_FLOOD_REFUSALS = 200
