// Tests of the translation of texts: plural forms, values, contexts, and the choice of the language.

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  findLocale, formatList, gettext, language, loadCatalogue, ngettext, pgettext, Translator,
} from "../../chat/static/chat/ui/translation.js";

const COUNTED = "%(count)s message";

/** @param {Record<string, string | string[]>} catalogue */
function translateInto(name, catalogue) {
  const translator = new Translator(name, catalogue);
  return (count) => translator.translateCount(COUNTED, "%(count)s messages", count, {});
}

test("without a page the language is English, and texts stay as they are", () => {
  assert.equal(language, "en");
  assert.equal(gettext("Close"), "Close");
  assert.equal(gettext("Close %(name)s", { name: "it" }), "Close it");
  assert.equal(pgettext("button", "Open"), "Open");
  assert.equal(ngettext(COUNTED, "%(count)s messages", 1), "1 message");
  assert.equal(ngettext(COUNTED, "%(count)s messages", 1_500), "1,500 messages");
  assert.equal(formatList(["Alice", "Bob", "Charlie"]), "Alice, Bob, and Charlie");
});

test("Arabic has six plural forms", () => {
  const words = translateInto("ar", { [COUNTED]: ["zero", "one", "two", "few", "many", "other"] });
  assert.deepEqual([0, 1, 2, 3, 10, 11, 99, 100].map(words), ["zero", "one", "two", "few", "few", "many", "many", "other"]);
});

test("French counts zero as one, and a catalogue without the form for millions uses its last form", () => {
  const words = translateInto("fr", { [COUNTED]: ["one", "other"] });
  assert.deepEqual([0, 1, 2, 1_000_000].map(words), ["one", "one", "other", "other"]);
});

test("French uses the form for millions if the catalogue has it", () => {
  const words = translateInto("fr", { [COUNTED]: ["one", "many", "other"] });
  assert.deepEqual([1, 2, 1_000_000].map(words), ["one", "other", "many"]);
});

test("Japanese has one plural form", () => {
  const words = translateInto("ja", { [COUNTED]: ["%(count)s 件"] });
  assert.deepEqual([0, 1, 2, 1_500].map(words), ["0 件", "1 件", "2 件", "1,500 件"]);
});

test("a text that the catalogue lacks stays in English", () => {
  const translator = new Translator("de", { Close: "Schließen" });
  assert.equal(translator.translate("Close"), "Schließen");
  assert.equal(translator.translate("Dismiss"), "Dismiss");
  assert.equal(translator.translate("Close", {}, "window"), "Close");
  assert.equal(translator.translateCount(COUNTED, "%(count)s messages", 2, {}), "2 messages");
});

test("a text has one translation for each context", () => {
  const translator = new Translator("de", { Open: "Offen", "button\u0004Open": "Öffnen" });
  assert.equal(translator.translate("Open"), "Offen");
  assert.equal(translator.translate("Open", {}, "button"), "Öffnen");
});

test("values are put in wherever the translation has them, and are not searched for placeholders", () => {
  const translator = new Translator("de", { "%(a)s in %(b)s": "In %(b)s: %(a)s (%(b)s)" });
  assert.equal(translator.translate("%(a)s in %(b)s", { a: "%(b)s $&", b: "x" }), "In x: %(b)s $& (x)");
});

test("numbers are written as in the reader's language", () => {
  const translator = new Translator("de", {});
  assert.equal(translator.translate("%(count)s left", { count: 1_500 }), "1.500 left");
  assert.equal(translator.translate("%(count)s left", { count: "1500" }), "1500 left");
});

test("the locale is the browser's first variant of the page's language", () => {
  assert.equal(findLocale("en", ["de-DE", "en-GB", "en-US"]), "en-GB");
  assert.equal(findLocale("de", ["en-GB", "en"]), "de");
  assert.equal(findLocale("zh-hans", ["zh-TW", "zh-CN"]), "zh-CN");
  assert.equal(findLocale("zh-hans", ["zh-TW"]), "zh-hans");
  assert.equal(findLocale("en", ["en-US@posix", "en-IN"]), "en-IN");
});

test("a catalogue that cannot be loaded leaves the page in English", async () => {
  assert.deepEqual(await loadCatalogue("xx"), {});
  assert.deepEqual(await loadCatalogue("en"), {});
});

test("the catalogue of the page's language is loaded before the module can be used", async () => {
  globalThis.document = { documentElement: { lang: "de" } };
  const page = await import("../../chat/static/chat/ui/translation.js?of=a-german-page");
  delete globalThis.document;
  assert.equal(page.language, "de");
  assert.equal(page.gettext("no catalogue has this text"), "no catalogue has this text");
  assert.equal(page.formatNumber(1_500), "1.500");
});
