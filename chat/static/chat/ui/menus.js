// @ts-check
// The menus of every page: one is open at a time, and Escape or a click elsewhere closes it.
// Must not know what is in them. Every page loads this module by itself.

import { child, closestTo } from "./dom.js";

/** @returns {NodeListOf<HTMLDetailsElement>} */
function openMenus() {
  return document.querySelectorAll("details.menu[open]");
}

document.addEventListener("click", (event) => {
  const clicked = closestTo(event, "details.menu");
  for (const menu of openMenus()) if (menu !== clicked) menu.open = false;
});

document.addEventListener("keydown", ({ key }) => {
  if (key !== "Escape") return;
  for (const menu of openMenus()) {
    if (menu.contains(document.activeElement)) child(menu, "summary").focus();
    menu.open = false;
  }
});
