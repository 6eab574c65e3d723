"""
Jobs: what workers do that nobody waits for. A job may be lost, late, or run twice: a row says whether it is still due.
"""
import logging

from chat.services import moderation
from chatproj.outages import OUTAGES
from chatproj.transport import Seldom

logger = logging.getLogger(__name__)
seldom = Seldom(logger)


def unmute(message):
    """Ends a mute, {"member": id}, if its time has passed. Where that fails, a sweep or the person's next word does."""
    member_id = message.content.get("member")
    if not isinstance(member_id, int):
        logger.error("A job on %s names no member", message.channel.name)
        return
    try:
        moderation.end_mute(member_id)
    except OUTAGES as outage:
        seldom.warning("Mutes cannot be ended for now: %s", outage)
