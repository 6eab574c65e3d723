"""The check of the filters in the address of an admin list."""

from typing import Any


class CheckedLookups:
    """
    A mixin for a ModelAdmin: the address of the list may contain only the filters that the page offers.

    Django 2.2 accepts each column of the model as a filter. So an operator could find the hash of a password or the
    digest of a token letter by letter. Django 2.2 also writes the value of `_connector` into the SQL (CVE-2025-64459).
    """

    def lookup_allowed(self, lookup: str, value: Any) -> bool:
        """Return whether a parameter, such as `role__exact`, is for a field of `list_filter`, and Django allows it."""
        field = lookup.partition("__")[0]
        return field in self.list_filter and super().lookup_allowed(lookup, value)  # type: ignore[misc]
