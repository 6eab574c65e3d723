"""People who post in rooms of a site during a fault."""

import asyncio
import contextlib

from tests.faults import clients, verdict


class Company:
    """People in rooms of a site. What else shall end with them goes on their `stack`."""

    def __init__(self, site, tabs, stack):
        self.site, self.tabs, self.stack = site, tabs, stack
        self.changes = 0

    def chatting(self, **options):
        return clients.chatting(self.tabs, **options)

    async def catches_up_and_agrees(self, seconds=None):
        """Check that all tabs have everything once, as it is in the database. Return how long that took."""
        seconds = seconds or self.site.size.catch_up
        took = await verdict.everybody_catches_up(self.site, self.tabs, seconds)
        self.changes = await asyncio.to_thread(verdict.check, self.site, self.tabs)
        return took

    def close_codes(self):
        return [code for tab in self.tabs for code in tab.close_codes]


@contextlib.asynccontextmanager
async def company(site, rooms=2, each=3, urls=(None,)):
    """A Company: `each` guests in each of so many new rooms. `urls` are the interfaces that they come to, in turn."""
    owner = await asyncio.to_thread(clients.make_person, site, "Owner", "correct horse")
    async with contextlib.AsyncExitStack() as stack:
        tabs = []
        for _ in range(rooms):
            slug = await asyncio.to_thread(owner.make_room)
            for number in range(each):
                person = await asyncio.to_thread(clients.make_person, site, "Member", None, urls[number % len(urls)])
                tab = clients.Tab(person, slug, site.size.heartbeat)
                tabs.append(await stack.enter_async_context(tab))
        yield Company(site, tabs, stack)
