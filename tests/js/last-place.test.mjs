// Tests of the place at which a person left a room.

import assert from "node:assert/strict";
import test from "node:test";

import { LastPlace } from "../../chat/static/chat/room/last-place.js";

function makePlace(values = new Map()) {
  const storage = { getItem: (name) => values.get(name) ?? null, setItem: (name, value) => values.set(name, value) };
  const room = { seen: 0 };
  globalThis.window ??= new EventTarget();
  globalThis.document ??= new EventTarget();
  const listeners = [];
  const scope = { listen: (...arguments_) => listeners.push(arguments_[2]) };
  return { place: new LastPlace(storage, "garden", () => room.seen, scope), room, values, listeners };
}

test("a room that the person has not seen has no place", () => {
  const { place, values } = makePlace();
  place.save();
  assert.deepEqual([place.id, values.size], [null, 0]);
});

test("the place is kept when the person leaves the room or the page", () => {
  const { place, room, values, listeners } = makePlace();
  room.seen = 12;
  place.save();
  assert.equal(place.id, 12);
  room.seen = 15;
  listeners[0]();
  assert.equal(makePlace(values).place.id, 15);
});
