// @ts-check
// Adds a copy button to each block of code of a message, and colours the blocks that name a language.
// Must not parse code: code-colours.js does. That module loads with the first block that names a language.

import { copyText } from "../ui/clipboard.js";
import { make } from "../ui/dom.js";
import { gettext, pgettext } from "../ui/translation.js";

const COPIED_MS = 2_000;
const TEXT = pgettext("button", "Copy");
const LABEL = gettext("Copy this code");
const LANGUAGE = /^language-(.+)$/;

/** @param {HTMLElement} body the body of a message */
export function decorateCode(body) {
  for (const [index, pre] of body.querySelectorAll("pre").entries()) {
    const block = make("div", { class: "code-block" });
    pre.replaceWith(block);
    block.append(pre, makeCopyButton(pre, index));
    colour(pre);
  }
}

/**
 * @param {HTMLElement} pre
 * @param {number} index the number of the block in its message
 */
function makeCopyButton(pre, index) {
  const button = make("button", {
    type: "button", class: "copy-code", "data-copy-code": index, "aria-label": LABEL, text: TEXT,
  });
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  const show = (/** @type {string} */ text, /** @type {string} */ label) => {
    button.textContent = text;
    button.setAttribute("aria-label", label);
  };
  button.addEventListener("click", async () => {
    const code = (pre.textContent ?? "").replace(/\n$/, "");
    const isCopied = await copyText(code, button.parentElement ?? document.body);
    button.focus({ preventScroll: true });
    if (isCopied) show(gettext("Copied"), gettext("Copied"));
    else show(gettext("Not copied"), gettext("The browser does not allow copying"));
    clearTimeout(timer);
    timer = setTimeout(() => show(TEXT, LABEL), COPIED_MS);
  });
  return button;
}

/** @param {HTMLElement} pre */
async function colour(pre) {
  const code = pre.querySelector("code");
  const language = LANGUAGE.exec(code?.className ?? "")?.[1];
  if (!code || !language) return;
  // Code without colours is still readable.
  const colours = await import("./code-colours.js").catch(() => null);
  await colours?.colourCode(code, language);
}
