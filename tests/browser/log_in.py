"""Log a browser in as a person of tests.live.client, without the form."""


def log_in(context, person):
    """Give a browser's context the cookies of a person's session. Pages that the context opens later are logged in."""
    cookies = person.http.cookies
    context.add_cookies([{"name": one.name, "value": one.value, "url": person.site.url} for one in cookies])
