"""The common part of the admin's pages of rows that operators can open, but not change with a form."""


class NoChangeForm:
    """
    A mixin for a ModelAdmin: no row can be changed with a form, but the list stays open to people with the permission.

    The list's actions need the permission to change, so only the form of a single row is refused.
    """

    def has_change_permission(self, request, obj=None):
        return False if obj else super().has_change_permission(request)
