// Tests of the person's rooms: what is unread, their order, and the next unread room.

import assert from "node:assert/strict";
import test from "node:test";

import { addressOf, Places } from "../../chat/static/chat/workspace/places.js";

const place = (slug, more = {}) => ({
  slug, name: slug, kind: "room", offset: 10, posts: 10, read: 10, unread: 0, mentions: 0, level: "all", favourite: null, ...more,
});

function placesOf(...list) {
  const places = new Places("alice");
  places.replace(list);
  return places;
}

test("new messages of others count as unread, own messages do not", () => {
  const places = placesOf(place("a"));
  places.change({ type: "room", slug: "a", posts: 11, by: ["bob"] });
  assert.equal(places.get("a").unread, 1);
  places.change({ type: "room", slug: "a", posts: 14, by: ["alice", "bob", "alice", "bob"] });
  assert.deepEqual([places.get("a").unread, places.get("a").posts, "type" in places.get("a")], [2, 14, false]);
  places.change({ type: "room", slug: "a", posts: 14, by: ["bob"] });
  assert.equal(places.get("a").unread, 2);
});

test("what the server counts replaces what the client counts", () => {
  const places = placesOf(place("a", { unread: 7, mentions: 2 }));
  places.change({ type: "room", slug: "a", read: 20, unread: 0, mentions: 0 });
  assert.deepEqual(places.totals, { unread: 0, mentions: 0 });
});

test("a count of the server that is older than the newest messages is corrected", () => {
  const places = placesOf(place("a"));
  places.change({ type: "room", slug: "a", posts: 13, offset: 13, by: ["bob", "bob", "bob"] });
  places.change({ type: "room", slug: "a", read: 11, unread: 0, mentions: 0, posts: 11 });
  assert.deepEqual([places.get("a").unread, places.get("a").posts, places.get("a").read], [2, 13, 11]);
  places.change({ type: "room", slug: "a", posts: 12, offset: 12, by: ["bob"] });
  assert.deepEqual([places.get("a").unread, places.get("a").offset], [2, 13]);
});

test("every message of a direct conversation is a mention", () => {
  const places = placesOf(place("d", { kind: "direct" }));
  places.change({ type: "room", slug: "d", posts: 12, by: ["bob", "bob"] });
  places.mentioned({ room: "d", id: 12 });
  assert.deepEqual(places.totals, { unread: 2, mentions: 2 });
});

test("an older read marker of another device changes nothing", () => {
  const places = placesOf(place("a", { read: 12, posts: 13, offset: 13, unread: 1 }));
  places.change({ type: "room", slug: "a", read: 10, unread: 3, mentions: 1, posts: 13 });
  assert.deepEqual([places.get("a").read, places.get("a").unread, places.get("a").mentions], [12, 1, 0]);
});

test("a mention counts once it is after the read marker", () => {
  const places = placesOf(place("a", { read: 10 }));
  places.mentioned({ room: "a", id: 10 });
  places.mentioned({ room: "a", id: 11 });
  places.mentioned({ room: "unknown", id: 11 });
  places.mentioned({ room: "a", id: 12, author: { handle: "alice" } });
  assert.equal(places.get("a").mentions, 1);
});

test("the level decides what the badges count", () => {
  const places = placesOf(
    place("a", { unread: 5, mentions: 1 }), place("b", { unread: 5, mentions: 1, level: "mentions" }),
    place("c", { unread: 5, mentions: 1, level: "none" }),
  );
  assert.deepEqual(places.totals, { unread: 6, mentions: 2 });
});

test("the room on the page has the count of the page", () => {
  const places = placesOf(place("a", { unread: 5, mentions: 3 }));
  places.setOpen({ slug: "a", unread: 1 });
  assert.deepEqual(places.totals, { unread: 1, mentions: 1 });
  places.setOpen(null);
  assert.deepEqual(places.totals, { unread: 5, mentions: 3 });
});

test("favourites come first in their own order, rooms by name, direct conversations by time", () => {
  const places = placesOf(
    place("b"), place("a"), place("f2", { favourite: 2 }), place("f1", { favourite: 1 }), place("z", { kind: "private" }),
    place("old", { kind: "direct", last_at: "2026-01-01T00:00:00Z" }), place("new", { kind: "direct", last_at: "2026-02-01T00:00:00Z" }),
  );
  const slugs = places.sections.map((section) => section.places.map(({ slug }) => slug));
  assert.deepEqual(slugs, [["f1", "f2"], ["a", "b", "z"], ["new", "old"], []]);
});

