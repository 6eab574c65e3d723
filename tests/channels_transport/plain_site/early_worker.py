"""A worker of the site's own. It must not be imported before the applications are created."""

from channels.worker import Worker


class SlowWorker(Worker):
    """A worker with another `run`, which would replace nothing of the transport's worker."""
