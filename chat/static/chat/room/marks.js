// @ts-check
// Finds the names of rooms in the text of a message, and draws them as links. Must not fetch.

import { listTexts, make } from "../ui/dom.js";

const ROOM = /(?<![\p{L}\p{M}\p{N}#&/_])#([a-z0-9][a-z0-9-]{0,49})(?![\p{L}\p{N}_-])/gu;
const SKIPPED = "a, code, pre, .mention";

/**
 * The rooms that the page knows, by their slugs. Only their names become links.
 * @type {Map<string, string>}
 */
const rooms = new Map();

/**
 * Makes rooms known, so that messages show `#slug` as a link.
 * @param {{ slug: string, name: string }[]} known
 */
export function knowRooms(known) {
  for (const { slug, name } of known) rooms.set(slug, name);
}

/**
 * Returns where a text names rooms, in the order of the text.
 * @param {string} text
 * @param {(slug: string) => boolean} isKnown
 * @returns {{ from: number, to: number, slug: string }[]}
 */
export function findRooms(text, isKnown) {
  if (!text.includes("#")) return [];
  return [...text.matchAll(ROOM)].filter(([, slug]) => isKnown(slug)).map(({ 0: whole, 1: slug, index }) => (
    { from: index, to: index + whole.length, slug }
  ));
}

/**
 * Turns the names of rooms in the body of a message into links.
 * @param {HTMLElement} body
 */
export function linkRooms(body) {
  if (!rooms.size || !body.textContent?.includes("#")) return;
  for (const text of listTexts(body, SKIPPED)) {
    // The last name is replaced first, because a replacement moves the text behind it.
    for (const { from, to, slug } of findRooms(text.data, (name) => rooms.has(name)).reverse()) {
      text.splitText(to);
      text.splitText(from).replaceWith(makeLink(slug));
    }
  }
}

/** @param {string} slug */
function makeLink(slug) {
  return make("a", { class: "room-link", href: `/rooms/${slug}/`, target: "_blank", title: rooms.get(slug), dir: "ltr", text: `#${slug}` });
}
