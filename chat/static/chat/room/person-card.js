// @ts-check
// The card of a person: the name and some facts, and the buttons that write to, mention, block or moderate this person. The
// person's own card has a link to the settings instead.
// Must not decide what is allowed: the server does.

import { call } from "../connection/api.js";
import { ROLE } from "../connection/wire.js";
import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { isolate } from "../ui/format.js";
import { ErrorLine, smallButton } from "../ui/forms.js";
import { localTime } from "../ui/local-time.js";
import { avatar, botMark, guestMark } from "../ui/pictures.js";
import { gettext, pgettext } from "../ui/translation.js";

/** @type {Record<string, string>} */
const ROLE_WORDS = {
  [ROLE.OWNER]: gettext("Owner of this room"), [ROLE.MODERATOR]: gettext("Moderator of this room"), [ROLE.MUTED]: gettext("Muted in this room"),
  [ROLE.MEMBER]: gettext("Member of this room"), [ROLE.GUEST]: gettext("Guest in this room"),
};

/** @typedef {{ kind: string, created_by: string | null }} Hook the webhook of a bot */
/** @typedef {import("../connection/directory.js").Profile & { role?: string, hook?: Hook }} Profile */

/**
 * @typedef {object} Options
 * @property {string} slug the room from which the card is opened
 * @property {string} me
 * @property {boolean} isGuest whether the viewer is a guest
 * @property {import("../connection/directory.js").Directory} directory
 * @property {(handles: string[]) => void} openDirect opens a direct conversation
 * @property {((handle: string) => void) | null} mention writes the handle into the composer; null if the viewer may not write
 * @property {(() => void) | null} moderate opens the dialog of moderators; null for other viewers
 */

/**
 * Opens the card of a person.
 * @param {string} handle
 * @param {Options} options
 */
export function openPersonCard(handle, options) {
  new PersonCard(handle, options);
}

class PersonCard {
  /** @type {string} */
  #handle;
  /** @type {Options} */
  #options;
  #name = make("p", { class: "card-name", dir: "auto" });
  #facts = make("dl", { class: "card-facts" });
  #error = new ErrorLine();
  #block = smallButton("block", pgettext("button", "Block"), () => this.#toggleBlock());
  #isBlocked = false;
  /** @type {HTMLDialogElement} */
  #dialog;

  /**
   * @param {string} handle
   * @param {Options} options
   */
  constructor(handle, options) {
    this.#handle = handle;
    this.#options = options;
    const actions = make("div", { class: "choices" }, ...this.#makeActions());
    this.#block.hidden = true;
    const head = make("div", { class: "card-head" }, avatar(handle), this.#name);
    this.#dialog = openDialog(handle, "person-card", head, this.#facts, actions, this.#error.element);
    this.#draw(options.directory.get(handle) ?? { handle });
    this.#load();
  }

  /** @returns {(HTMLElement | null)[]} */
  #makeActions() {
    const { me, isGuest, openDirect, mention, moderate } = this.#options;
    const handle = this.#handle;
    const isOwn = handle === me;
    const closeAnd = (/** @type {() => void} */ act) => () => {
      this.#dialog.close();
      act();
    };
    if (isOwn) return [isGuest ? null : make("a", { class: "button quiet small", href: "/settings/", text: gettext("Edit your profile") })];
    return [
      isGuest ? null : smallButton("message", pgettext("button", "Message"), closeAnd(() => openDirect([handle]))),
      mention && smallButton("mention", pgettext("button", "Mention"), closeAnd(() => mention(handle))),
      this.#block,
      moderate && smallButton("moderate-person", pgettext("button", "Moderate"), closeAnd(moderate)),
    ];
  }

  async #load() {
    const query = `handle=${encodeURIComponent(this.#handle)}`;
    const { slug, directory, me } = this.#options;
    const [people, blocks] = await Promise.all([
      call("GET", `/api/rooms/${slug}/people/?${query}`).catch(() => null),
      this.#handle === me ? null : call("GET", "/api/blocks/").catch(() => null),
    ]);
    /** @type {Profile | undefined} */
    const profile = people?.people[0];
    if (profile) {
      directory.take([profile]);
      this.#draw(profile);
    } else {
      directory.ask([this.#handle]);
    }
    if (blocks) this.#showBlock(blocks.blocks.some((/** @type {Profile} */ { handle }) => handle === this.#handle));
  }

  /** @param {Profile} profile */
  #draw({ name, status, emoji, time_zone: zone, role, guest: isGuest, bot: isBot, hook }) {
    if (isBot) this.#hideMessageButton();
    const time = zone ? localTime(zone) : "";
    this.#name.replaceChildren(
      make("b", { text: name || this.#handle }),
      ...(name ? [make("bdi", { class: "card-handle", text: `@${this.#handle}` })] : []),
      ...(isGuest ? [/** @type {HTMLElement} */ (guestMark(true))] : []),
      ...(isBot ? [/** @type {HTMLElement} */ (botMark(true))] : []),
    );
    /** @type {[string, string | undefined][]} */
    const facts = [
      [gettext("Status"), [emoji, status].filter(Boolean).join(" ")], [gettext("Local time"), time],
      [gettext("Role"), isBot ? describeBot(hook) : role && ROLE_WORDS[role]],
    ];
    this.#facts.replaceChildren(...facts.flatMap(([label, value]) => (
      value ? [make("dt", { text: label }), make("dd", { dir: "auto", text: value })] : []
    )));
  }

  /** Hides the button that writes to the person, because nobody reads what people write to a bot. */
  #hideMessageButton() {
    const button = /** @type {HTMLElement | null} */ (this.#dialog.querySelector("[data-action=message]"));
    if (button) button.hidden = true;
  }

  /** @param {boolean} isBlocked */
  #showBlock(isBlocked) {
    this.#isBlocked = isBlocked;
    this.#block.hidden = false;
    this.#block.textContent = isBlocked ? gettext("Unblock") : pgettext("button", "Block");
    this.#block.title = isBlocked ? gettext("This person can write to you again")
      : gettext("This person cannot write direct messages to you, and their mentions do not notify you");
  }

  async #toggleBlock() {
    // The handle is in the body: browsers remove a handle like ".." from an address.
    const body = { handle: this.#handle, blocked: !this.#isBlocked };
    const isDone = await this.#error.guard(() => call("PUT", "/api/blocks/", body));
    if (isDone) this.#showBlock(!this.#isBlocked);
  }
}

/** @param {Hook} [hook] */
function describeBot(hook) {
  if (!hook?.created_by) return gettext("Webhook");
  return gettext("Webhook, made by %(person)s", { person: isolate(hook.created_by) });
}
