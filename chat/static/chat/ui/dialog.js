// One dialog at a time, over the page. Must not know what it shows.

import { find, make } from "./dom.js";

/**
 * Opens a dialog with a heading and some content, and returns the <dialog>. Escape, the cross and a click beside it
 * close it; it leaves the page then, and tells so with "close".
 */
export function openDialog(title, testId, ...content) {
  const opener = document.activeElement;
  // The message under a toolbar, which may be gone by then.
  const place = opener?.closest("[tabindex]");
  const dialog = make("dialog", { class: "dialog card", "data-testid": testId, "aria-label": title });
  const cross = make("button", { type: "button", class: "icon-button", "aria-label": "Close", text: "✕" });
  cross.addEventListener("click", () => dialog.close());
  dialog.append(make("header", {}, make("h2", { text: title }), cross), ...content);
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
 * Calls `open()` when the line `testId` of the room's menu is chosen, and closes the menu. What has the focus then has
 * it again when a dialog closes: the menu's button, for the line itself is not to be seen any more.
 */
export function onMenu(testId, open) {
  find(testId)?.addEventListener("click", ({ target }) => {
    const menu = target.closest("details");
    menu.open = false;
    menu.querySelector("summary").focus();
    open();
  });
}
