// @ts-check
// Shows the people in the room: the list, its count, and the button that opens the list on a phone.
// Must not ask the server: the events `joined`, `presence` and `member` contain everything.

import { ROLE } from "../connection/wire.js";
import { byId, make } from "../ui/dom.js";
import { nameInWords, personNameOf } from "../ui/person-marks.js";
import { avatar, guestMark } from "../ui/pictures.js";
import { formatNumber, ngettext, pgettext } from "../ui/translation.js";
import { roleName } from "./role-words.js";

/** @type {Set<string>} */
const SHOWN_ROLES = new Set([ROLE.OWNER, ROLE.MODERATOR, ROLE.MUTED]);

/** @typedef {{ handle: string, role: string, guest?: boolean }} Person */

export class People {
  /** @type {Map<string, string>} */
  #roles = new Map();
  /**
   * The handles of the guests who are here.
   * @type {Set<string>}
   */
  #guests = new Set();
  #me = "";
  #count = 0;
  /** @type {(handle: string, role: string) => HTMLElement | null} */
  #makeTools;
  /** @type {((handle: string) => void) | null} */
  #openCard;
  #filter = "";
  /** A callback, which is called after each drawing of the list. */
  drawn = () => {};
  #list = byId("people-list");
  #panel = byId("people");
  #button = byId("people-button");
  #counts = document.querySelectorAll("[data-people-count]");

  /**
   * @param {(handle: string, role: string) => HTMLElement | null} makeTools makes the button beside a person, or null
   * @param {import("../ui/scope.js").Scope} scope
   * @param {((handle: string) => void) | null} openCard opens the card of a person; null on a board
   */
  constructor(makeTools, scope, openCard) {
    this.#makeTools = makeTools;
    this.#openCard = openCard;
    this.#button.addEventListener("click", () => this.#toggle());
    byId("people-close").addEventListener("click", () => this.#toggle(false));
    scope.listen(document, "keydown", (event) => event.key === "Escape" && this.#toggle(false));
  }

  /** @param {{ present: Person[], count: number, you: { handle: string } }} joined */
  joined({ present, count, you }) {
    this.#me = you.handle;
    this.#replaceAll(present);
    this.#draw(count);
  }

  /** @param {{ came?: string[], went?: string[], count: number, present?: Person[], guests?: string[] }} presence */
  presenceChanged({ came = [], went = [], count, present, guests = [] }) {
    if (present) this.#replaceAll(present);
    // The handle of a person who was here before may now belong to another person.
    for (const handle of came) this.#guests.delete(handle);
    for (const handle of guests) this.#guests.add(handle);
    for (const handle of came) if (!this.#roles.has(handle)) this.#roles.set(handle, "");
    for (const handle of went) this.#roles.delete(handle);
    this.#draw(count);
  }

  /**
   * Takes the new role of a person, who may be absent.
   * @param {Person} member
   */
  roleChanged({ handle, role }) {
    if (this.#roles.has(handle)) this.#roles.set(handle, role);
    this.redraw();
  }

  /**
   * Returns the role of a person who is here, or "" when it is not known.
   * @param {string} handle
   */
  roleOf(handle) {
    return this.#roles.get(handle) ?? "";
  }

  /** The handles of the people who are here. */
  get handles() {
    return [...this.#roles.keys()];
  }

  /** Whether the list has everybody who is here. */
  get isComplete() {
    return this.#count <= this.#roles.size;
  }

  /** How many people the list shows. */
  get shownCount() {
    return this.handles.filter((handle) => this.matches(handle)).length;
  }

  /**
   * Shows only the people whose handle or name contains a text.
   * @param {string} text
   */
  filter(text) {
    this.#filter = text.toLowerCase();
    this.redraw();
  }

  /** @param {string} handle */
  matches(handle) {
    return !this.#filter || nameInWords(handle).toLowerCase().includes(this.#filter);
  }

  redraw() {
    this.#draw(this.#count);
  }

  /** @param {Person[]} present */
  #replaceAll(present) {
    this.#roles = new Map(present.map(({ handle, role }) => [handle, role]));
    this.#guests = new Set(present.flatMap(({ handle, guest: isGuest }) => (isGuest ? [handle] : [])));
  }

  #toggle(isOpen = !this.#panel.classList.contains("open")) {
    // A closed panel cannot keep the keyboard's focus.
    if (!isOpen && this.#panel.contains(document.activeElement)) this.#button.focus();
    this.#panel.classList.toggle("open", isOpen);
    this.#button.setAttribute("aria-expanded", String(isOpen));
  }

  /** @param {number} count the number of all people in the room; the server lists at most 100 of them */
  #draw(count) {
    this.#count = count;
    const focused = this.#focusedHandle();
    const byName = (/** @type {string} */ a, /** @type {string} */ b) => (
      Number(b === this.#me) - Number(a === this.#me) || a.localeCompare(b)
    );
    const shown = [...this.#roles].filter(([handle]) => this.matches(handle)).sort(([a], [b]) => byName(a, b));
    const items = shown.map(([handle, role]) => this.makeItem(handle, role, this.#guests.has(handle)));
    const more = count - this.#roles.size;
    if (more > 0 && !this.#filter) items.push(make("li", { class: "more", text: ngettext("and %(count)s more", "and %(count)s more", more) }));
    this.#list.replaceChildren(...items);
    if (focused) this.#focus(focused);
    for (const element of this.#counts) element.textContent = formatNumber(count);
    this.#button.setAttribute("aria-label", ngettext("%(count)s person here", "%(count)s people here", count));
    this.drawn();
  }

  #focusedHandle() {
    if (!this.#list.contains(document.activeElement)) return undefined;
    return /** @type {HTMLElement | null} */ (document.activeElement?.closest("li") ?? null)?.dataset.handle;
  }

  /** @param {string} handle */
  #focus(handle) {
    const button = this.#list.querySelector(`[data-handle="${CSS.escape(handle)}"] button`);
    if (button instanceof HTMLElement) button.focus();
  }

  /**
   * Makes the item of a person in a list.
   * @param {string} handle
   * @param {string} role "" for a person who came later, because the `came` of a `presence` event contains only handles
   * @param {boolean} [isGuest]
   */
  makeItem(handle, role, isGuest) {
    const roles = [
      handle === this.#me && make("span", { class: "role", text: pgettext("the reader in a list of people", "you") }),
      guestMark(isGuest),
      SHOWN_ROLES.has(role) && make("span", { class: "role", text: roleName(role) }),
    ];
    return make(
      "li",
      { "data-handle": handle },
      ...this.#makePerson(handle),
      roles.some(Boolean) && make("span", { class: "roles" }, ...roles),
      this.#makeTools(handle, role),
    );
  }

  /** @param {string} handle */
  #makePerson(handle) {
    const openCard = this.#openCard;
    const parts = [avatar(handle), make("span", { class: "handle", dir: "auto", title: handle, text: handle })];
    if (!openCard) return parts;
    const open = () => openCard(handle);
    return [make("button", { type: "button", class: "person", "aria-haspopup": "dialog", onclick: open }, ...parts, personNameOf(handle))];
  }
}
