"""The error of retention's services. Only commands show it, so its texts are in English and are not translated."""


class RetentionError(Exception):
    """A rule or a hold cannot be changed. The text is a sentence for the operator."""
