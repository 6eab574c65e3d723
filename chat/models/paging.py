"""
Pages of a query: `read_page` reads one page, and finds out whether there are more rows.
"""

from django.db.models import QuerySet


def read_page(rows: QuerySet, size: int, page: int = 0) -> tuple[list, bool]:
    """
    Return (the rows of a page, whether there are more rows after the page), in one statement.

    - `rows`: an ordered query.
    - `size`: the largest number of rows on a page.
    - `page`: the number of the page; the first page is 0.
    """
    # One row more than fits on the page shows that there is another page, without a second statement.
    found = list(rows[page * size : (page + 1) * size + 1])
    return found[:size], len(found) > size
