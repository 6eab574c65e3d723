// @ts-check
// The view of the panel that lists the threads that the person follows, those with unread replies first.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { countReplies, personName } from "../ui/format.js";
import { gettext, ngettext } from "../ui/translation.js";
import { Results } from "./results.js";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * @typedef {object} OwnThread
 * @property {{ slug: string, name: string }} room
 * @property {NonNullable<Message["thread"]>} thread
 * @property {Message | null} root
 * @property {Message | null} last
 * @property {number} unread
 */

/**
 * @param {OwnThread} own
 * @returns {import("./results.js").Result}
 */
function asResult({ room, thread, root, last, unread }) {
  const shown = root ?? last;
  const fresh = unread ? ngettext("%(count)s new reply", "%(count)s new replies", unread) : countReplies(thread.count);
  const text = shown?.removed ? gettext("message removed") : (shown?.body ?? "");
  return {
    slug: room.slug, roomName: room.name, id: thread.root, address: `/rooms/${room.slug}/#thread-${thread.root}`,
    author: shown?.author ?? { handle: "" }, at: thread.last_at ?? shown?.at ?? "", text, isNew: unread > 0,
    note: last ? gettext("%(replies)s, the last by %(person)s", { replies: fresh, person: personName(last.author) }) : fresh,
  };
}

export class ThreadsView {
  #results = new Results((page) => this.#fetch(page ?? 0), {
    label: gettext("Threads"),
    empty: gettext("You follow no threads yet. You follow a thread when you reply in it, when it begins with your message, or when it mentions you."),
  });
  #isShown = false;

  constructor() {
    this.element = make("div", { class: "panel-view" }, this.#results.element);
  }

  show() {
    this.#isShown = true;
    this.#results.load();
  }

  hide() {
    this.#isShown = false;
  }

  roomChanged() {
    // The list is the same in every room.
  }

  /** Loads the list again, because a thread has a new reply or was read. */
  threadsChanged() {
    if (this.#isShown) this.#results.load();
  }

  /** @param {number} page */
  async #fetch(page) {
    const { threads, more } = await call("GET", `/api/threads/?page=${page}`);
    return { results: threads.map(asResult), next: more ? page + 1 : null };
  }
}
