// @ts-check
// Copies text, also in browsers without the clipboard API. Must not know what is copied.

import { make } from "./dom.js";
import { gettext } from "./translation.js";

const CONFIRMATION_MS = 2_000;

/**
 * Makes a button copy the value of an input. The button shows the result for two seconds.
 * @param {HTMLElement} button
 * @param {HTMLInputElement} input
 */
export function makeCopyButton(button, input) {
  const label = button.textContent;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  button.addEventListener("click", async () => {
    input.select();
    button.textContent = (await copy(input.value)) ? gettext("Copied") : gettext("Press Ctrl+C");
    clearTimeout(timer);
    timer = setTimeout(() => { button.textContent = label; }, CONFIRMATION_MS);
  });
}

/**
 * Copies a text, and returns whether that worked. Pages without https have no `navigator.clipboard`, but can copy the
 * selection.
 * @param {string} text
 */
async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return document.execCommand("copy");
  }
}

/**
 * Copies a text that no input of the page contains, and returns whether that worked.
 * @param {string} text
 * @param {HTMLElement} place contains a hidden input while the text is copied. While a dialog is open, pass an
 *   element of the dialog, because the dialog blocks the page behind it.
 */
export async function copyText(text, place) {
  const input = make("textarea", { class: "unseen", readonly: true, tabindex: "-1", "aria-hidden": "true" });
  input.value = text;
  place.append(input);
  input.select();
  const isCopied = await copy(text);
  input.remove();
  return isCopied;
}
