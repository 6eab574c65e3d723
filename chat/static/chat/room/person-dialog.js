// @ts-check
// The dialog in which a moderator, an owner or an operator changes the role of one person in the room.
// Must not decide what is allowed: the server does. The dialog only offers the changes that fit the person's role.

import { call } from "../connection/api.js";
import { ROLE } from "../connection/wire.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, confirmButton, field, smallButton } from "../ui/forms.js";
import { fillSentence } from "../ui/sentences.js";
import { gettext } from "../ui/translation.js";
import { describeRole } from "./role-words.js";

/** @type {Set<string | null>} */
const ROLES_WITHOUT_POWER = new Set([ROLE.MEMBER, ROLE.GUEST]);
/** @type {[action: string, text: string, seconds: number | null][]} */
const MUTES = [
  ["mute-600", gettext("Mute for 10 minutes"), 600],
  ["mute-3600", gettext("Mute for 1 hour"), 3_600],
  ["mute", gettext("Mute without a time limit"), null],
];

/** @typedef {import("./role-words.js").Standing} Standing */

export class PersonDialog {
  /** @type {string} */
  #path;
  /** @type {string} */
  #handle;
  /** @type {boolean} */
  #isByOwner;
  /** @type {Standing | null} */
  #standing = null;
  #roleLine = make("p", { class: "lead", id: "person-role", text: gettext("Loading…") });
  #buttons = make("div", { class: "choices" });
  #error = new ErrorLine();
  #reason = make("input", { id: "moderation-reason", dir: "auto", maxlength: 500, autocomplete: "off" });

  /**
   * @param {string} slug
   * @param {string} handle
   * @param {{ isByOwner: boolean }} options whether an owner of the room or an operator opens the dialog
   */
  constructor(slug, handle, { isByOwner }) {
    this.#path = `/api/rooms/${slug}/members/`;
    this.#handle = handle;
    this.#isByOwner = isByOwner;
    const reason = field(gettext("Reason"), this.#reason, {
      help: gettext("The reason is saved in the moderation log."), isOptional: true,
    });
    openDialog(handle, "person-dialog", this.#roleLine, reason, this.#buttons, this.#error.element);
    this.#load(() => this.#readStanding());
  }

  /**
   * Reads the role of the person. The handle is in the query: browsers remove a handle like ".." from a path.
   * @returns {Promise<Standing>}
   */
  async #readStanding() {
    const { members: [standing] } = await call("GET", `${this.#path}?handle=${encodeURIComponent(this.#handle)}`);
    return standing;
  }

  /** @param {() => Promise<Standing>} request */
  async #load(request) {
    const isLoaded = await this.#error.guard(async () => { this.#standing = await request(); });
    if (isLoaded) this.#draw();
    else if (!this.#standing) this.#roleLine.textContent = "";
    return isLoaded;
  }

  /**
   * Gives the person a role. The handle is in the body: browsers remove a handle like ".." from an address.
   * @param {string} role
   * @param {number | null} [seconds] how long a mute lasts
   */
  async #setRole(role, seconds = null) {
    const was = this.#standing?.role ?? undefined;
    const body = { handle: this.#handle, role, seconds, reason: this.#reason.value, was };
    if (await this.#load(() => call("PUT", this.#path, body))) this.#reason.value = "";
  }

  #draw() {
    if (!this.#standing) return;
    const { role, guest: isGuest } = this.#standing;
    const sentence = isGuest && role !== ROLE.GUEST ? gettext("In this room: %(role)s. This person is a guest.")
      : gettext("In this room: %(role)s.");
    this.#roleLine.replaceChildren(...fillSentence(sentence, { role: make("span", {}, ...describeRole(this.#standing)) }));
    const hadFocus = this.#buttons.contains(document.activeElement);
    this.#buttons.replaceChildren(...this.#makeChoices(this.#standing.role));
    if (hadFocus) this.#buttons.querySelector("button")?.focus();
  }

  /**
   * @param {string | null} role
   * @returns {HTMLElement[]}
   */
  #makeChoices(role) {
    if (!this.#isByOwner && (role === ROLE.OWNER || role === ROLE.MODERATOR)) {
      return [make("p", { class: "help", text: gettext("Only an owner of this room can change this.") })];
    }
    if (role === ROLE.BANNED) return [smallButton("unban", gettext("Unban"), () => this.#setRole(ROLE.MEMBER))];
    return [
      ...(role === ROLE.MUTED ? [smallButton("unmute", gettext("Unmute"), () => this.#setRole(ROLE.MEMBER))] : []),
      ...MUTES.map(([action, text, seconds]) => smallButton(action, text, () => this.#setRole(ROLE.MUTED, seconds))),
      confirmButton("ban", gettext("Ban from this room"), gettext("Really ban?"), () => this.#setRole(ROLE.BANNED)),
      ...(this.#isByOwner ? this.#makeOwnersChoices(role) : []),
    ];
  }

  /** @param {string | null} role */
  #makeOwnersChoices(role) {
    const makeModerator = () => this.#setRole(ROLE.MODERATOR);
    if (role === ROLE.OWNER) {
      return [confirmButton("unmake-owner", gettext("Remove as owner"), gettext("Really remove as owner?"), makeModerator)];
    }
    const question = gettext("Really? Owners can do everything");
    const makeOwner = confirmButton("make-owner", gettext("Make owner"), question, () => this.#setRole(ROLE.OWNER));
    if (role === ROLE.MODERATOR) {
      return [smallButton("unmake-moderator", gettext("Remove as moderator"), () => this.#setRole(ROLE.MEMBER)), makeOwner];
    }
    const canBePromoted = ROLES_WITHOUT_POWER.has(role);
    return canBePromoted ? [smallButton("make-moderator", gettext("Make moderator"), makeModerator), makeOwner] : [];
  }
}
