// @ts-check
// The dialog that shows how to format a message. Must not format anything.

import { openDialog } from "../ui/dialog.js";
import { child, make } from "../ui/dom.js";

/** @type {[typed: string, html: () => (Node | string)[]][]} */
const EXAMPLES = [
  ["**bold**", () => [make("strong", { text: "bold" })]],
  ["*italic*", () => [make("em", { text: "italic" })]],
  ["~~crossed out~~", () => [make("s", { text: "crossed out" })]],
  ["`code`", () => [make("code", { text: "code" })]],
  ["```python\nprint(1)\n```", () => ["code over several lines, with colours for its language"]],
  ["> quote", () => [make("blockquote", { text: "quote" })]],
  ["- one\n- two", () => [make("ul", {}, make("li", { text: "one" }), make("li", { text: "two" }))]],
  ["1. one\n2. two", () => [make("ol", {}, make("li", { text: "one" }), make("li", { text: "two" }))]],
  ["- [ ] to do\n- [x] done", () => [make("ul", {}, make("li", { text: "☐ to do" }), make("li", { text: "☑ done" }))]],
  ["[a link](https://example.org)", () => [make("u", { text: "a link" })]],
  ["# Heading", () => [make("strong", { text: "Heading" })]],
];

/** @typedef {{ isShown: boolean, show: (isShown: boolean) => void }} PreviewSwitch */

/**
 * Opens the dialog.
 * @param {PreviewSwitch | null} preview shows or hides the preview above the field; null where there is none
 */
export function openFormattingHelp(preview) {
  const rows = EXAMPLES.map(([typed, makeResult]) => make(
    "tr", {},
    make("td", {}, make("code", { text: typed })),
    make("td", { class: "body" }, ...makeResult()),
  ));
  const head = make("tr", {}, make("th", { scope: "col", text: "You write" }), make("th", { scope: "col", text: "Others see" }));
  const table = make("table", { class: "formatting-table" }, make("thead", {}, head), make("tbody", {}, ...rows));
  const button = preview && make("button", {
    type: "button", class: "button", "data-action": "preview",
    text: preview.isShown ? "Hide the preview of my message" : "Show a preview of my message",
    onclick: () => {
      dialog.close();
      preview.show(!preview.isShown);
    },
  });
  const dialog = openDialog(
    "Formatting", "formatting-dialog",
    make("p", { class: "help", text: "Enter sends the message. Shift and Enter begin a new line." }),
    button,
    table,
  );
  (button ?? child(dialog, "button")).focus();
}
