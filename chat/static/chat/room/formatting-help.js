// @ts-check
// The dialog that shows how to format a message. Must not format anything.

import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { gettext, pgettext } from "../ui/translation.js";

/** The words of the examples. */
const WORD = {
  bold: pgettext("example of formatting", "bold"), italic: pgettext("example of formatting", "italic"),
  crossed: pgettext("example of formatting", "crossed out"), code: pgettext("example of formatting", "code"),
  quote: pgettext("example of formatting", "quote"), one: pgettext("example of formatting", "one"),
  two: pgettext("example of formatting", "two"), open: pgettext("example of formatting", "to do"),
  done: pgettext("example of formatting", "done"), link: pgettext("example of formatting", "a link"),
  heading: pgettext("example of formatting", "Heading"),
};

/** @type {[typed: string, makeResult: () => (Node | string)[]][]} */
const EXAMPLES = [
  [`**${WORD.bold}**`, () => [make("strong", { text: WORD.bold })]],
  [`*${WORD.italic}*`, () => [make("em", { text: WORD.italic })]],
  [`~~${WORD.crossed}~~`, () => [make("s", { text: WORD.crossed })]],
  [`\`${WORD.code}\``, () => [make("code", { text: WORD.code })]],
  ["```python\nprint(1)\n```", () => [gettext("code over several lines, with colours for its language")]],
  [`> ${WORD.quote}`, () => [make("blockquote", { text: WORD.quote })]],
  [`- ${WORD.one}\n- ${WORD.two}`, () => [makeList("ul", WORD.one, WORD.two)]],
  [`1. ${WORD.one}\n2. ${WORD.two}`, () => [makeList("ol", WORD.one, WORD.two)]],
  [`- [ ] ${WORD.open}\n- [x] ${WORD.done}`, () => [makeList("ul", `☐ ${WORD.open}`, `☑ ${WORD.done}`)]],
  [`[${WORD.link}](https://example.org)`, () => [make("u", { text: WORD.link })]],
  [`# ${WORD.heading}`, () => [make("strong", { text: WORD.heading })]],
];

/**
 * @param {"ul" | "ol"} tag
 * @param {string[]} texts
 */
function makeList(tag, ...texts) {
  return make(tag, {}, ...texts.map((text) => make("li", { text })));
}

/** @typedef {{ isShown: boolean, show: (isShown: boolean) => void }} PreviewSwitch */

/**
 * Opens the dialog.
 * @param {PreviewSwitch} preview shows or hides the preview above the field
 */
export function openFormattingHelp(preview) {
  const rows = EXAMPLES.map(([typed, makeResult]) => make(
    "tr", {},
    make("td", {}, make("code", { dir: "auto", text: typed })),
    make("td", { class: "body" }, ...makeResult()),
  ));
  const head = make("tr", {}, make("th", { scope: "col", text: gettext("You write") }), make("th", { scope: "col", text: gettext("Others see") }));
  const table = make("table", { class: "formatting-table" }, make("thead", {}, head), make("tbody", {}, ...rows));
  const button = make("button", {
    type: "button", class: "button", "data-action": "preview",
    text: preview.isShown ? gettext("Hide the preview of my message") : gettext("Show a preview of my message"),
    onclick: () => {
      dialog.close();
      preview.show(!preview.isShown);
    },
  });
  const dialog = openDialog(
    gettext("Formatting"), "formatting-dialog",
    make("p", { class: "help", text: gettext("Enter sends the message. Shift and Enter begin a new line.") }),
    button,
    table,
  );
  button.focus();
}
