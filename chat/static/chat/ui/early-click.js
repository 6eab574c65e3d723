// @ts-check
// Keeps a click on a button that does nothing yet, because most of the page's code still loads, and repeats it later.
// Must not know what the buttons do.

// The browser itself sends a form that has a method.
const KEPT = "button:not(form[method] button)";

/** @type {HTMLElement | null} */
let clicked = null;
const listening = new AbortController();

/** Starts to keep the last click on a button, and stops a form without a method from leaving the page. */
export function keepEarlyClick() {
  const { signal } = listening;
  document.addEventListener("click", ({ target }) => {
    const button = target instanceof Element ? target.closest(KEPT) : null;
    if (button instanceof HTMLElement) clicked = button;
  }, { signal, capture: true });
  document.addEventListener("submit", (event) => {
    if (event.target instanceof HTMLFormElement && !event.target.hasAttribute("method")) event.preventDefault();
  }, { signal, capture: true });
}

/** Repeats the click that was kept, because the code of the page has started. */
export function repeatEarlyClick() {
  listening.abort();
  const button = clicked;
  clicked = null;
  if (button?.isConnected) button.click();
}
