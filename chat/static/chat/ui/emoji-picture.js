// @ts-check
// Makes the picture of an emoji that the site has of its own. Must not know where it is shown.

import { make } from "./dom.js";

/**
 * Makes the picture. If it does not exist any more, its name takes its place.
 * @param {string} mark the name with its colons
 * @param {string} url
 */
export function makeEmojiPicture(mark, url) {
  const picture = make("img", { class: "emoji", src: url, alt: mark, title: mark });
  picture.addEventListener("error", () => picture.replaceWith(mark));
  return picture;
}
