// @ts-check
// Dialogs over the page. Must not know what the dialogs show.

import { make } from "./dom.js";
import { gettext } from "./translation.js";

/**
 * Opens a dialog with a heading and some content, and returns the <dialog>. Escape, the close button or a click outside
 * closes the dialog. A closed dialog fires "close" and is removed from the page.
 * @param {string} title
 * @param {string} id
 * @param {import("./dom.js").Child[]} content
 */
export function openDialog(title, id, ...content) {
  const opener = document.activeElement;
  // The opener may be in the toolbar of a message, and the toolbar may be hidden when the dialog closes.
  const place = /** @type {HTMLElement | null | undefined} */ (opener?.parentElement?.closest("[tabindex]"));
  const close = make("button", {
    type: "button", class: "icon-button", "aria-label": gettext("Close"), text: "✕", onclick: () => dialog.close(),
  });
  const header = make("header", {}, make("h2", { dir: "auto", text: title }), close);
  const dialog = make("dialog", { class: "dialog card", id, "aria-label": title }, header, ...content);
  // A drag that selects text may end outside the dialog. Only a press that also begins outside closes it.
  /** @type {EventTarget | null} */
  let pressed = null;
  dialog.addEventListener("pointerdown", ({ target }) => { pressed = target; });
  dialog.addEventListener("click", ({ target }) => target === dialog && pressed === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    // The action that closed the dialog may have moved the focus already.
    const isFocusLost = !document.activeElement || document.activeElement === document.body;
    if (!opener?.isConnected && isFocusLost) place?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}
