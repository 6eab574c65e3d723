"""
Polls: a message with a question, and the votes of the room's members.

`/poll` posts a poll. The body of its message is the text of the poll, so searches, notifications, mails and older
clients show the question and the options. `stored` registers the Addition POLL, and `voting` changes polls. This
package writes Poll, PollOption and PollVote.
"""

from .stored import MAX_NAMED_VOTES, get_own_votes
from .texts import MAX_OPTIONS, NewPoll, read_poll, write_body
from .voting import close_poll, vote

__all__ = [
    "MAX_NAMED_VOTES",
    "MAX_OPTIONS",
    "NewPoll",
    "close_poll",
    "get_own_votes",
    "read_poll",
    "vote",
    "write_body",
]
