// @ts-check
// Makes the picture of an emoji that the site has of its own. Must not know where it is shown.

import { make } from "./dom.js";

/**
 * Makes the picture.
 * @param {string} mark the name with its colons
 * @param {string} url
 */
export function makeEmojiPicture(mark, url) {
  return nameIfMissing(make("img", { class: "emoji", src: url, alt: mark, title: mark }));
}

/**
 * Lets the name take the place of a picture that was deleted.
 * @param {HTMLImageElement} picture
 */
export function nameIfMissing(picture) {
  picture.addEventListener("error", () => picture.replaceWith(picture.alt));
  return picture;
}
