// Tests of which events notify a person, of the quiet hours, and of the titles of direct conversations.

import assert from "node:assert/strict";
import test from "node:test";

import { titleOf } from "../../chat/static/chat/workspace/direct-titles.js";
import { isMentionNotified, isNoticeRead, isQuiet, isReplyNotified, newMessageAuthor } from "../../chat/static/chat/workspace/notification-rules.js";

const place = (more = {}) => ({ slug: "a", name: "A", kind: "room", posts: 10, unread: 0, mentions: 0, level: "all", ...more });
const mention = { room: "a", id: 1, author: { handle: "bob" }, text: "Hello" };

test("quiet hours are in the person's own time zone, and may include midnight", () => {
  const hours = { notify: "mentions", quiet_from: "22:00", quiet_to: "07:30" };
  const at = (time) => new Date(`2026-01-15T${time}:00Z`);
  assert.equal(isQuiet(hours, "UTC", at("21:59")), false);
  assert.equal(isQuiet(hours, "UTC", at("22:00")), true);
  assert.equal(isQuiet(hours, "UTC", at("00:00")), true);
  assert.equal(isQuiet(hours, "UTC", at("07:30")), false);
  assert.equal(isQuiet(hours, "Asia/Tokyo", at("13:00")), true);
  assert.equal(isQuiet(hours, "Asia/Tokyo", at("23:00")), false);
  const noon = { notify: "mentions", quiet_from: "12:00:00", quiet_to: "13:00:00" };
  assert.equal(isQuiet(noon, "Europe/Berlin", at("11:30")), true);
  assert.equal(isQuiet(noon, "Europe/Berlin", at("12:00")), false);
  assert.equal(isQuiet({ notify: "all", quiet_from: null, quiet_to: null }, "UTC", at("12:00")), false);
});

test("a time zone that the browser does not know causes no error", () => {
  assert.equal(typeof isQuiet({ notify: "all", quiet_from: "00:00", quiet_to: "12:00" }, "Mars/Olympus", new Date()), "boolean");
});

test("mentions notify, except own mentions, mentions in silent rooms, and all mentions if the person wants none", () => {
  const wants = { notify: "mentions" };
  assert.equal(isMentionNotified(mention, place(), wants, "alice"), true);
  assert.equal(isMentionNotified(mention, place({ level: "mentions" }), wants, "alice"), true);
  assert.equal(isMentionNotified(mention, place({ level: "none" }), wants, "alice"), false);
  assert.equal(isMentionNotified(mention, place(), wants, "bob"), false);
  assert.equal(isMentionNotified(mention, place(), { notify: "none" }, "alice"), false);
  assert.equal(isMentionNotified(mention, undefined, wants, "alice"), true);
});

test("other messages notify only people who want all of them, in rooms with the level all", () => {
  const event = { slug: "a", posts: 12, by: ["alice", "bob", "charlie"] };
  assert.equal(newMessageAuthor(event, place(), { notify: "all" }, "alice"), "bob");
  assert.equal(newMessageAuthor(event, place(), { notify: "mentions" }, "alice"), null);
  assert.equal(newMessageAuthor(event, place({ level: "mentions" }), { notify: "all" }, "alice"), null);
  assert.equal(newMessageAuthor(event, place({ kind: "direct" }), { notify: "all" }, "alice"), null);
  assert.equal(newMessageAuthor(event, place({ posts: 12 }), { notify: "all" }, "alice"), null);
  assert.equal(newMessageAuthor(event, place({ posts: 11 }), { notify: "all" }, "alice"), null);
  assert.equal(newMessageAuthor({ slug: "a", read: 3 }, place(), { notify: "all" }, "alice"), null);
});

test("a direct conversation has the names of the other people", () => {
  const nameOf = (handle) => ({ bob: "Robert" })[handle] ?? handle;
  const direct = place({ kind: "direct", name: "bob, charlie", people: ["alice", "bob", "charlie"] });
  assert.equal(titleOf(direct, "alice", nameOf), "Robert, charlie");
  assert.equal(titleOf(place({ kind: "direct", people: ["bob"] }), "bob", nameOf), "Robert");
  assert.equal(titleOf(place(), "alice", nameOf), "A");
});

test("a reply in a followed thread notifies only in rooms with the level all", () => {
  assert.equal(isReplyNotified(place(), { notify: "mentions" }), true);
  assert.equal(isReplyNotified(place(), { notify: "none" }), false);
  assert.equal(isReplyNotified(place({ level: "mentions" }), { notify: "all" }), false);
  assert.equal(isReplyNotified(undefined, { notify: "all" }), false);
});

test("a reply is read in its thread, and a mention in a thread is not read with the room", () => {
  const [reply, other] = [{ isReply: true }, {}];
  assert.deepEqual([reply, other].map((data) => isNoticeRead(data, { unread: 0, mentions: 0 })), [false, true]);
  assert.deepEqual([reply, other].map((data) => isNoticeRead(data, { threads: 0 })), [true, false]);
  assert.equal(isNoticeRead(other, { unread: 0, mentions: 1, threads: 1 }), false);
  assert.equal(isNoticeRead(other, { unread: 2, mentions: 0 }), false);
});
