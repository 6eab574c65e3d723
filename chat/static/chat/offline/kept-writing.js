// @ts-check
// Finds what the browser keeps of a person, for the page without a connection: messages that wait, drafts, names of rooms.
// Must not change what is kept, and must not draw.

import { COPY, parseCopy } from "../connection/kept-storage.js";
import { sharedStorage, tabStorage } from "../connection/storage.js";
import { CLIENT_EVENT } from "../connection/wire.js";

const OUTBOX = /^chat\.outbox\.([a-z0-9-]+)\./;
const DRAFT = /^chat\.draft\.([a-z0-9-]+)$/;
const ROOM_NAMES = "chat.room-names";
const BOARD_OWNER = "board-";
const DIRECT = /^direct-[0-9a-f]{32}$/;

/** @typedef {{ room: string | null, text: string }} Written `room` is the name of the room, or null for a conversation */
/** @typedef {{ waiting: Written[], drafts: Written[], rooms: { slug: string, name: string }[] }} Kept */

/**
 * Returns a list of { owner, name, value }: what the tabs of this browser keep, of all people and also of closed tabs.
 * @param {Pick<import("../connection/storage.js").SafeStorage, "names" | "getItem">} [tab]
 * @param {Pick<import("../connection/storage.js").SafeStorage, "names" | "getItem">} [shared]
 */
export function readAllKept(tab = tabStorage, shared = sharedStorage) {
  /** @type {Map<string, { owner: string, name: string, value: string }>} */
  const found = new Map();
  const add = (/** @type {string} */ full, /** @type {string | null | undefined} */ value) => {
    const end = full.lastIndexOf("@");
    if (end > 0 && value) found.set(full, { owner: full.slice(end + 1), name: full.slice(0, end), value });
  };
  for (const key of shared.names) {
    const rest = key.startsWith(COPY) ? key.slice(key.indexOf(".", COPY.length) + 1) : key;
    add(rest, rest === key ? shared.getItem(key) : parseCopy(shared.getItem(key))?.value);
  }
  for (const key of tab.names) add(key, tab.getItem(key));
  return [...found.values()];
}

/**
 * Returns the messages that wait, the drafts and the rooms of people, without those of boards.
 * @param {{ owner: string, name: string, value: string }[]} kept what `readAllKept` returns
 * @returns {Kept}
 */
export function findKept(kept) {
  const own = kept.filter(({ owner }) => !owner.startsWith(BOARD_OWNER));
  const rooms = own.filter(({ name }) => name === ROOM_NAMES).flatMap(({ value }) => parseList(value)).filter(isRoom);
  const names = new Map(rooms.map(({ slug, name }) => [slug, name]));
  const nameOf = (/** @type {string} */ slug) => (DIRECT.test(slug) ? null : names.get(slug) ?? slug);
  const waiting = own.flatMap(({ name, value }) => {
    const slug = OUTBOX.exec(name)?.[1];
    return slug === undefined ? [] : listPosts(value).map((text) => ({ room: nameOf(slug), text }));
  });
  const drafts = own.flatMap(({ name, value }) => {
    const slug = DRAFT.exec(name)?.[1];
    const text = slug === undefined ? "" : textOf(value);
    return slug !== undefined && text ? [{ room: nameOf(slug), text }] : [];
  });
  return { waiting, drafts, rooms };
}

/** @param {string} value the entries of an outbox */
function listPosts(value) {
  const posts = parseList(value).filter(({ event, failed }) => !failed && event?.type === CLIENT_EVENT.POST && typeof event.body === "string");
  return posts.map(({ event }) => event.body);
}

/** @param {string} value a draft */
function textOf(value) {
  try {
    const draft = JSON.parse(value);
    return typeof draft?.text === "string" ? draft.text : value;
  } catch {
    // An older version of the page stored only the text.
    return value;
  }
}

/**
 * @param {string} value
 * @returns {any[]}
 */
function parseList(value) {
  try {
    const list = JSON.parse(value);
    return Array.isArray(list) ? list.filter((item) => item !== null && typeof item === "object") : [];
  } catch {
    return [];
  }
}

/** @param {any} room */
function isRoom(room) {
  return typeof room.slug === "string" && typeof room.name === "string";
}
