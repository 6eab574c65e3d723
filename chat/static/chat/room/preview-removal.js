// @ts-check
// Removes the preview of a link when a person presses its button. Must not decide who may do it: the server does.

import { asApiError, call } from "../connection/api.js";
import { gettext } from "../ui/translation.js";

/**
 * Removes a preview. The server then sends the message without it.
 * @param {string} slug
 * @param {HTMLElement} button the button at the preview
 * @param {(sentence: string) => void} notify shows a sentence to the person
 */
export async function removePreview(slug, button, notify) {
  const item = /** @type {HTMLElement} */ (button.closest(".message"));
  // The button leaves the page with its card.
  item.focus({ preventScroll: true });
  try {
    await call("DELETE", `/api/rooms/${slug}/messages/${item.dataset.id}/previews/${button.dataset.removePreview}/`);
    notify(gettext("The preview is removed."));
  } catch (error) {
    notify(asApiError(error).message);
  }
}
