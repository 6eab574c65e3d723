// @ts-check
// The rooms of a person, with what is unread in each: applies the events of the person's own stream, sorts and counts.
// Must not draw, and must not know of sockets.

import { KIND, LEVEL } from "../connection/wire.js";

/**
 * A room of the person, as the server describes it in `workspace`.
 * @typedef {object} Place
 * @property {string} slug
 * @property {string} name
 * @property {string} kind
 * @property {string} [topic]
 * @property {string} [role]
 * @property {number} [offset]
 * @property {number} [posts] the number of messages ever posted, at the time when `unread` was counted
 * @property {number} [read]
 * @property {number} unread
 * @property {number} mentions
 * @property {string} level
 * @property {string | null} [last_at] ISO 8601, UTC
 * @property {number | boolean | null} [favourite] the position among the favourites; null or false for other rooms
 * @property {string[]} [people] the people of a direct conversation
 * @property {string} [board] the UUID of a board
 * @property {string} [callers] who may call everybody; absent if only moderators and owners may
 * @property {number} [threads] how many threads that the person follows have unread replies; absent for none
 * @property {boolean} [archived] true if nobody can write in the room; the list leaves out such a room
 */

/** @typedef {{ id: "favourites" | "rooms" | "directs" | "boards", places: Place[] }} Section */

const UNREAD_MOST = 1_000;

/** @param {Place} place */
export function isFavourite({ favourite }) {
  return favourite !== null && favourite !== undefined && favourite !== false;
}

/** @param {Place} place */
export function addressOf({ slug, kind, board }) {
  return kind === KIND.BOARD && board ? `/board/${board}/` : `/rooms/${slug}/`;
}

/**
 * Returns how many messages of a room the badges count. The level `none` counts nothing, and the level `mentions` counts
 * only what mentions the person.
 * @param {Place} place
 */
export function countOf({ level, unread, mentions }) {
  if (level === LEVEL.NONE) return 0;
  return level === LEVEL.MENTIONS ? mentions : Math.max(unread, mentions);
}

export class Places {
  /** @type {Map<string, Place>} */
  #places = new Map();
  #me = "";
  /**
   * The room on the page, and what the page itself has counted there.
   * @type {{ slug: string, unread: number } | null}
   */
  #open = null;

  /** @param {string} me the person's handle */
  constructor(me) {
    this.#me = me;
  }

  get size() {
    return this.#places.size;
  }

