// @ts-check
// Removes a part of a message (a file, or the preview of a link) when a person presses its button. A file needs a second press.
// Must not decide who may do it: the server does.

import { asApiError, call } from "../connection/api.js";
import { confirmWithSecondClick } from "../ui/forms.js";
import { gettext } from "../ui/translation.js";

/**
 * Removes a part of a message. The server then sends the message without it.
 * @param {string} slug
 * @param {HTMLElement} button the button at the part; its `data-remove` is the end of the part's address
 * @param {(sentence: string) => void} notify shows a sentence to the person
 */
export function removePart(slug, button, notify) {
  if (button.dataset.remove?.startsWith("previews/")) {
    remove(slug, button, gettext("The preview is removed."), notify);
    return;
  }
  // From the first click on, this button handles its clicks itself.
  if (button.dataset.asks) return;
  button.dataset.asks = "true";
  const act = () => remove(slug, button, gettext("The file is removed."), notify);
  confirmWithSecondClick(/** @type {HTMLButtonElement} */ (button), gettext("Remove?"), act);
  button.click();
}

/**
 * @param {string} slug
 * @param {HTMLElement} button
 * @param {string} done the sentence that the person then reads
 * @param {(sentence: string) => void} notify
 */
async function remove(slug, button, done, notify) {
  const item = /** @type {HTMLElement} */ (button.closest(".message"));
  // The button leaves the page with its part.
  item.focus({ preventScroll: true });
  try {
    await call("DELETE", `/api/rooms/${slug}/messages/${item.dataset.id}/${button.dataset.remove}/`);
    notify(done);
  } catch (error) {
    notify(asApiError(error).message);
  }
}
