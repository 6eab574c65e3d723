"""People who post in rooms of a site during a fault."""

import asyncio
import contextlib

from tests.faults import checks, clients


class People:
    """People in rooms of a site. `stack` closes further resources together with them."""

    def __init__(self, site, tabs, stack):
        self.site, self.tabs, self.stack = site, tabs, stack
        self.changes = 0

    def chatting(self, **options):
        return clients.chatting(self.tabs, **options)

    async def check_complete(self, seconds=None):
        """Wait until all tabs have each change once, as in the database. Return how many seconds that took."""
        seconds = seconds or self.site.size.catch_up
        took = await checks.wait_until_complete(self.site, self.tabs, seconds)
        self.changes = await asyncio.to_thread(checks.check, self.site, self.tabs)
        return took

    def close_codes(self):
        return [code for tab in self.tabs for code in tab.close_codes]


@contextlib.asynccontextmanager
async def people_in_rooms(site, rooms=2, each=3, urls=(None,)):
    """Yield People: `each` guests in each of `rooms` new rooms. The guests use the interfaces `urls` in turn."""
    owner = await asyncio.to_thread(clients.make_person, site, "Owner", "correct horse")
    async with contextlib.AsyncExitStack() as stack:
        tabs = []
        for _ in range(rooms):
            slug = await asyncio.to_thread(owner.make_room)
            for number in range(each):
                person = await asyncio.to_thread(clients.make_person, site, "Member", None, urls[number % len(urls)])
                tab = clients.Tab(person, slug, site.size.heartbeat)
                tabs.append(await stack.enter_async_context(tab))
        yield People(site, tabs, stack)
