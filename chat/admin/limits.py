"""
The limits of the admin: a page counts as rows that the operator reads, and a change counts as an event.
"""

import functools

from django.contrib import admin

from chat.services import budgets, limits

_admin_view = admin.site.admin_view


def admin_view(view, cacheable=False):
    """Return a view that only operators may use, as Django's function does, and that counts against their limits."""

    @functools.wraps(view)
    def counted(request, *args, **kwargs):
        person_id, address = request.user.id, limits.get_address(request)
        if request.method not in ("GET", "HEAD"):
            limits.check_event(person_id)
            return view(request, *args, **kwargs)
        budgets.check_reads(person_id, address)
        response = view(request, *args, **kwargs)
        budgets.count_reads(person_id, address, budgets.ADMIN_READS)
        return response

    return _admin_view(counted, cacheable)


admin.site.admin_view = admin_view
