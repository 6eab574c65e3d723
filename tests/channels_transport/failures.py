"""Functions that raise, to replace others in tests."""


def raising(error):
    """Return a function that accepts any arguments and raises an error."""

    def fail(*args, **kwargs):
        raise error

    return fail
