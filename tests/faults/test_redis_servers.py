"""Sites with several Redis servers, and sites with Redis Sentinel: nothing is lost if one of the servers fails."""

import asyncio
import signal
import time
from urllib.parse import quote

import pytest
import redis

from tests.channels_transport.sentinels import SERVICE, Cluster, wait_for
from tests.faults.clients import InterfaceAddress, make_person, report, until
from tests.faults.people import people_in_rooms
from tests.faults.sites import SHORT, FaultSite, all_survive, pause, records, resume, start_and_wait
from tests.live.client import Person
from tests.live.polling import PollingPerson
from tests.live.processes import ROOT, Part, make_environment
from tests.valkey import free_port

# The promise: after the death of a master, posts are acknowledged again within this time.
BACK_SECONDS = 15

pytestmark = pytest.mark.no_database

# The rules of `users.acl`, for keys with the prefix `site:`. The test is the default user, as an administrator.
PASSWORD = "CHANGE-THIS-PASSWORD"
RULES = (
    (ROOT / "deploy" / "redis" / "users.acl")
    .read_text()
    .replace("user default off", f"user default on >{PASSWORD} allkeys allchannels allcommands")
    .replace("~asgi:* ~asgi-meta:* ~chat:*", "~site:*")
)
DOCUMENTED = {
    line.split()[1]: line.strip() + "\n"
    for line in (ROOT / "docs" / "redis.md").read_text().splitlines()
    if line.startswith("    user ")
}


class ShardedSite(FaultSite):
    """A site whose user has few rights on several Redis servers (`shards`). `start` starts the servers too."""

    def __init__(self, shards, **options):
        self.shards = []
        super().__init__(SHORT, **options)
        for _ in range(shards):
            self.add_shard()
        self.use_shards(shards)

    def add_shard(self):
        port = free_port()
        rules = self.folder / "users.acl"
        rules.write_text(RULES)
        command = [*self._valkey_command(port), "--appendonly", "no", "--aclfile", str(rules)]
        part = Part(f"valkey-{len(self.shards) + 1}", command, make_environment(), self.folder)
        part.port = port
        part.url = f"redis://chat:{PASSWORD}@127.0.0.1:{port}/0?prefix=site:"
        self.shards.append(part)
        return part

    def use_shards(self, number):
        """Let the processes that start from now on use the first `number` servers."""
        for part in self.mortal_parts:
            part.environment["REDIS_URL"] = ",".join(shard.url for shard in self.shards[:number])

    @property
    def parts(self):
        return [*self.shards, *super().parts]

    @property
    def mortal_parts(self):
        return [part for part in self.parts if part not in self.shards]


@pytest.fixture(scope="module")
def sharded():
    """Yield a site with two servers, two interfaces and four workers."""
    site = ShardedSite(2, redis=False, workers=4)
    site.add_interface()
    yield site.start()
    site.stop()


def urls(site):
    return [None, *(part.url for part in site.others)]


async def test_two_servers_two_interfaces_and_four_workers_lose_nothing(sharded):
    async with people_in_rooms(sharded, rooms=6, each=4, urls=urls(sharded)) as people:
        async with people.chatting(pause=0.1):
            await asyncio.sleep(3)
        await people.check_complete()
        names = [await asyncio.to_thread(shard_keys, shard) for shard in sharded.shards]
        # Both servers have groups of rooms; only the first has the chat's own small state.
        assert all(any(":group:" in name for name in found) for found in names)
        assert any(name.startswith("site:chat:") for name in names[0])
        assert not any(name.startswith("site:chat:") for name in names[1])
        assert all(name.startswith("site:") for found in names for name in found)
        await asyncio.to_thread(check_nothing_was_denied, [shard.port for shard in sharded.shards])
        report(f"Two servers: {people.changes} changes in 6 rooms, {[len(found) for found in names]} keys")


