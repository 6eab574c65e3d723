// @ts-check
// Keeps the names of the person's rooms for the page that the browser shows without a connection (offline.js).
// Must not keep anything else of the rooms: that page must not show old data as current.

import { SharedPersonStorage } from "../connection/storage.js";
import { pagePerson } from "../ui/person-data.js";

const NAMES = "chat.room-names";
const MOST_NAMES = 50;

/** @param {import("./places.js").Place[]} places */
export function keepRoomNames(places) {
  const names = places.slice(0, MOST_NAMES).map(({ slug, name }) => ({ slug, name }));
  new SharedPersonStorage(pagePerson).setItem(NAMES, JSON.stringify(names));
}
