// @ts-check
// The panes beside the list of rooms: a room, or the list of all rooms. Fetches a pane, and keeps the last ones in memory.
// Must not put a pane on the page: shell.js does.

import { openLobby } from "../lobby/open-lobby.js";
import { openRoom } from "../room/open-room.js";
import { child } from "../ui/dom.js";
import { pagePerson } from "../ui/person-data.js";

const KEPT = 5;
const LONGEST_WAIT_SECONDS = 10;
const PANE = "#room[data-handle], #browser";

/**
 * Fetches an address. After a 429, waits for the time that the server asks for, at most ten seconds, and tries once more.
 * @param {string} address
 */
async function fetchPatiently(address) {
  const response = await fetch(address, { cache: "no-store" });
  if (response.status !== 429) return response;
  const seconds = Math.min(Number(response.headers.get("Retry-After")) || 1, LONGEST_WAIT_SECONDS);
  await new Promise((resolve) => { setTimeout(resolve, seconds * 1_000); });
  return fetch(address, { cache: "no-store" });
}

/**
 * The content of a pane. `suspend` ends its listeners and connections, `resume` starts them again, and `close` ends them
 * permanently.
 * @typedef {{ suspend: () => void, resume: () => void, close: () => void }} Content
 */

/**
 * @typedef {object} Options
 * @property {(slug: string, unread: import("../room/read-marker.js").Unread) => void} showUnread
 * @property {(slug: string) => void} left is called when the person has left a room
 * @property {import("../room/person-links.js").Social} social the people of the site
 * @property {(slug: string) => void} openSettings opens the owner's settings of a room
 * @property {() => void} openDetails shows the details of the room on the page
 * @property {import("../room/open-room.js").WorkspaceTools} tools
 * @property {(root: number | null, reply?: number) => void} showThread shows a thread of the room on the page; null
 *   closes a thread that covers the room
 * @property {(pane: Pane) => boolean} isOutdated returns whether a kept pane must be opened again
 * @property {import("../lobby/room-list.js").MakeTools} makeTools makes the buttons beside a room in the list of all rooms
 */

export class Pane {
  /** @type {Content | null} */
  #content = null;
  /** @type {Options} */
  #options;

  /**
   * @param {string} path the path of the pane's address
   * @param {HTMLElement} element
   * @param {string} title the page's title
   * @param {Options} options
   */
  constructor(path, element, title, options) {
    this.path = path;
    this.element = element;
    this.title = title;
    this.#options = options;
  }

  /** The slug of the room; null for the list of all rooms. */
  get slug() {
    return this.element.dataset.slug ?? null;
  }

  /** The room's conversation, or null. */
  get conversation() {
    return this.slug === null ? null : /** @type {import("../room/conversation.js").Conversation | null} */ (this.#content);
  }

  /** The list of all rooms, or null. */
  get lobby() {
    return this.slug === null ? /** @type {import("../lobby/open-lobby.js").Lobby | null} */ (this.#content) : null;
  }

  get heading() {
    return child(this.element, "h1");
  }

  /** Starts the content, or resumes it. The element must be on the page. */
  start() {
    if (this.#content) this.#content.resume();
    else this.#content = this.#open();
  }

  /** Suspends the content, because the element leaves the page. */
  suspend() {
    this.#content?.suspend();
  }

  close() {
    this.#content?.close();
  }

  #open() {
    const { slug } = this;
    const { makeTools, showUnread, left, openSettings, openDetails, social, tools, showThread } = this.#options;
    if (slug === null) return openLobby(makeTools);
    const { handle = "", access } = this.element.dataset;
    return openRoom({
      slug, handle, owner: pagePerson, isPublic: access === "public", showUnread: (unread) => showUnread(slug, unread),
      social, left: () => left(slug), openSettings: () => openSettings(slug), openDetails, tools, showThread,
    });
  }
}

export class Panes {
  /**
   * The panes that are not on the page, the oldest first.
   * @type {Map<string, Pane>}
   */
  #kept = new Map();
  /** @type {Options} */
  #options;

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
  }

  /**
   * Makes the pane that was on the page when the page was loaded.
   * @param {HTMLElement} slot the element that contains the pane
   */
  first(slot) {
    return new Pane(location.pathname, child(slot, PANE), document.title, this.#options);
  }

  /**
   * Returns a kept pane and forgets it, because the pane goes to the page. Closes an outdated pane, and returns undefined.
   * @param {string} path
   */
  take(path) {
    const pane = this.#kept.get(path);
    this.#kept.delete(path);
    if (!pane || !this.#options.isOutdated(pane)) return pane;
    pane.close();
    return undefined;
  }

  /**
   * Keeps a pane that has left the page. If there are too many kept panes, closes the oldest one.
   * @param {Pane} pane
   */
  keep(pane) {
    this.#kept.set(pane.path, pane);
    const [oldest] = this.#kept.values();
    if (this.#kept.size > KEPT) this.drop(oldest.path);
  }

  /**
   * Closes a kept pane, because it will not be shown again as it is.
   * @param {string} path
   */
  drop(path) {
    this.#kept.get(path)?.close();
    this.#kept.delete(path);
  }

  /**
   * Fetches a pane. Returns null if the page must load the address itself: the response is an error or a redirect,
   * contains no pane, is for another person, or belongs to another version of the client.
   * @param {string} path
   */
  async fetch(path) {
    const response = await fetchPatiently(`${path}?pane=1`);
    if (!response.ok || response.redirected) return null;
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    const element = page.querySelector(PANE);
    const { version, person } = page.body.dataset;
    const isSame = version === document.body.dataset.version && person === document.body.dataset.person;
    if (!(element instanceof HTMLElement) || !isSame) return null;
    return new Pane(path, document.adoptNode(element), page.title, this.#options);
  }
}
