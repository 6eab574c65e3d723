// Tests of the rooms in the text of a message, and of the query of a search.

import assert from "node:assert/strict";
import test from "node:test";

import { isSearchable, searchAddress, withOperator } from "../../chat/static/chat/finding/query.js";
import { findRooms } from "../../chat/static/chat/room/marks.js";

test("only rooms that the page knows are found", () => {
  const rooms = (text) => findRooms(text, (slug) => slug === "garden" || slug === "a-1").map(({ slug }) => slug);
  assert.deepEqual(rooms("#garden, (#a-1) #other"), ["garden", "a-1"]);
  assert.deepEqual(rooms("x#garden /#garden ##garden #gardens #garden-x"), []);
});

test("a search asks for one room, unless its text names a room", () => {
  assert.equal(searchAddress(" red bike ", { page: 0, deviceZone: "UTC" }), "/api/search/?q=red+bike&device_zone=UTC");
  assert.equal(searchAddress("red", { page: 2, deviceZone: "UTC", room: "garden" }), "/api/search/?q=red&device_zone=UTC&room=garden&page=2");
  assert.equal(searchAddress("red in:tools", { page: 0, deviceZone: "UTC", room: "garden" }), "/api/search/?q=red+in%3Atools&device_zone=UTC");
});

test("one letter is searched only on request, but one character of a dense script at once", () => {
  assert.deepEqual(["a", "ab", "水", " ", "🚲"].map(isSearchable), [false, true, true, false, true]);
});

test("an operator is added behind the words", () => {
  assert.equal(withOperator("red ", "from:"), "red from:");
  assert.equal(withOperator("", '"…"'), '""');
});
