// @ts-check
// The title of a direct conversation: the names of its other people. Must not touch the page.

import { KIND } from "../connection/wire.js";
import { listNames } from "../ui/format.js";

/**
 * Returns the handles of the other people in a direct conversation.
 * @param {import("./places.js").Place} place
 * @param {string} me
 */
export function othersIn({ people = [] }, me) {
  const others = people.filter((handle) => handle !== me);
  // If the server lists no other person, the title is the person's own name.
  return others.length ? others : people;
}

/**
 * Returns the name under which a person sees a room: a direct conversation has the names of the others, and every other
 * room its own name.
 * @param {import("./places.js").Place} place
 * @param {string} me
 * @param {(handle: string) => string} nameOf
 */
export function titleOf(place, me, nameOf) {
  if (place.kind !== KIND.DIRECT || !place.people?.length) return place.name;
  return listNames(othersIn(place, me).map(nameOf));
}
