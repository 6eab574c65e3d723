// @ts-check
// Whether a person follows a thread, and what the person has read of it: the button, and the read marker.
// Must not send the marker: thread-view.js does.

import { asApiError, call } from "../connection/api.js";
import { gettext } from "../ui/translation.js";

const FOLLOWED = "followed";
const MUTED = "muted";

/** @typedef {import("../connection/wire.js").Message} Message */

export class ThreadFollowing {
  /** @type {HTMLButtonElement} */
  #button;
  /** @type {{ slug: string, root: number, me: string, notify: (sentence: string) => void }} */
  #thread;
  #state = "none";
  /**
   * The last reply that the person has read; null for a person who has no marker in the thread.
   * @type {number | null}
   */
  #read = null;

  /**
   * @param {HTMLButtonElement} button
   * @param {{ slug: string, root: number, me: string, notify: (sentence: string) => void }} thread
   */
  constructor(button, thread) {
    this.#button = button;
    this.#thread = thread;
    button.addEventListener("click", () => this.#toggle());
  }

  /**
   * Takes the person's state in the thread from the server.
   * @param {{ state: string, read: number | null }} thread
   */
  start({ state, read }) {
    this.#state = state;
    this.#read = read;
    this.#draw();
  }

  /**
   * Takes a `thread` event: the person has read replies, or has followed or muted the thread, perhaps in another tab.
   * @param {{ root: number, state: string, read: number }} event
   */
  changed({ root, state, read }) {
    if (root !== this.#thread.root) return;
    this.#state = state;
    this.#read = Math.max(this.#read ?? 0, read);
    this.#draw();
  }

  /**
   * Takes a new reply. If the person wrote it, is mentioned in it, or wrote the first message, the person follows the
   * thread, unless it is muted.
   * @param {Message} reply
   * @param {boolean} isOfOwnThread whether the person wrote the first message
   */
  replied({ id, author, mentions = [] }, isOfOwnThread) {
    const { me } = this.#thread;
    const isOwn = author.handle === me;
    if (!isOwn && !isOfOwnThread && !mentions.includes(me)) return;
    if (this.#state !== MUTED) this.#state = FOLLOWED;
    this.#read = isOwn ? Math.max(this.#read ?? 0, id) : (this.#read ?? id - 1);
    this.#draw();
  }

  /** @param {number} count how many replies there are; nobody can follow a message without replies */
  showCount(count) {
    this.#button.hidden = count === 0;
  }

  /**
   * Returns the id of the first unread reply, or null. The person's own replies and removed replies do not count.
   * @param {Message[]} replies
   */
  findFirstUnread(replies) {
    const { me } = this.#thread;
    const read = this.#read;
    if (read === null) return null;
    return replies.find(({ id, author, removed }) => id > read && author.handle !== me && !removed)?.id ?? null;
  }

  /**
   * Returns whether the read marker must move to reach a reply.
   * @param {number} id
   */
  mayRead(id) {
    return this.#read !== null && id > this.#read;
  }

  /** @param {number} id */
  readTo(id) {
    this.#read = id;
  }

  async #toggle() {
    const { slug, root, notify } = this.#thread;
    const state = this.#state === FOLLOWED ? MUTED : FOLLOWED;
    try {
      this.start(await call("PUT", `/api/rooms/${slug}/threads/${root}/`, { state }));
      notify(state === FOLLOWED ? gettext("You follow this thread.") : gettext("You no longer follow this thread."));
    } catch (error) {
      notify(asApiError(error).message);
    }
  }

  #draw() {
    const isFollowed = this.#state === FOLLOWED;
    this.#button.classList.toggle("on", isFollowed);
    this.#button.textContent = isFollowed ? gettext("Following") : gettext("Follow");
    this.#button.title = isFollowed ? gettext("You hear of new replies.") : gettext("Hear of new replies.");
  }
}
