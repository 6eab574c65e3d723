"""Functions that fail, to put in place of others."""


def raising(error):
    """Return a function that raises an error, whatever its arguments."""

    def fail(*args, **kwargs):
        raise error

    return fail
