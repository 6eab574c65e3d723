// @ts-check
// Connects a room with the people of the site: their cards, the members who are away, new names, and who reacted.
// Must not draw a card or a list of people: person-card.js and members.js do. A board has no such people, because its handles
// belong to the board only.

import { SERVER_EVENT } from "../connection/wire.js";
import { closestTo } from "../ui/dom.js";
import { formatList } from "../ui/translation.js";
import { loadDialogs } from "./late-dialogs.js";
import { reactorsOf } from "./message-reactions.js";

/**
 * @typedef {object} Social
 * @property {import("../connection/directory.js").Directory} directory
 * @property {(handles: string[]) => void} openDirect opens a direct conversation
 */

/**
 * @typedef {object} Parts
 * @property {string} slug
 * @property {string} me
 * @property {() => boolean} isGuest
 * @property {() => boolean} isActive whether the room is on the page
 * @property {HTMLElement} page
 * @property {HTMLElement} list the list of messages
 * @property {import("../connection/room-socket.js").RoomSocket} socket
 * @property {import("./timeline.js").Timeline} timeline
 * @property {import("./people.js").People} people
 * @property {import("./moderation.js").Moderation} moderation
 * @property {import("./composer.js").Composer} composer
 * @property {import("./late-dialogs.js").WithDialogs} withDialogs
 */

export class PersonLinks {
  /** @type {Social} */
  #social;
  /** @type {Parts} */
  #parts;
  /** @type {import("./members.js").Members | null} */
  #members = null;

  /**
   * @param {Social} social
   * @param {Parts} parts
   */
  constructor(social, parts) {
    this.#social = social;
    this.#parts = parts;
    const { page, list, socket } = parts;
    page.classList.add("with-cards");
    socket.on(SERVER_EVENT.PROFILE, (event) => social.directory.take([event]));
    socket.on(SERVER_EVENT.SYNCED, () => this.#showMembers());
    socket.on(SERVER_EVENT.PRESENCE, ({ went = [] }) => this.#members?.left(went));
    socket.on(SERVER_EVENT.MEMBER, (member) => this.#members?.roleChanged(member));
    this.watch(list, parts.timeline);
  }

  /**
   * Connects the people in a list of messages.
   * @param {HTMLElement} list
   * @param {import("./timeline.js").Timeline} timeline
   * @param {import("./composer.js").Composer} [composer] the field for mentions; without it, the room's
   */
  watch(list, timeline, composer) {
    list.addEventListener("click", (event) => this.#clicked(event, composer), { capture: true });
    list.addEventListener("pointerover", (event) => this.#hovered(event, timeline));
  }

  /**
   * @param {string} handle
   * @param {import("./composer.js").Composer} [composer] the field for mentions; without it, the room's
   */
  openCard(handle, composer = this.#parts.composer) {
    const { slug, me, moderation, people, isGuest, withDialogs } = this.#parts;
    const mention = composer.isEnabled ? (/** @type {string} */ person) => composer.mention(person) : null;
    const moderate = moderation.canModerate(handle, people.roleOf(handle)) ? () => moderation.openPerson(handle) : null;
    withDialogs(({ openPersonCard }) => openPersonCard(handle, { slug, me, isGuest: isGuest(), ...this.#social, mention, moderate }));
  }

  /** Shows the members who are away, once, and after the messages. */
  async #showMembers() {
    const dialogs = await loadDialogs();
    const { slug, people, isActive } = this.#parts;
    if (dialogs && isActive()) this.#members ??= new dialogs.Members({ slug, people, directory: this.#social.directory });
  }

  /**
   * Opens the card after a click on the author of a message, or on a mention. The toolbar of the message then stays closed.
   * @param {MouseEvent} event
   * @param {import("./composer.js").Composer | undefined} composer
   */
  #clicked(event, composer) {
    const mentioned = closestTo(event, ".mention[data-who]")?.dataset.who;
    const item = /** @type {HTMLElement | null | undefined} */ (closestTo(event, ".avatar, .author, .person-name")?.closest(".message"));
    const handle = mentioned ?? item?.dataset.author;
    if (!handle || window.getSelection()?.type === "Range") return;
    event.stopPropagation();
    this.openCard(handle, composer);
  }

  /**
   * Shows and fetches the names of the people who reacted, when the pointer is over a reaction.
   * @param {PointerEvent} event
   * @param {import("./timeline.js").Timeline} timeline
   */
  #hovered(event, timeline) {
    const reaction = closestTo(event, "[data-react]");
    const item = /** @type {HTMLElement | null | undefined} */ (reaction?.closest(".message"));
    const message = timeline.get(Number(item?.dataset.id));
    if (!reaction || !message) return;
    const emoji = reaction.dataset.react ?? "";
    this.#social.directory.ask(message.reactions?.[emoji] ?? []);
    reaction.title = formatList(reactorsOf(message, emoji));
  }
}