async def test_bans_presence_and_polls_work_in_rooms_on_both_servers(sharded):
    # With four rooms, it is very likely that both servers have a group.
    await asyncio.gather(*(use_room(sharded) for _ in range(4)))


async def use_room(site):
    url = site.others[0].url
    owner = await asyncio.to_thread(make_person, site, "Owner", "correct horse")
    alice, bob = [await asyncio.to_thread(make_person, site, name, None, url) for name in ("Alice", "Bob")]
    room = await asyncio.to_thread(owner.make_room)
    elsewhere = Person(site)
    elsewhere.handle, elsewhere.http = bob.handle, bob.http
    poller = await asyncio.to_thread(PollingPerson, InterfaceAddress(url), f"{alice.handle} who polls")
    async with alice.client(room) as at_alice, poller.client(room) as at_poller:
        async with bob.client(room) as first, elsewhere.client(room) as second:
            await second.post("mine")
            for tab in (at_alice, at_poller, first):
                await tab.until(lambda tab=tab: "mine" in tab.bodies())
            await at_poller.post("by poll")
            await second.until(lambda: "by poll" in second.bodies())
            await at_alice.until(lambda: bob.handle in at_alice.came())
            path = f"/api/rooms/{room}/members/{quote(bob.handle, safe='')}/"
            await asyncio.to_thread(owner.call, "PUT", path, 200, role="banned")
            for tab in (first, second):
                await tab.until(lambda tab=tab: tab.close_codes == [4403])
        await at_alice.until(lambda: bob.handle in at_alice.went())
        assert at_alice.close_codes == []


def administrator(port):
    return redis.StrictRedis(port=port, password=PASSWORD)


def shard_keys(shard):
    return [key.decode() for key in administrator(shard.port).keys("*")]


def check_nothing_was_denied(ports):
    denied = [entry for port in ports for entry in administrator(port).execute_command("ACL", "LOG")]
    assert denied == []


@pytest.mark.parametrize("index", [0, pytest.param(1, marks=pytest.mark.long)])
@pytest.mark.parametrize("fault", ["restarts empty", pytest.param("freezes", marks=pytest.mark.long)])
async def test_nothing_is_lost_when_one_of_two_servers_fails(sharded, index, fault):
    async with people_in_rooms(sharded, rooms=4, each=3, urls=urls(sharded)) as people:
        with all_survive(sharded):
            async with people.chatting(pause=0.2):
                await asyncio.sleep(1)
                shard = sharded.shards[index]
                if fault == "freezes":
                    pause(shard)
                    await asyncio.sleep(6)
                    resume(shard)
                else:
                    await asyncio.to_thread(shard.kill)
                    await asyncio.sleep(1)
                    await asyncio.to_thread(start_and_wait, shard, "Ready to accept connections")
                await asyncio.sleep(1)
            took = await people.check_complete()
        report(f"Server {index + 1} of 2 {fault}: {people.changes} changes, complete {took:.1f} s later")


@pytest.mark.long
async def test_nothing_is_lost_while_a_server_refuses_writes_without_replicas(sharded):
    client = administrator(sharded.shards[0].port)
    async with people_in_rooms(sharded, rooms=2, each=3, urls=urls(sharded)) as people:
        with all_survive(sharded):
            async with people.chatting(pause=0.2):
                await asyncio.sleep(1)
                client.config_set("min-replicas-to-write", 1)
                try:
                    await asyncio.sleep(4)
                finally:
                    client.config_set("min-replicas-to-write", 0)
                await asyncio.sleep(1)
            took = await people.check_complete()
        report(f"A server without replicas refused writes: {people.changes} changes, complete {took:.1f} s later")


