// @ts-check
// The menus of every page. One menu is open at a time, and Escape or a click elsewhere closes it.
// Every page loads this module. It must not know the entries of a menu.

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
 * Calls `open` when a person chooses this entry of a menu. Before that, it closes the menu and moves the focus to the
 * menu's button: a dialog that `open` shows returns the focus there, because the entry is hidden by then.
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
