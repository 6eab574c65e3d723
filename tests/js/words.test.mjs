// Tests of the texts for numbers, times and log entries.

import assert from "node:assert/strict";
import { test } from "node:test";

import { describeAct } from "../../chat/static/chat/room/audit-words.js";
import { toLocalInput } from "../../chat/static/chat/room/schedule-times.js";
import { codePointLength, countPeople, timeAgo } from "../../chat/static/chat/ui/format.js";
import { fillSentence } from "../../chat/static/chat/ui/sentences.js";
import { gettext, ngettext } from "../../chat/static/chat/ui/translation.js";
import { duration, fileSize } from "../../chat/static/chat/ui/units.js";

const ROLE_ENTRY = { act: "role", before: "member", after: "member", seconds: null, message: null };

/** Returns the sentence of the log, as the page shows it. */
function sentenceOf(entry) {
  return fillSentence(describeAct(entry), { actor: "Alice", person: "Bob" }).join("");
}

for (const [change, sentence] of [
  [{ after: "muted", seconds: 600 }, "Alice muted Bob for 10 minutes."],
  [{ after: "muted", seconds: 3_600 }, "Alice muted Bob for 1 hour."],
  [{ after: "muted", seconds: 90 }, "Alice muted Bob for 90 seconds."],
  [{ after: "muted" }, "Alice muted Bob."],
  [{ after: "banned" }, "Alice banned Bob."],
  [{ before: "muted", after: "banned" }, "Alice banned Bob."],
  [{ before: "banned" }, "Alice unbanned Bob."],
  [{ before: "banned", after: null }, "Alice unbanned Bob."],
  [{ before: "muted" }, "Alice unmuted Bob."],
  [{ after: null }, "Alice removed Bob from the room."],
  [{ after: "owner" }, "Alice made Bob an owner."],
  [{ after: "moderator" }, "Alice made Bob a moderator."],
]) {
  test(`a change of role is described: ${JSON.stringify(change)}`, () => {
    assert.equal(sentenceOf({ ...ROLE_ENTRY, ...change }), sentence);
  });
}

test("reports, edits and removals are described with their message", () => {
  const entry = { after: null, message: 7_000 };
  assert.equal(sentenceOf({ ...entry, act: "report", after: "removed" }), "Alice upheld a report of message 7000 of Bob.");
  assert.equal(sentenceOf({ ...entry, act: "report", after: "dismissed" }), "Alice dismissed a report of message 7000 of Bob.");
  assert.equal(sentenceOf({ ...entry, act: "edit" }), "Alice edited message 7000 of Bob.");
  assert.equal(sentenceOf({ ...entry, act: "remove" }), "Alice removed message 7000 of Bob.");
});

test("lengths are counted in code points, as the server counts them", () => {
  assert.equal(codePointLength("a👍ö"), 3);
});

test("a number has the singular or the plural", () => {
  assert.equal(countPeople(1), "1 person");
  assert.equal(countPeople(0), "0 people");
});

test("a time within the last minute is shown as just now", () => {
  assert.equal(timeAgo(Date.now() - 59_000), "just now");
  assert.notEqual(timeAgo(Date.now() - 61_000), "just now");
});

test("the value of a time field is in the person's time zone", () => {
  assert.equal(toLocalInput(new Date(2026, 10, 29, 9, 5)), "2026-11-29T09:05");
});

test("a sentence has its parts in the order of the translation", () => {
  const parts = { author: "Alice", reader: "%(author)s" };
  assert.deepEqual(fillSentence("To %(reader)s, by %(author)s.", parts), ["To ", "%(author)s", ", by ", "Alice", "."]);
  assert.deepEqual(fillSentence("%(author)s", parts), ["Alice"]);
});

test("a placeholder without a value stays, so that an element can replace it", () => {
  assert.equal(gettext("%(who)s, %(when)s", { when: "now" }), "%(who)s, now");
  assert.equal(ngettext("%(who)s: %(count)s hour", "%(who)s: %(count)s hours", 1_200), "%(who)s: 1,200 hours");
});

test("durations and sizes are written with their unit", () => {
  assert.deepEqual([600, 3_600, 90, 172_800].map(duration), ["10 minutes", "1 hour", "90 seconds", "2 days"]);
  assert.deepEqual([512, 1_500, 15_000, 12_345_678].map(fileSize), ["512 bytes", "1.5 kB", "15 kB", "12 MB"]);
});
