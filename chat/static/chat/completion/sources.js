// @ts-check
// Finds what can be completed: people, rooms, commands and emoji. Must not draw.

import { gettext } from "../ui/translation.js";
import { beginsWith } from "./matching.js";

const MOST = 8;
// The server returns at most this many people. A shorter answer is complete, also for longer queries.
const MOST_PEOPLE = 20;

/**
 * @typedef {object} Suggestion
 * @property {string} text what is inserted instead of the sign and the query
 * @property {string} title
 * @property {string} [usage] what may follow the text
 * @property {string} [detail]
 * @property {string} [person] a handle whose avatar is shown
 * @property {string} [sign] the name of an icon
 * @property {string} [picture] an emoji that is shown
 * @property {string} [url] the address of the picture of this emoji
 */

/**
 * What the room tells the completion.
 * @typedef {object} Room
 * @property {string} slug
 * @property {string} me
 * @property {boolean} isBoard
 * @property {() => boolean} isGuest
 * @property {() => boolean} mayCallAll whether this person may call everybody with `@all` and `@here`
 * @property {() => string[]} present the handles of the people who are here
 * @property {() => { slug: string, name: string }[]} ownRooms the person's rooms
 * @property {() => { name: string, detail: string, usage?: string }[]} commands the known commands that this person may give
 * @property {() => Promise<unknown>} [loadCommands] asks the server for all commands
 * @property {(rooms: { slug: string, name: string }[]) => void} [found] is called with the rooms that the server has found
 * @property {() => Promise<{ search: (query: string, most: number) => { emoji: string, name: string, url?: string }[] }>} [loadEmoji] loads the catalogue of emoji
 */

/** @typedef {import("./throttled-requests.js").ThrottledRequests} Requests */
/** @typedef {{ kept: (query: string) => Suggestion[], fetch: (query: string) => Promise<Suggestion[]> }} Source */

/**
 * Returns the suggestions for `@`: the people who are here, other members, other people, and then `@all` and `@here`.
 * @param {Room} room
 * @param {Requests} requests
 * @returns {Source}
 */
export function makePeopleSource(room, requests) {
  const addressOf = (/** @type {string} */ query, isInRoom = true) => (
    `/api/people/?q=${encodeURIComponent(query)}${isInRoom ? `&room=${room.slug}` : ""}`
  );
  const answerFor = (/** @type {string} */ query, isInRoom = true) => {
    for (let length = query.length; length > 0; length -= 1) {
      const people = requests.kept(addressOf(query.slice(0, length), isInRoom))?.people;
      // The answer to a shorter query may be cut off. Then the server must be asked about the longer query.
      if (people && (length === query.length || people.length < MOST_PEOPLE)) return people;
    }
    return undefined;
  };
  const suggest = (/** @type {string} */ query) => (
    mergePeople(room, query, [...(answerFor(query) ?? []), ...(answerFor(query, false) ?? [])])
  );
  return {
    kept: suggest,
    fetch: async (query) => {
      if (!query || room.isBoard) return suggest(query);
      if (!answerFor(query)) await requests.get(addressOf(query));
      if (suggest(query).length < MOST && !room.isGuest() && !answerFor(query, false)) await requests.get(addressOf(query, false));
      return suggest(query);
    },
  };
}

/**
 * @param {Room} room
 * @param {string} query
 * @param {{ handle: string, name: string }[]} found
 * @returns {Suggestion[]}
 */
function mergePeople(room, query, found) {
  /** @type {Map<string, string>} */
  const names = new Map(room.present().map((handle) => [handle, ""]));
  for (const { handle, name } of found) names.set(handle, name);
  names.delete(room.me);
  const people = [...names].filter(([handle, name]) => beginsWith(handle, query) || (name !== "" && beginsWith(name, query)));
  const everybody = room.mayCallAll() ? [["all", gettext("Everybody in this room")], ["here", gettext("Everybody who is here now")]] : [];
  const calls = everybody.filter(([word]) => word.startsWith(query.toLowerCase()));
  return [
    ...people.slice(0, MOST).map(([handle, name]) => (
      { text: `@${handle} `, title: handle, detail: name === handle ? "" : name, person: handle }
    )),
    ...calls.map(([word, detail]) => ({ text: `@${word} `, title: `@${word}`, detail, sign: "people" })),
  ];
}

/**
 * Returns the suggestions for `#`: the person's rooms, and then other rooms that the person may read.
 * @param {Room} room
 * @param {Requests} requests
 * @returns {Source}
 */
export function makeRoomSource(room, requests) {
  const addressOf = (/** @type {string} */ query) => `/api/rooms/?q=${encodeURIComponent(query)}`;
  const suggest = (/** @type {string} */ query) => {
    const others = requests.kept(addressOf(query))?.rooms ?? [];
    const rooms = new Map([...room.ownRooms(), ...others].map((found) => [found.slug, found]));
    return [...rooms.values()].filter(({ slug, name }) => beginsWith(slug, query) || beginsWith(name, query)).slice(0, MOST).map(
      ({ slug, name }) => ({ text: `#${slug} `, title: name, detail: `#${slug}`, sign: "room" }),
    );
  };
  return {
    kept: suggest,
    fetch: async (query) => {
      const answer = await requests.get(addressOf(query));
      if (answer) room.found?.(answer.rooms);
      return suggest(query);
    },
  };
}

/**
 * Returns the suggestions for `/`.
 * @param {Room} room
 * @returns {Source}
 */
export function makeCommandSource(room) {
  const suggest = (/** @type {string} */ query) => room.commands().filter(({ name }) => name.startsWith(query)).map(
    ({ name, detail, usage }) => ({ text: `/${name} `, title: `/${name}`, usage, detail, sign: "none" }),
  );
  return {
    kept: suggest,
    fetch: async (query) => {
      await room.loadCommands?.();
      return suggest(query);
    },
  };
}

/**
 * Returns the suggestions for `:`. The first query loads the catalogue.
 * @param {NonNullable<Room["loadEmoji"]>} load rejects if the catalogue cannot be loaded
 * @returns {Source}
 */
export function makeEmojiSource(load) {
  /** @type {Awaited<ReturnType<NonNullable<Room["loadEmoji"]>>> | null} */
  let catalogue = null;
  const suggest = (/** @type {string} */ query) => (catalogue?.search(query, MOST) ?? []).map(
    ({ emoji, name, url }) => ({ text: `${emoji} `, title: name, picture: emoji, ...(url ? { url } : {}) }),
  );
  return {
    kept: suggest,
    fetch: async (query) => {
      catalogue ??= await load().catch(() => null);
      return suggest(query);
    },
  };
}
