// @ts-check
// Makes icons, avatars, and the marks of guests and bots. Must not know where they are shown.

import { make } from "./dom.js";
import { markPicture } from "./person-marks.js";
import { gettext, pgettext } from "./translation.js";

const SVG = "http://www.w3.org/2000/svg";

/**
 * Returns the colour of a handle as a hue from 0 to 359. The same handle always has the same hue.
 * @param {string} handle
 */
function hueOf(handle) {
  let hash = 7;
  for (const character of handle) hash = (hash * 31 + (character.codePointAt(0) ?? 0)) % 3600;
  return hash % 360;
}

/**
 * Makes the avatar of a person: the picture, or the first letter of the handle in the person's colour.
 * @param {string} handle
 */
export function avatar(handle) {
  const initial = [...handle.trim()][0] ?? "?";
  const element = make("span", { class: "avatar", "aria-hidden": "true", text: initial.toUpperCase() });
  element.style.setProperty("--hue", String(hueOf(handle)));
  return markPicture(element, handle);
}

/**
 * Makes the mark beside the handle of a guest. Returns null for an account.
 * @param {boolean | undefined} isGuest
 */
export function guestMark(isGuest) {
  return isGuest ? make("span", { class: "role", "data-mark": "guest", text: gettext("guest") }) : null;
}

/**
 * Makes the mark beside the name of a bot. Returns null for a person.
 * @param {boolean | undefined} isBot
 */
export function botMark(isBot) {
  return isBot ? make("span", { class: "role", "data-mark": "bot", text: pgettext("a program", "bot") }) : null;
}

/**
 * Makes the avatar of a message: that of its author, or the emoji that a webhook chose for the message.
 * @param {import("../connection/wire.js").PersonName} author
 */
export function authorAvatar({ handle, icon: emoji }) {
  return emoji ? make("span", { class: "avatar", "aria-hidden": "true", text: emoji }) : avatar(handle);
}

/**
 * Makes an icon from templates/chat/icons.html.
 * @param {string} name
 */
export function icon(name) {
  const picture = document.createElementNS(SVG, "svg");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#icon-${name}`);
  picture.setAttribute("class", "icon");
  picture.setAttribute("aria-hidden", "true");
  picture.append(use);
  return picture;
}
