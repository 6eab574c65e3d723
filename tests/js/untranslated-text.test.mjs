// Tests of the linter's rule against texts that are not translated.

import { test } from "node:test";

import { RuleTester } from "eslint";

import rule from "./no-untranslated-text.mjs";

RuleTester.describe = (...[, run]) => run();
RuleTester.it = test;

const found = (code, ...texts) => ({
  code, errors: texts.map((text) => ({ message: `Translate "${text}": put it into gettext, ngettext or pgettext.` })),
});

new RuleTester().run("no-untranslated-text", rule, {
  valid: [
    'make("p", { text: gettext("Close the board"), class: "lead wide" });',
    'const label = isOpen ? gettext("Close") : pgettext("a menu", "Open");',
    'ngettext("%(count)s New message", "%(count)s New messages", count);',
    'throw new Error("The page has no such element.");',
    'if (event.key === "Escape" || event.key.startsWith("Arrow")) stop();',
    'const keys = { Enter: "more", Delete: "remove" };',
    'make("span", { text: "✕" });',
    'make("li", { class: `message own ${state}` });',
    'element.title = name;',
    'import { Room } from "./A room.js";',
  ],
  invalid: [
    found('make("p", { text: "you" });', "you"),
    found('make("p", { "aria-label": isOpen ? "close" : gettext("Open") });', "close"),
    found('element.textContent = `${count} here`;', "{} here"),
    found('element.setAttribute("aria-label", "close");', "close"),
    found('this.notify(isDone ? "done" : "");', "done"),
    found('setText(element, "above " + count);', "above "),
    found('const LABELS = { reply: "Reply", link: ["Copy link"] };', "Reply", "Copy link"),
    found('openDialog("Leave this room?", "leave-dialog");', "Leave this room?"),
    found('const sentence = `↑ Jump to ${name}`;', "↑ Jump to {}"),
    found('function excerpt() { return "message removed"; }', "message removed"),
    found('const words = () => isGone ? "not here" : here;', "not here"),
  ],
});
