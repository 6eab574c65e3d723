// @ts-check
// This person's own role in the room, and the notice that the page shows when the role changes.
// Must not send requests: the role arrives in the events `joined` and `member`.

import { CALLERS, ROLE } from "../connection/wire.js";
import { onClock } from "../ui/clock.js";
import { shortTime } from "../ui/format.js";
import { gettext } from "../ui/translation.js";

const CHECK_MS = 120_000;
/**
 * The roles that moderate a room.
 * @type {Set<string>}
 */
export const MODERATING_ROLES = new Set([ROLE.MODERATOR, ROLE.OWNER]);

/** @typedef {{ role: string, until?: string | null }} Standing a role, and the end of a mute */

/** @param {string | null | undefined} until */
function muteSentence(until) {
  return until ? gettext("You are muted until %(time)s. You can read, but not write.", { time: shortTime(until) })
    : gettext("You are muted in this room. You can read, but not write.");
}

/**
 * Returns the notice about a new role; "" for no notice.
 * @param {string} before
 * @param {string} role
 */
function changeSentence(before, role) {
  if (role === ROLE.BANNED) return gettext("You were banned from this room.");
  if (role === ROLE.OWNER) return gettext("You are now an owner of this room.");
  if (MODERATING_ROLES.has(before) && !MODERATING_ROLES.has(role)) return gettext("You are no longer a moderator of this room.");
  if (role === ROLE.MODERATOR) return gettext("You are now a moderator of this room.");
  return before === ROLE.MUTED ? gettext("You can write again.") : "";
}

export class OwnRole {
  /** @type {import("./composer.js").Composer} */
  #composer;
  /** @type {(sentence: string) => void} */
  #notify;
  /** @type {() => void} */
  #changed;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #muteTimer;
  /** @type {string | null | undefined} */
  #mutedUntil;

  /** @type {string} */
  role = ROLE.MEMBER;

  /**
   * @param {import("./composer.js").Composer} composer
   * @param {object} actions
   * @param {(sentence: string) => void} actions.notify shows a sentence to the person
   * @param {() => void} actions.changed is called when the page may offer other actions than before
   * @param {import("../ui/scope.js").Scope} actions.scope
   */
  constructor(composer, { notify, changed, scope }) {
    this.#composer = composer;
    this.#notify = notify;
    this.#changed = changed;
    // The sentence may contain "today", which is wrong after midnight. A timer does not run while the machine sleeps.
    scope.whileActive((signal) => onClock(() => this.role === ROLE.MUTED && this.#mute(this.#mutedUntil), signal));
  }

  get isModerating() {
    return MODERATING_ROLES.has(this.role);
  }

  /**
   * Returns whether this person may call everybody with `@all` and `@here`.
   * @param {string} callers the setting of the room: one of CALLERS
   */
  mayCallAll(callers) {
    if (callers === CALLERS.MODERATORS) return this.isModerating;
    return callers === CALLERS.EVERYONE || (callers === CALLERS.OWNERS && this.role === ROLE.OWNER);
  }

  /** The text in the composer of a person who has been removed. */
  get removalSentence() {
    return this.role === ROLE.BANNED ? gettext("You are banned from this room.") : gettext("You are no longer in this room.");
  }

  /**
   * Takes the role from `joined`.
   * @param {Standing} you
   */
  joined({ role, until }) {
    const hasChanged = role !== this.role;
    this.#set(role, until);
    if (role === ROLE.MUTED && hasChanged) this.#notify(muteSentence(until));
  }

  /**
   * Takes a `member` event about this person.
   * @param {Standing} member
   */
  changeTo({ role, until }) {
    const before = this.role;
    this.#set(role, until);
    const sentence = role === ROLE.MUTED ? muteSentence(until) : changeSentence(before, role);
    if (sentence) this.#notify(sentence);
  }

  /**
   * @param {string} role
   * @param {string | null | undefined} until
   */
  #set(role, until) {
    this.role = role;
    clearTimeout(this.#muteTimer);
    if (role === ROLE.MUTED) this.#mute(until);
    else this.#composer.enable();
    this.#changed();
  }

  /**
   * Disables the composer until the mute ends. The server then accepts messages, even before it sends `member`.
   * @param {string | null | undefined} until
   */
  #mute(until) {
    this.#mutedUntil = until;
    clearTimeout(this.#muteTimer);
    const waitMs = until ? new Date(until).getTime() - Date.now() : Infinity;
    if (waitMs <= 0) {
      this.#composer.enable();
      return;
    }
    this.#composer.disable(muteSentence(until));
    // The clock checks a longer mute again before it ends.
    if (waitMs < CHECK_MS) this.#muteTimer = setTimeout(() => this.#composer.enable(), waitMs);
  }
}
