// @ts-check
// Copies a link, also in browsers without the clipboard API. Must not know what is copied.

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
    button.textContent = (await copy(input.value)) ? "Copied" : "Press Ctrl+C";
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
