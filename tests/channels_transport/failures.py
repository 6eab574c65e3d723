"""Failing functions, with which tests replace functions of the product."""


def raising(error):
    """Return a function that accepts any arguments and raises an error."""

    def fail(*args, **kwargs):
        raise error

    return fail
