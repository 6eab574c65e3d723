// @ts-check
// Copies a link, also in browsers without the clipboard API. Must not know what is copied.

const CONFIRMATION_MS = 2_000;

/**
 * Makes a button copy what an input holds. The button says so for two seconds.
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
 * Returns whether the text was copied. Pages without https have no `navigator.clipboard`, but can copy a selection.
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