@pytest.mark.long
async def test_a_server_is_added_and_removed_while_people_write(sharded):
    """The processes restart one after the other with the new list: first the workers, as docs/redis.md says."""
    sharded.add_shard().start()
    await until(lambda: "Ready to accept" in sharded.shards[2].read_log())
    try:
        async with people_in_rooms(sharded, rooms=4, each=3, urls=urls(sharded)) as people:
            async with people.chatting(pause=0.2):
                for number in (3, 2):
                    await asyncio.sleep(1)
                    await change_servers(sharded, number)
            took = await people.check_complete()
            assert set(people.close_codes()) <= {1001, 1006, 1012, 4408}
        report(f"A server added and removed: {people.changes} changes, complete {took:.1f} s later")
    finally:
        sharded.shards.pop().kill()


async def change_servers(site, number):
    site.use_shards(number)
    for part in [*site.workers, site.web, *site.others]:
        await asyncio.to_thread(part.end)
        await asyncio.to_thread(start_and_wait, part)


class MonitoredSite(FaultSite):
    """A site with two interfaces, whose Redis is the master of a `cluster` with three Sentinels. `start` starts all."""

    def __init__(self, folder):
        self.cluster = Cluster(
            folder,
            password=PASSWORD,
            sentinel_password="other",
            sentinels=3,
            users=RULES + DOCUMENTED["sentinel"] + DOCUMENTED["replica"],
            sentinel_users=DOCUMENTED["chat"],
        )
        hosts = ",".join(f"127.0.0.1:{port}" for port in self.cluster.sentinel_ports)
        logins = f"sentinel_username=chat&sentinel_password={PASSWORD}"
        url = f"redis+sentinel://chat:{PASSWORD}@{hosts}/{SERVICE}/0?prefix=site:&{logins}"
        super().__init__(SHORT, redis=False, REDIS_URL=url)
        self.add_interface()

    def start(self):
        self.cluster.start()
        return super().start()

    def stop(self):
        super().stop()
        self.cluster.stop()


@pytest.fixture
def monitored(tmp_path):
    site = MonitoredSite(tmp_path)
    try:
        yield site.start()
    finally:
        site.stop()


def kill_master(cluster):
    cluster.kill_master()


def kill_a_sentinel_and_the_master(cluster):
    # The processes ask this Sentinel first.
    cluster.kill(cluster.sentinel_ports[0])
    cluster.kill_master()


def fail_over(cluster):
    old = cluster.master
    cluster.sentinel().execute_command("SENTINEL FAILOVER", SERVICE)
    wait_for(lambda: cluster.master != old)


def cut_the_master_off(cluster):
    """Freeze the master until the replica is promoted. The old master then continues, and does not yet know this."""
    old = cluster.master
    cluster.processes[old].send_signal(signal.SIGSTOP)
    wait_for(lambda: cluster.master != old)
    cluster.processes[old].send_signal(signal.SIGCONT)


@pytest.mark.parametrize(
    "fault",
    [
        kill_master,
        pytest.param(kill_a_sentinel_and_the_master, marks=pytest.mark.long),
        pytest.param(fail_over, marks=pytest.mark.long),
        pytest.param(cut_the_master_off, marks=pytest.mark.long),
    ],
)
async def test_a_master_is_replaced_and_nothing_is_lost(monitored, fault):
    async with people_in_rooms(monitored, rooms=2, each=3, urls=urls(monitored)) as people:
        with all_survive(monitored):
            sizes = monitored.log_sizes()
            async with people.chatting(pause=0.2):
                await asyncio.sleep(1)
                began_at = time.monotonic()
                await asyncio.to_thread(fault, monitored.cluster)
                await people.tabs[0].post("is anybody there?")
                back = time.monotonic() - began_at
                await asyncio.sleep(2)
            took = await people.check_complete()
        assert back < BACK_SECONDS
    cluster = monitored.cluster
    check_nothing_was_denied([port for port in cluster.ports if port in cluster.processes])
    for name, entries in records(monitored, sizes).items():
        assert not [entry for entry in entries if "Traceback" in entry], (name, entries)
    report(
        f"Sentinel, {fault.__name__}: {people.changes} changes, the next post was acknowledged after {back:.1f} s,"
        f" complete {took:.1f} s after the last one"
    )
