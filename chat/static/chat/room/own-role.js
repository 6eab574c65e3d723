// What this person is in the room, and what they are told when that changes.
// Must not ask the server: it lives from `joined` and `member`.

import { shortTime } from "../ui/dom.js";

// setTimeout fires at once for more than that.
const LONGEST_TIMER_MS = 2 ** 31 - 1;
export const MODERATES = new Set(["moderator", "owner"]);

function muteSentence(until) {
  return until ? `You are muted until ${shortTime(until)}: you can read, but not write.`
    : "You are muted in this room: you can read, but not write.";
}

function newsSentence(before, role) {
  if (role === "banned") return "You were banned from this room.";
  if (role === "owner") return "You are an owner of this room now.";
  if (MODERATES.has(before) && !MODERATES.has(role)) return "You do not moderate this room any more.";
  if (role === "moderator") return "You are a moderator of this room now.";
  return before === "muted" ? "You can write again." : "";
}

export class Standing {
  #composer;
  #say;
  #changed;
  #timer = null;

  role = "member";

  /** `say(sentence)` tells the person, `changed()` is called when the page may offer other things than before. */
  constructor(composer, { say, changed }) {
    this.#composer = composer;
    this.#say = say;
    this.#changed = changed;
  }

  get moderates() {
    return MODERATES.has(this.role);
  }

  /** What is said to one who is out. */
  get farewell() {
    return this.role === "banned" ? "You are banned from this room." : "You are not in this room any more.";
  }

  /** What `joined` says of oneself. */
  joined({ role, until }) {
    const isNews = role !== this.role;
    this.#take(role, until);
    if (role === "muted" && isNews) this.#say(muteSentence(until));
  }

  /** A `member` about oneself. */
  changedTo({ role, until }) {
    const before = this.role;
    this.#take(role, until);
    const sentence = role === "muted" ? muteSentence(until) : newsSentence(before, role);
    if (sentence) this.#say(sentence);
  }

  #take(role, until) {
    this.role = role;
    clearTimeout(this.#timer);
    if (role === "muted") this.#mute(until);
    else this.#composer.open();
    this.#changed();
  }

  // Who speaks after that time is let through, even if nobody has said yet that the mute is over.
  #mute(until) {
    this.#composer.close(muteSentence(until));
    if (!until) return;
    const wait = Math.max(0, new Date(until) - Date.now());
    if (wait <= LONGEST_TIMER_MS) this.#timer = setTimeout(() => this.#composer.open(), wait);
  }
}
