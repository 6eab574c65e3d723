// @ts-check
// Loads the code of polls with the first poll that is drawn, and reserves the place of the poll until then. Must not draw a
// poll itself: poll.js does.

import { make } from "../ui/dom.js";
import { loadLateStyles } from "../ui/late-styles.js";

// The heights of an option, and of the question and the line below the options.
const OPTION_PX = 41;
const REST_PX = 62;

/** @typedef {typeof import("./polls.js")} Code */
/** @typedef {import("../connection/wire.js").Message} Message */

/** @type {Code | null} */
let code = null;

async function load() {
  const [loaded] = await Promise.all([import("./polls.js").catch(() => null), loadLateStyles()]);
  code = loaded;
  return loaded;
}

/**
 * Makes the body of a message with a poll.
 * @param {import("../connection/wire.js").Poll} poll
 * @param {string} me the reader's handle
 */
export function makePollBody(poll, me) {
  const body = make("div", { class: "body" });
  const fill = (/** @type {Code | null} */ loaded) => {
    body.style.minBlockSize = "";
    body.append(loaded?.makePoll(poll, me) ?? poll.question);
  };
  if (code) {
    fill(code);
  } else {
    body.style.minBlockSize = `${REST_PX + OPTION_PX * poll.options.length}px`;
    load().then(fill);
  }
  return body;
}

/** The votes of a person in the polls of a room. */
export class LatePolls {
  /** @type {import("./polls.js").Polls | null} */
  #polls = null;

  /** @param {ConstructorParameters<Code["Polls"]>} parts */
  constructor(...parts) {
    parts[1].timeline.on("drawn", async ({ messages }) => {
      const withPolls = messages.filter((/** @type {Message} */ { poll }) => poll);
      if (!withPolls.length) return;
      const loaded = code ?? (await load());
      if (loaded) this.#polls ??= new loaded.Polls(...parts);
      for (const message of withPolls) this.#polls?.drawn(message);
    });
  }

  /**
   * Chooses an option of a poll, or takes the choice back.
   * @param {number} id
   * @param {number} position
   */
  choose(id, position) {
    this.#polls?.choose(id, position);
  }

  /**
   * Takes the server's answer to a vote.
   * @param {number} id
   * @param {number[]} options
   */
  voted(id, options) {
    this.#polls?.voted(id, options);
  }
}
