"""A worker class of the site. The checks refuse it if the settings import it before the transport is loaded."""

from channels.worker import Worker


class SlowWorker(Worker):
    """A worker that was derived from Channels' own class, so it has nothing of the transport's worker."""
