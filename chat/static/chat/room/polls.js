// @ts-check
// The person's votes in the polls of a room. The message of an anonymous poll, or of a poll with many votes, does not say
// what its reader has chosen. So this module asks the server, and keeps the answer until the person returns to the page: the
// person may have voted in another tab or on another device. This module loads with the first poll.
// Must not draw a poll: poll.js does. It only marks the options that the person has chosen.

import { call } from "../connection/api.js";
import { CLIENT_EVENT } from "../connection/wire.js";
import { onClock } from "../ui/clock.js";
import { isPollClosed, ownVotesIn } from "./poll.js";

export { makePoll } from "./poll.js";

/** @typedef {import("../connection/wire.js").Message} Message */

/**
 * @typedef {object} Parts
 * @property {string} slug
 * @property {boolean} isBoard
 * @property {import("../connection/room-changes.js").RoomChanges} changes
 * @property {import("./timeline.js").Timeline} timeline
 * @property {import("../ui/scope.js").Scope} scope
 */

export class Polls {
  /** @type {string} */
  #me;
  /** @type {Parts} */
  #parts;
  /**
   * What the person has chosen in polls whose messages do not say it, by the id of the message.
   * @type {Map<number, number[]>}
   */
  #votes = new Map();
  /** @type {Set<number>} */
  #asked = new Set();

  /**
   * @param {string} me
   * @param {Parts} parts
   */
  constructor(me, parts) {
    this.#me = me;
    this.#parts = parts;
    parts.scope.whileActive((signal) => onClock(() => this.#closeEnded(), signal));
    parts.scope.listen(window, "focus", () => this.#askAgain());
    parts.scope.listen(document, "visibilitychange", () => { if (!document.hidden) this.#askAgain(); });
  }

  /**
   * Chooses an option, or takes the choice back.
   * @param {number} id
   * @param {number} position
   */
  choose(id, position) {
    const { timeline, changes } = this.#parts;
    const poll = timeline.get(id)?.poll;
    if (!poll || isPollClosed(poll)) return;
    const own = this.#shownVotes(id);
    const isChosen = own.includes(position);
    const others = poll.multiple ? own.filter((other) => other !== position) : [];
    const chosen = isChosen ? others : [...others, position].sort((one, other) => one - other);
    changes.vote(id, chosen);
    this.#mark(id, chosen);
  }

  /**
   * Takes the server's answer to a vote.
   * @param {number} id
   * @param {number[]} options
   */
  voted(id, options) {
    this.#votes.set(id, options);
  }

  /**
   * Marks what the person has chosen in a poll that was drawn, if its message does not say it.
   * @param {Message} message
   */
  drawn({ id, poll, removed }) {
    if (!poll || removed || ownVotesIn(poll, this.#me) !== null) return;
    const known = this.#findUnanswered(id) ?? this.#votes.get(id);
    if (known) this.#mark(id, known);
    if (!this.#parts.isBoard && !this.#asked.has(id)) this.#ask(id);
  }

  /** @param {number} id */
  async #ask(id) {
    this.#asked.add(id);
    const before = this.#votes.get(id);
    try {
      const { options } = await call("GET", `/api/rooms/${this.#parts.slug}/messages/${id}/votes/`);
      // The person may have voted meanwhile.
      if (this.#votes.get(id) !== before || this.#findUnanswered(id)) return;
      this.#votes.set(id, options);
      this.#mark(id, options);
    } catch {
      // The next time that the message is drawn, the page asks again.
      this.#asked.delete(id);
    }
  }

  /** Asks again for the polls that are drawn now, and for each other poll when it is drawn. */
  #askAgain() {
    this.#asked.clear();
    for (const message of this.#parts.timeline.messages) if (message.poll && this.#parts.timeline.item(message.id)) this.drawn(message);
  }

  /**
   * Returns the options of the person's newest vote that the server has not answered yet.
   * @param {number} id
   * @returns {number[] | undefined}
   */
  #findUnanswered(id) {
    return this.#parts.changes.pending.findLast(({ event }) => event.type === CLIENT_EVENT.VOTE && event.id === id)?.event.options;
  }

  /**
   * Returns the options that the page shows as chosen. They may be newer than what the server has.
   * @param {number} id
   */
  #shownVotes(id) {
    return this.#buttonsOf(id).flatMap((button, position) => (button.getAttribute("aria-pressed") === "true" ? [position] : []));
  }

  /**
   * @param {number} id
   * @param {number[]} chosen
   */
  #mark(id, chosen) {
    this.#buttonsOf(id).forEach((button, position) => button.setAttribute("aria-pressed", String(chosen.includes(position))));
  }

  /** @param {number} id */
  #buttonsOf(id) {
    const item = this.#parts.timeline.item(id);
    return /** @type {HTMLElement[]} */ ([...(item?.querySelectorAll("[data-vote]") ?? [])]);
  }

  /** Draws the polls again that have ended since they were drawn. */
  #closeEnded() {
    const { timeline } = this.#parts;
    for (const { id, poll } of timeline.messages) {
      if (poll?.closes_at && isPollClosed(poll) && this.#buttonsOf(id).some((button) => !button.hasAttribute("aria-disabled"))) timeline.redraw(id);
    }
  }
}
