// @ts-check
// Removes the preview of a link when a person presses its button. Must not decide who may do it: the server does.

import { asApiError, call } from "../connection/api.js";
import { closestTo } from "../ui/dom.js";
import { gettext } from "../ui/translation.js";

/**
 * Connects the buttons at the previews. The server then sends the message without the preview.
 * @param {HTMLElement} list the list of messages
 * @param {string} slug
 * @param {(sentence: string) => void} notify shows a sentence to the person
 */
export function connectPreviewRemoval(list, slug, notify) {
  list.addEventListener("click", async (event) => {
    const button = closestTo(event, "[data-remove-preview]");
    const item = /** @type {HTMLElement | null} */ (button?.closest(".message") ?? null);
    if (!(button instanceof HTMLButtonElement) || !item) return;
    button.disabled = true;
    // The button leaves the page with its card.
    item.focus({ preventScroll: true });
    try {
      await call("DELETE", `/api/rooms/${slug}/messages/${item.dataset.id}/previews/${button.dataset.removePreview}/`);
      notify(gettext("The preview is removed."));
    } catch (error) {
      button.disabled = false;
      notify(asApiError(error).message);
    }
  });
}
