// @ts-check
// Draws the person's rooms with what is unread in each, and opens the drawer that contains this list on a phone.
// Must not count, and must not change anything: it calls the passed actions.

import { KIND, LEVEL } from "../connection/wire.js";
import { byId, child, closestTo, make } from "../ui/dom.js";
import { isolate } from "../ui/format.js";
import { avatar, icon } from "../ui/pictures.js";
import { formatNumber, gettext, ngettext } from "../ui/translation.js";
import { othersIn } from "./direct-titles.js";
import { addressOf, countOf } from "./places.js";

const MOST_SHOWN = 99;

/** @typedef {import("./places.js").Place} Place */

/**
 * @typedef {object} Actions
 * @property {string} me the person's handle
 * @property {(place: Place) => string} titleOf returns the name under which the person sees a room
 * @property {(slug: string, button: HTMLElement) => void} openMenu opens the menu of a room, beside a button
 * @property {(slug: string) => boolean} hasDraft returns whether the person has begun to write in a room
 */

export class Sidebar {
  #workspace = byId("workspace");
  #element = byId("sidebar");
  #pane = byId("pane");
  #nothing = byId("no-places");
  #readAll = byId("read-all");
  /** @type {Actions} */
  #actions;
  /** @type {Map<string, HTMLElement>} */
  #items = new Map();
  /** @type {string | null} */
  #path = null;
  #narrow = window.matchMedia("(width <= 760px)");

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    document.addEventListener("click", (event) => this.#clicked(event));
    document.addEventListener("keydown", (event) => this.#keyPressed(event));
    this.#element.addEventListener("contextmenu", (event) => this.#menuAsked(event));
    this.#narrow.addEventListener("change", () => this.toggleDrawer(false));
  }

  get isDrawerOpen() {
    return this.#workspace.classList.contains("drawer-open");
  }

  /** @param {import("./places.js").Places} places */
  draw(places) {
    const kept = new Set();
    const focused = document.activeElement;
    for (const { id, places: shown } of places.sections) {
      const section = child(this.#element, `[data-section="${id}"]`);
      const list = child(section, "ul");
      shown.forEach((place, index) => {
        const item = this.#itemOf(place);
        // An item that stays where it is keeps the keyboard's focus.
        if (list.children[index] !== item) list.insertBefore(item, list.children[index] ?? null);
        this.#fill(item, place);
        kept.add(place.slug);
      });
      if (id !== "rooms") section.hidden = shown.length === 0 && id !== "directs";
    }
    for (const [slug, item] of this.#items) if (!kept.has(slug)) this.#remove(slug, item);
    // An item that moves loses the focus.
    if (focused instanceof HTMLElement && focused !== document.activeElement && this.#element.contains(focused)) focused.focus();
    this.#nothing.hidden = places.size > 0;
    this.#readAll.hidden = !places.all.some((place) => place.unread > 0 || place.threads);
    this.#drawDots(places);
    this.#drawThreads(places.unreadThreads);
  }

  /** @param {number} count how many threads have unread replies */
  #drawThreads(count) {
    const badge = child(this.#element, "[data-threads]");
    badge.hidden = count === 0;
    if (!count) badge.replaceChildren();
    else badge.replaceChildren(make("span", { "aria-hidden": "true", text: formatNumber(count) }), make("span", { class: "unseen", text: countThreads(count) }));
  }

  /**
   * Marks the link to the pane on the page.
   * @param {string} path
   */
  setCurrent(path) {
    this.#path = path;
    for (const link of /** @type {NodeListOf<HTMLAnchorElement>} */ (this.#element.querySelectorAll("a.place"))) {
      this.#markCurrent(link);
    }
  }

  /** @param {boolean} isOpen */
  toggleDrawer(isOpen) {
    if (isOpen === this.isDrawerOpen) return;
    this.#workspace.classList.toggle("drawer-open", isOpen);
    // The rest of the page is covered, so it takes no focus.
    this.#pane.inert = isOpen;
    for (const button of document.querySelectorAll("[data-drawer=open]")) button.setAttribute("aria-expanded", String(isOpen));
    const hasFocus = this.#element.contains(document.activeElement);
    if (isOpen) child(this.#element, "a[aria-current], [data-drawer=close]").focus();
    else if (hasFocus) child(this.#pane, "[data-drawer=open]").focus();
  }

  /** @param {Place} place */
  #itemOf(place) {
    const known = this.#items.get(place.slug);
    if (known) return known;
    const link = make("a", { class: "place", href: addressOf(place) });
    const menu = make("button", {
      type: "button", class: "icon-button place-menu", "data-action": "place-menu", "aria-haspopup": "menu",
    }, icon("more"));
    const item = make("li", { "data-slug": place.slug }, link, menu);
    this.#items.set(place.slug, item);
    return item;
  }

  /**
   * @param {HTMLElement} item
   * @param {Place} place
   */
  #fill(item, place) {
    const link = child(item, "a", HTMLAnchorElement);
    const count = countOf(place);
    this.#markCurrent(link);
    const hasDraft = !link.hasAttribute("aria-current") && this.#actions.hasDraft(place.slug);
    const { me, titleOf } = this.#actions;
    const name = titleOf(place);
    const state = JSON.stringify([name, place.kind, place.level, count, place.mentions, place.threads, hasDraft]);
    if (item.dataset.state === state) return;
    item.dataset.state = state;
    link.classList.toggle("unread", count > 0);
    link.classList.toggle("quiet", place.level === LEVEL.NONE);
    link.replaceChildren(...makeContent({ ...place, name }, count, hasDraft, othersIn(place, me)[0]));
    child(item, "button").setAttribute("aria-label", gettext("Menu of %(room)s", { room: isolate(name) }));
  }

  /** @param {HTMLAnchorElement} link */
  #markCurrent(link) {
    if (link.pathname === this.#path) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }

  /**
   * @param {string} slug
   * @param {HTMLElement} item
   */
  #remove(slug, item) {
    item.remove();
    this.#items.delete(slug);
  }

  /**
   * Shows on the drawer's button that something is unread.
   * @param {import("./places.js").Places} places
   */
  #drawDots(places) {
    const { mentions, unread } = places.totals;
    for (const dot of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".drawer-button .dot"))) {
      dot.hidden = unread === 0 && places.unreadThreads === 0;
      dot.classList.toggle("strong", mentions > 0);
    }
    const label = unread
      ? ngettext("Your rooms: %(count)s unread message", "Your rooms: %(count)s unread messages", unread)
      : gettext("Your rooms");
    for (const button of document.querySelectorAll("[data-drawer=open]")) button.setAttribute("aria-label", label);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const button = closestTo(event, "[data-action=place-menu]");
    const drawer = closestTo(event, "[data-drawer]");
    if (button) this.#actions.openMenu(button.closest("li")?.dataset.slug ?? "", button);
    else if (drawer) this.toggleDrawer(drawer.dataset.drawer === "open");
    // A click on the rest of the page, which is dark, closes the drawer.
    else if (this.isDrawerOpen && event.target === this.#workspace) this.toggleDrawer(false);
  }

  /** @param {MouseEvent} event */
  #menuAsked(event) {
    const item = closestTo(event, "li[data-slug]");
    if (!item || event.ctrlKey) return;
    event.preventDefault();
    this.#actions.openMenu(item.dataset.slug ?? "", child(item, "button"));
  }

  /** @param {KeyboardEvent} event */
  #keyPressed(event) {
    if (event.key === "Escape" && this.isDrawerOpen && !document.querySelector("dialog[open], [role=menu]")) this.toggleDrawer(false);
    const links = /** @type {HTMLElement[]} */ ([...this.#element.querySelectorAll("a.place")]);
    const index = links.indexOf(/** @type {HTMLElement} */ (document.activeElement));
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key] ?? 0;
    if (index < 0 || !step || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    links[Math.max(0, Math.min(links.length - 1, index + step))].focus();
  }
}

/** @param {number} count how many threads have unread replies */
function countThreads(count) {
  return ngettext("%(count)s thread with new replies", "%(count)s threads with new replies", count);
}

/**
 * @param {Place} place
 * @param {number} count
 * @param {boolean} hasDraft
 * @param {string} [person] the first other person of a direct conversation
 */
function makeContent(place, count, hasDraft, person) {
  const isDirect = place.kind === KIND.DIRECT;
  const sign = isDirect ? avatar(person ?? place.name) : icon({ [KIND.PRIVATE]: "lock", [KIND.BOARD]: "board" }[place.kind] ?? "room");
  const content = [sign, make("span", { class: "place-name" }, make("bdi", { text: place.name }))];
  if (hasDraft) content.push(icon("edit"), make("span", { class: "unseen", text: gettext("draft") }));
  if (place.level === LEVEL.NONE) content.push(icon("silent"));
  else if (place.threads) content.push(icon("thread"), make("span", { class: "unseen", text: countThreads(place.threads) }));
  if (!count) return content;
  const isStrong = place.mentions > 0;
  const shown = isStrong ? place.mentions : count;
  const text = shown > MOST_SHOWN ? gettext("%(count)s+", { count: MOST_SHOWN }) : formatNumber(shown);
  const words = isStrong && !isDirect
    ? ngettext("%(count)s mention", "%(count)s mentions", place.mentions)
    : ngettext("%(count)s unread message", "%(count)s unread messages", count);
  return [
    ...content,
    make("span", { class: `badge${isStrong ? " strong" : ""}`, "aria-hidden": "true", text: isStrong && !isDirect ? `@${text}` : text }),
    make("span", { class: "unseen", text: words }),
  ];
}
