// Tests of the translation of errors, whose sentences a socket sends in English.

import assert from "node:assert/strict";
import test from "node:test";

import { addErrorId } from "../../chat/static/chat/ui/error-id.js";
import { SentenceTranslator, translateDetail } from "../../chat/static/chat/ui/error-sentences.js";

const GERMAN = new SentenceTranslator({
  "There is no such room.": "Diesen Raum gibt es nicht.",
  "%(handle)s is not in this room.": "%(handle)s ist nicht in diesem Raum.",
  "%(handle)s is not %(role)s in this room.": "%(handle)s ist in diesem Raum nicht %(role)s.",
  "'%(name)s' must not be empty.": "„%(name)s“ darf nicht leer sein.",
  "'%(name)s' has %(length)s characters; at most %(most)s are allowed.": "Höchstens %(most)s Zeichen statt %(length)s („%(name)s“).",
});

for (const [english, german] of [
  ["There is no such room.", "Diesen Raum gibt es nicht."],
  ["Bob is not in this room.", "Bob ist nicht in diesem Raum."],
  ["Bob (b.) is not muted in this room.", "Bob (b.) ist in diesem Raum nicht muted."],
  ["$& %(role)s is not in this room.", "$& %(role)s ist nicht in diesem Raum."],
  ["'body' has 4001 characters; at most 4000 are allowed.", "Höchstens 4000 Zeichen statt 4001 („body“)."],
  ["A sentence of a newer server.", "A sentence of a newer server."],
  ["constructor", "constructor"],
  ["", ""],
]) {
  test(`the sentence "${english}" is translated`, () => assert.equal(GERMAN.translate(english), german));
}

test("a sentence stays in English without a catalogue", () => {
  assert.equal(translateDetail("There is no such room."), "There is no such room.");
});

test("only a failure of the server has an id", () => {
  assert.equal(addErrorId("It failed.", "QxTzBfLmNa#3"), "It failed. Error id: QxTzBfLmNa#3");
  assert.equal(addErrorId("No.", undefined), "No.");
});
