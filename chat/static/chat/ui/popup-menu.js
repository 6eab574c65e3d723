// @ts-check
// A menu that opens beside a button, and on a phone as a sheet at the bottom. Must not know what its entries do.

import { openDialog } from "./dialog.js";
import { isRightToLeft } from "./direction.js";
import { make } from "./dom.js";
import { icon } from "./pictures.js";

const EDGE_PX = 8;

/**
 * @typedef {object} Entry
 * @property {string} text
 * @property {string} name the value of `data-action`
 * @property {() => void} act is called after this choice has closed the menu
 * @property {string} [icon]
 * @property {boolean} [isChecked] for an entry that is one of several choices
 * @property {boolean} [isBad] for an entry that deletes something
 */

/** @typedef {Entry | { heading: string } | null} Part a heading stands above choices; null is a line */

/** @type {(() => void) | null} */
let closeOpenMenu = null;

/**
 * Opens a menu. Escape, Tab, a choice or a click elsewhere closes it. A change of the window's size closes only a menu
 * beside the button. If the focus is in the menu when the menu closes, the focus returns to the button.
 * @param {HTMLElement} button
 * @param {string} title
 * @param {Part[]} parts
 */
export function openPopupMenu(button, title, parts) {
  closeOpenMenu?.();
  if (window.matchMedia("(width <= 640px)").matches) openSheet(title, parts);
  else openBeside(button, title, parts);
}

/**
 * @param {Part[]} parts
 * @param {(entry: Entry) => void} choose
 */
function makeParts(parts, choose) {
  return parts.map((part) => {
    if (part === null) return make("hr", {});
    if ("heading" in part) return make("p", { class: "menu-heading", role: "presentation", text: part.heading });
    const isChoice = part.isChecked !== undefined;
    return make(
      "button",
      {
        type: "button", role: isChoice ? "menuitemradio" : "menuitem", "aria-checked": isChoice ? String(part.isChecked) : null,
        "data-action": part.name, class: part.isBad ? "bad" : null, tabindex: "-1", onclick: () => choose(part),
      },
      icon(isChoice ? (part.isChecked ? "check" : "none") : (part.icon ?? "none")),
      make("span", { text: part.text }),
    );
  });
}

/**
 * @param {string} title
 * @param {Part[]} parts
 */
function openSheet(title, parts) {
  const choices = make("div", { class: "sheet-choices popup-choices", role: "menu", "aria-label": title });
  choices.append(...makeParts(parts, (entry) => {
    dialog.close();
    entry.act();
  }));
  const dialog = openDialog(title, "popup-sheet", choices);
  dialog.classList.add("sheet");
  watchKeys(choices, () => dialog.close());
  itemsOf(choices)[0]?.focus();
}

/**
 * @param {HTMLElement} button
 * @param {string} title
 * @param {Part[]} parts
 */
function openBeside(button, title, parts) {
  const ending = new AbortController();
  const close = () => {
    ending.abort();
    const hadFocus = menu.contains(document.activeElement);
    menu.remove();
    button.setAttribute("aria-expanded", "false");
    closeOpenMenu = null;
    if (hadFocus) button.focus();
  };
  const menu = make("div", { class: "popup-menu", role: "menu", "aria-label": title });
  menu.append(...makeParts(parts, (entry) => {
    close();
    entry.act();
  }));
  closeOpenMenu = close;
  // The menu is inside a landmark, so that screen readers tell where it belongs.
  (button.closest("nav, main, aside") ?? document.body).append(menu);
  button.setAttribute("aria-expanded", "true");
  place(menu, button);
  watchKeys(menu, close);
  const { signal } = ending;
  document.addEventListener("pointerdown", ({ target }) => {
    if (!(target instanceof Node) || !menu.contains(target)) close();
  }, { capture: true, signal });
  menu.addEventListener("focusout", ({ relatedTarget }) => {
    if (relatedTarget instanceof Node && !menu.contains(relatedTarget)) close();
  });
  window.addEventListener("resize", close, { signal });
  itemsOf(menu)[0]?.focus();
}

/**
 * @param {HTMLElement} menu
 * @param {HTMLElement} button
 */
function place(menu, button) {
  const { left, right, top, bottom } = button.getBoundingClientRect();
  const { width, height } = menu.getBoundingClientRect();
  const x = isRightToLeft(button) ? right - width : left;
  const y = bottom + height + EDGE_PX > window.innerHeight ? Math.max(EDGE_PX, top - height) : bottom;
  menu.style.left = `${Math.max(EDGE_PX, Math.min(x, window.innerWidth - width - EDGE_PX))}px`;
  menu.style.top = `${y}px`;
}

/** @param {HTMLElement} menu */
function itemsOf(menu) {
  return /** @type {HTMLElement[]} */ ([...menu.querySelectorAll("[role^=menuitem]")]);
}

/**
 * @param {HTMLElement} menu
 * @param {() => void} close
 */
function watchKeys(menu, close) {
  menu.addEventListener("keydown", (event) => {
    const items = itemsOf(menu);
    const index = items.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const { length } = items;
    /** @type {Record<string, number>} */
    const targets = { ArrowDown: (index + 1) % length, ArrowUp: (index - 1 + length) % length, Home: 0, End: length - 1 };
    const next = items[targets[event.key] ?? -1];
    if (next) next.focus();
    else if (event.key === "Escape" || event.key === "Tab") close();
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
}
