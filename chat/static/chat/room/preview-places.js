// @ts-check
// Reserves the place for the previews of the links in a message, and fills it with link-previews.js, which most visits do not
// need. The place has its final height at once, so no message moves when the cards appear.

import { make } from "../ui/dom.js";

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("../connection/wire.js").LinkPreview} LinkPreview */

// The heights of a card in late.css, and the gap between two cards.
const [TALL_PX, LOW_PX, GAP_PX] = [98, 58, 6];

/** @type {typeof import("./link-previews.js") | null} */
let cards = null;

/**
 * Makes the place of a message's previews. Returns null if there are none.
 * @param {Message} message
 */
export function makePreviews({ previews = [], removed }) {
  if (!previews.length || removed) return null;
  const place = make("div", { class: "link-previews" });
  place.style.minHeight = `${previews.reduce((sum, preview) => sum + heightOf(preview) + GAP_PX, -GAP_PX)}px`;
  fill(place, previews);
  return place;
}

/** @param {LinkPreview} preview */
function heightOf({ description, image }) {
  return description || image ? TALL_PX : LOW_PX;
}

/**
 * @param {HTMLElement} place
 * @param {LinkPreview[]} previews
 */
async function fill(place, previews) {
  if (!cards) {
    const loaded = await import("./link-previews.js").catch(() => null);
    await loaded?.loadLateStyles();
    cards ??= loaded;
  }
  // After a failed load, the next message with a preview tries again.
  place.append(...previews.map((preview) => cards?.makeCard(preview) ?? ""));
}
