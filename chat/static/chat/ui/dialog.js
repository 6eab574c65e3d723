// @ts-check
// Dialogs over the page. Must not know what they show.

import { byId, child, make } from "./dom.js";

/**
 * Opens a dialog with a heading and some content, and returns the <dialog>. It closes with Escape, with its close
 * button, and with a click beside it. Then it leaves the page and fires "close".
 * @param {string} title
 * @param {string} id
 * @param {import("./dom.js").Child[]} content
 */
export function openDialog(title, id, ...content) {
  const opener = document.activeElement;
  // The opener may be the toolbar of a message, and the toolbar may be gone when the dialog closes.
  const place = /** @type {HTMLElement | null | undefined} */ (opener?.closest("[tabindex]"));
  const close = make("button", {
    type: "button", class: "icon-button", "aria-label": "Close", text: "✕", onclick: () => dialog.close(),
  });
  const header = make("header", {}, make("h2", { text: title }), close);
  const dialog = make("dialog", { class: "dialog card", id, "aria-label": title }, header, ...content);
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close());
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (!opener?.isConnected) place?.focus();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Calls `open` when a person chooses this entry of the page's menu, and closes the menu. First the focus moves to the
 * menu's button: a dialog returns the focus there when it closes, and the entry itself is hidden by then.
 * @param {string} id
 * @param {() => void} open
 */
export function onMenuEntry(id, open) {
  if (!document.getElementById(id)) return;
  const entry = byId(id);
  entry.addEventListener("click", () => {
    const menu = /** @type {HTMLDetailsElement} */ (entry.closest("details"));
    menu.open = false;
    child(menu, "summary").focus();
    open();
  });
}
