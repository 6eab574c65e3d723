// @ts-check
// The menus of every page. One menu is open at a time, and Escape or a click elsewhere closes it.
// Must not know the entries of a menu. Every page loads this module.

import { byId, child, closestTo } from "./dom.js";

/** @returns {NodeListOf<HTMLDetailsElement>} */
function openMenus() {
  return document.querySelectorAll("details.menu[open]");
}

/** Closes menus by Escape, and by a click elsewhere. page.js calls it once on every page. */
export function watchMenus() {
  // Safari on a phone sends no click to the document for a tap on plain text, but it sends `pointerdown`.
  document.addEventListener("pointerdown", (event) => {
    const pressed = closestTo(event, "details.menu");
    for (const menu of openMenus()) if (menu !== pressed) menu.open = false;
  });
  document.addEventListener("keydown", ({ key }) => {
    if (key !== "Escape") return;
    for (const menu of openMenus()) {
      if (menu.contains(document.activeElement)) child(menu, "summary").focus();
      menu.open = false;
    }
  });
}

/**
 * Closes the menu and calls `open` when a person chooses this entry of a menu. First the focus moves to the menu's
 * button. A dialog returns the focus to the button when it closes, because the entry is then hidden.
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