  /** The sum of all `posts`, by which the server finds out whether an event was lost. */
  get posts() {
    let sum = 0;
    for (const { posts = 0 } of this.#places.values()) sum += posts;
    return sum;
  }

  /** The rooms that have an address and a name of their own: no direct conversations, and no boards. */
  get namedRooms() {
    return this.all.filter(({ kind }) => kind === KIND.ROOM || kind === KIND.PRIVATE);
  }

  /** @returns {Place[]} */
  get all() {
    return [...this.#places.keys()].flatMap((slug) => this.get(slug) ?? []);
  }

  /**
   * Returns a room, or undefined. The room on the page has the number of unread messages that the page has counted.
   * @param {string} slug
   * @returns {Place | undefined}
   */
  get(slug) {
    const place = this.#places.get(slug);
    if (!place || this.#open?.slug !== slug) return place;
    const { unread } = this.#open;
    return { ...place, unread, mentions: Math.min(place.mentions, unread) };
  }

  /**
   * Replaces all rooms by those of a `workspace`.
   * @param {Place[]} places
   */
  replace(places) {
    this.#places = new Map(places.map((place) => [place.slug, { ...place }]));
  }

  /**
   * Applies a `room` event, and returns whether this was possible. An event about an unknown room must describe the room
   * completely, or say that the room is gone.
   * @param {{ slug: string, gone?: boolean, moved?: string, by?: string[], [field: string]: any }} event
   */
  change({ slug, gone: isGone, moved, by = [], ...fields }) {
    const place = this.#places.get(slug);
    delete fields.type;
    if (moved !== undefined) {
      this.#places.delete(slug);
      if (place) this.#places.set(moved, { ...place, slug: moved });
      return place !== undefined;
    }
    if (isGone) {
      this.#places.delete(slug);
      return true;
    }
    const isComplete = fields.name !== undefined && fields.kind !== undefined;
    if (!place || isComplete) {
      if (isComplete) this.#places.set(slug, /** @type {Place} */ ({ unread: 0, mentions: 0, level: LEVEL.ALL, slug, ...fields }));
      return isComplete;
    }
    // The events of two devices may arrive in the wrong order. A read marker never moves back.
    if (fields.read < (place.read ?? 0)) for (const name of ["read", "unread", "mentions"]) delete fields[name];
    const unread = this.#unreadAfter(place, fields, by);
    const isOld = fields.posts !== undefined && fields.posts < (place.posts ?? 0);
    // Two events may arrive in the wrong order. The newer values stay.
    if (isOld) for (const name of ["posts", "offset", "last_at"]) delete fields[name];
    Object.assign(place, fields, { unread });
    // Every direct message concerns the person.
    if (place.kind === KIND.DIRECT) place.mentions = unread;
    return true;
  }

  /**
   * Applies a `mention`. For a mention of all members, everybody in the room receives the same event, also the author.
   * @param {{ room: string, id: number, author?: { handle: string } }} event
   */
  mentioned({ room, id, author }) {
    const place = this.#places.get(room);
    const isOwn = author?.handle === this.#me;
    if (!place || place.kind === KIND.DIRECT || isOwn || id <= (place.read ?? 0)) return;
    place.mentions += 1;
  }

  /**
   * Sets the room on the page and the number of unread messages that the page has counted there; null for no room.
   * @param {{ slug: string, unread: number } | null} open
   */
  setOpen(open) {
    this.#open = open;
  }

  /** The favourites in their order, also the archived ones, which the list leaves out. */
  get favourites() {
    return this.all.filter(isFavourite).sort(byPosition);
  }

  /** The favourites that the list shows, in their order. */
  get shownFavourites() {
    return this.favourites.filter(({ archived }) => !archived);
  }

  /**
   * Moves a favourite. Returns its new position among all favourites, or null if it does not move.
   * @param {string} slug
   * @param {string | null} before the favourite that follows after the move; null for the end of the list
   */
  moveFavourite(slug, before) {
    const order = this.favourites.map((place) => place.slug);
    const from = order.indexOf(slug);
    if (from < 0 || before === slug) return null;
    order.splice(from, 1);
    const last = this.shownFavourites.filter((place) => place.slug !== slug).at(-1)?.slug ?? "";
    const position = before === null ? order.indexOf(last) + 1 : order.indexOf(before);
    if (position < 0 || position === from) return null;
    order.splice(position, 0, slug);
    this.setFavourites(order);
    return position;
  }

  /**
   * Gives the favourites an order.
   * @param {string[]} order their slugs
   */
  setFavourites(order) {
    for (const [favourite, slug] of order.entries()) this.change({ slug, favourite });
  }

  /** The sections of the list with their rooms, without archived rooms. @returns {Section[]} */
  get sections() {
    const all = this.all.filter(({ archived }) => !archived);
    const others = all.filter((place) => !isFavourite(place));
    const of = (/** @type {string[]} */ ...kinds) => others.filter(({ kind }) => kinds.includes(kind));
    return [
      { id: "favourites", places: this.shownFavourites },
      { id: "rooms", places: of(KIND.ROOM, KIND.PRIVATE).sort(byName) },
      { id: "directs", places: of(KIND.DIRECT).sort(byTime) },
      { id: "boards", places: of(KIND.BOARD).sort(byName) },
    ];
  }

  /** What the badges count in all rooms together, without archived rooms. */
  get totals() {
    const totals = { unread: 0, mentions: 0 };
    for (const place of this.all) {
      if (place.archived) continue;
      totals.unread += countOf(place);
      if (place.level !== LEVEL.NONE) totals.mentions += place.mentions;
    }
    return totals;
  }

  /** How many threads that the person follows have unread replies, without archived rooms and those with the level `none`. */
  get unreadThreads() {
    const counted = this.all.filter(({ archived, level }) => !archived && level !== LEVEL.NONE);
    return counted.reduce((sum, { threads = 0 }) => sum + threads, 0);
  }

  /**
   * Returns the next room with unread messages in the order of the list, and continues at the other end. Returns
   * undefined if there is none.
   * @param {string | null} slug the room on the page
   * @param {1 | -1} direction
   */
  nextUnread(slug, direction) {
    const places = this.sections.flatMap((section) => section.places);
    const start = places.findIndex((place) => place.slug === slug);
    const { length } = places;
    const first = start < 0 && direction < 0 ? length : start;
    for (let step = 1; step <= length; step += 1) {
      const place = places[(first + direction * step + length * 2) % length];
      if (place.slug !== slug && countOf(place) > 0) return place;
    }
    return undefined;
  }

  /**
   * @param {Place} place
   * @param {{ unread?: number, posts?: number }} fields the fields of the event
   * @param {string[]} by the authors of the newest messages, the newest first
   */
  #unreadAfter(place, { unread, posts }, by) {
    const known = place.posts ?? 0;
    // The server may have counted before the newest messages that the client knows.
    if (unread !== undefined) return Math.min(unread + Math.max(0, known - (posts ?? known)), UNREAD_MOST);
    if (posts === undefined) return place.unread;
    const fresh = Math.max(0, posts - known);
    const own = by.slice(0, fresh).filter((handle) => handle === this.#me).length;
    return Math.min(place.unread + fresh - own, UNREAD_MOST);
  }
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function byName(a, b) {
  return a.name.localeCompare(b.name) || a.slug.localeCompare(b.slug);
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function byTime(a, b) {
  return (b.last_at ?? "").localeCompare(a.last_at ?? "") || byName(a, b);
}

/**
 * @param {Place} a
 * @param {Place} b
 */
function byPosition(a, b) {
  return Number(a.favourite) - Number(b.favourite) || byName(a, b);
}