test("the search for the next unread room continues at the other end of the list", () => {
  const places = placesOf(place("a", { unread: 1 }), place("b"), place("c", { unread: 2 }), place("d"));
  const next = (slug, direction) => places.nextUnread(slug, direction)?.slug;
  assert.deepEqual([next("a", 1), next("b", 1), next("c", 1), next("d", 1)], ["c", "c", "a", "a"]);
  assert.deepEqual([next("a", -1), next("b", -1), next("d", -1)], ["c", "a", "c"]);
  assert.deepEqual([next(null, 1), next(null, -1)], ["a", "c"]);
  assert.equal(placesOf(place("a", { unread: 1 })).nextUnread("a", 1), undefined);
});

test("a room appears when it is described completely, and disappears when it is gone", () => {
  const places = placesOf();
  assert.equal(places.change({ type: "room", slug: "a", posts: 3 }), false);
  assert.equal(places.change({ type: "room", ...place("a", { unread: 3 }) }), true);
  assert.deepEqual([places.size, places.posts], [1, 10]);
  places.change({ type: "room", slug: "a", gone: true });
  assert.equal(places.size, 0);
});

test("a room that has another address keeps everything else", () => {
  const places = placesOf(place("a", { unread: 2 }));
  assert.equal(places.change({ type: "room", slug: "a", moved: "a-9" }), true);
  assert.deepEqual([places.size, places.get("a"), places.get("a-9")?.unread], [1, undefined, 2]);
  assert.equal(places.change({ type: "room", slug: "b", moved: "b-9" }), false);
});

test("a board has the address of the board", () => {
  assert.equal(addressOf(place("a")), "/rooms/a/");
  assert.equal(addressOf(place("a", { kind: "board", board: "u-1" })), "/board/u-1/");
});

const orderOf = (places) => places.shownFavourites.map(({ slug }) => slug).join("");

test("a favourite moves before another one, or to the end", () => {
  const places = placesOf(place("c", { favourite: 2 }), place("a", { favourite: 0 }), place("b", { favourite: 1 }), place("x"));
  assert.equal(places.moveFavourite("c", "a"), 0);
  assert.equal(orderOf(places), "cab");
  assert.equal(places.moveFavourite("c", null), 2);
  assert.equal(orderOf(places), "abc");
  assert.equal(places.moveFavourite("a", "c"), 1);
  assert.equal(orderOf(places), "bac");
  places.setFavourites(["a", "b", "c"]);
  assert.equal(orderOf(places), "abc");
});

test("a favourite that stays where it is needs no request", () => {
  const places = placesOf(place("a", { favourite: 0 }), place("b", { favourite: 1 }), place("x"));
  const moves = [["a", "b"], ["a", "a"], ["b", null], ["x", "a"], ["a", "x"], ["y", null]];
  for (const [slug, before] of moves) assert.equal(places.moveFavourite(slug, before), null);
  assert.equal(orderOf(places), "ab");
});

test("the position of a favourite counts archived favourites and no gaps, as the server does", () => {
  // The person has left the favourite with the position 1.
  const places = placesOf(
    place("a", { favourite: 0 }), place("old", { favourite: 2, archived: true }), place("b", { favourite: 3 }), place("c", { favourite: 4 }),
  );
  assert.equal(places.moveFavourite("c", "b"), 2);
  assert.equal(orderOf(places), "acb");
  assert.equal(places.moveFavourite("a", null), 3);
  assert.deepEqual(places.favourites.map(({ slug, favourite }) => slug + favourite), ["old0", "c1", "b2", "a3"]);
});

test("a room without threads has none, and a muted room counts none", () => {
  const places = new Places("Alice");
  const room = (slug, more) => ({ slug, name: slug, kind: "room", unread: 0, mentions: 0, level: "all", ...more });
  places.replace([room("garden", { threads: 2 }), room("attic"), room("cellar", { threads: 4, level: "none" })]);
  assert.equal(places.unreadThreads, 2);
  places.change({ slug: "garden", threads: 0 });
  places.change({ slug: "attic", threads: 1 });
  assert.equal(places.unreadThreads, 1);
  assert.equal(places.totals.unread, 0);
});
