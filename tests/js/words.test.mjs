// Tests of the texts for numbers, times and log entries.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describeAct } from "../../chat/static/chat/room/audit-words.js";
import { toLocalInput } from "../../chat/static/chat/room/schedule-times.js";
import { codePointLength, plural, timeAgo } from "../../chat/static/chat/ui/format.js";
import { fillSentence } from "../../chat/static/chat/ui/sentences.js";
import { gettext, ngettext } from "../../chat/static/chat/ui/translation.js";
import { duration, fileSize } from "../../chat/static/chat/ui/units.js";

const ROLE_ENTRY = { act: "role", before: "member", after: "member", seconds: null, message: null };

for (const [change, words] of [
  [{ after: "muted", seconds: 600 }, ["muted", " for 10 minutes"]],
  [{ after: "muted", seconds: 3_600 }, ["muted", " for 1 hour"]],
  [{ after: "muted", seconds: 90 }, ["muted", " for 90 seconds"]],
  [{ after: "muted" }, ["muted", ""]],
  [{ after: "banned" }, ["banned", ""]],
  [{ before: "banned" }, ["unbanned", ""]],
  [{ before: "banned", after: null }, ["unbanned", ""]],
  [{ before: "muted" }, ["unmuted", ""]],
  [{ after: null }, ["removed from the room:", ""]],
  [{ after: "owner" }, ["made", " an owner"]],
  [{ after: "moderator" }, ["made", " a moderator"]],
]) {
  test(`a change of role is described: ${JSON.stringify(change)}`, () => {
    assert.deepEqual(describeAct({ ...ROLE_ENTRY, ...change }), words);
  });
}

test("reports, edits and removals are described with their message", () => {
  assert.deepEqual(describeAct({ act: "report", after: "removed", message: 7 }), ["upheld a report of message 7 of", ""]);
  assert.deepEqual(describeAct({ act: "report", after: "dismissed", message: 7 }), ["dismissed a report of message 7 of", ""]);
  assert.deepEqual(describeAct({ act: "edit", message: 7 }), ["edited message 7 of", ""]);
  assert.deepEqual(describeAct({ act: "remove", message: 7 }), ["removed message 7 of", ""]);
});

test("lengths are counted in code points, as the server counts them", () => {
  assert.equal(codePointLength("a👍ö"), 3);
});

test("plural returns the number with the singular or the plural", () => {
  assert.equal(plural(1, "person", "people"), "1 person");
  assert.equal(plural(0, "message"), "0 messages");
});

test("a time within the last minute is shown as just now", () => {
  assert.equal(timeAgo(Date.now() - 59_000), "just now");
  assert.notEqual(timeAgo(Date.now() - 61_000), "just now");
});

test("a local input holds the time in the person's time zone", () => {
  assert.equal(toLocalInput(new Date(2026, 10, 29, 9, 5)), "2026-11-29T09:05");
});

test("a sentence has its parts in the order of the translation", () => {
  const parts = { author: "Alice", reader: "%(author)s" };
  assert.deepEqual(fillSentence("To %(reader)s, by %(author)s.", parts), ["To ", "%(author)s", ", by ", "Alice", "."]);
  assert.deepEqual(fillSentence("%(author)s", parts), ["Alice"]);
});

test("a placeholder without a value stays, for an element", () => {
  assert.equal(gettext("%(who)s, %(when)s", { when: "now" }), "%(who)s, now");
  assert.equal(ngettext("%(who)s: %(count)s hour", "%(who)s: %(count)s hours", 1_200), "%(who)s: 1,200 hours");
});

test("durations and sizes are written with their unit", () => {
  assert.deepEqual([600, 3_600, 90, 172_800].map(duration), ["10 minutes", "1 hour", "90 seconds", "2 days"]);
  assert.deepEqual([512, 1_500, 15_000, 12_345_678].map(fileSize), ["512 bytes", "1.5 kB", "15 kB", "12 MB"]);
});
