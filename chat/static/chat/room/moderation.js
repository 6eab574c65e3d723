// @ts-check
// The parts that only moderators, owners and operators see: the menu's entry with the count of open reports, the button
// beside a person, and the dialogs that the two open.
// Must not decide who may moderate: the server does.

import { call } from "../connection/api.js";
import { ROLE } from "../connection/wire.js";
import { child, make } from "../ui/dom.js";
import { isolate } from "../ui/format.js";
import { onMenuEntry } from "../ui/menus.js";
import { formatNumber, gettext } from "../ui/translation.js";
import { MODERATING_ROLES } from "./own-role.js";

// Events within this time cause one refresh.
const REFRESH_DELAY_MS = 200;
const MENU_ENTRY = "menu-moderation";

/**
 * @typedef {object} Actions
 * @property {(id: number) => void} jump shows a message
 * @property {import("./late-dialogs.js").WithDialogs} withDialogs
 */

export class Moderation {
  /** @type {string} */
  #slug;
  /** @type {string} */
  #me;
  /** @type {import("./own-role.js").OwnRole} */
  #ownRole;
  /** @type {Actions} */
  #actions;
  /** The entry of the menu; null on a board, whose menu lacks the entry, and for a visitor, who has no menu. */
  #menuEntry = document.getElementById(MENU_ENTRY);
  #menu = document.getElementById("room-menu");
  #count = make("span", { class: "count", id: "open-reports", hidden: true });
  #isOperator = this.#menuEntry !== null && "operator" in this.#menuEntry.dataset;
  /** @type {import("./moderation-dialog.js").ModerationDialog | null} */
  #dialog = null;
  /** @type {ReturnType<typeof setTimeout> | null} */
  #timer = null;

  /**
   * @param {string} slug
   * @param {string} me
   * @param {import("./own-role.js").OwnRole} ownRole
   * @param {Actions} actions
   */
  constructor(slug, me, ownRole, actions) {
    this.#slug = slug;
    this.#me = me;
    this.#ownRole = ownRole;
    this.#actions = actions;
    this.#menuEntry?.append(" ", this.#count);
    onMenuEntry(MENU_ENTRY, () => actions.withDialogs((dialogs) => this.#open(dialogs)));
  }

  get isAllowed() {
    return this.#menuEntry !== null && (this.#isOperator || this.#ownRole.isModerating);
  }

  /** Shows or hides the menu's entry, and reloads the number of reports, because this person's role may have changed. */
  update() {
    if (this.#menuEntry === null) return;
    this.#menuEntry.hidden = !this.isAllowed;
    this.refresh();
  }

  /**
   * Reloads the number of reports and the lists of an open dialog, after a short delay. The caller calls this after a
   * report, a decision, or a change of a role.
   */
  refresh() {
    if (this.isAllowed && this.#timer === null) this.#timer = setTimeout(() => this.#refreshNow(), REFRESH_DELAY_MS);
  }

  /**
   * Returns whether the viewer may moderate a person.
   * @param {string} handle
   * @param {string} role "" when the role is not known
   */
  canModerate(handle, role) {
    const isProtected = MODERATING_ROLES.has(role) && !this.#isOwner;
    return this.isAllowed && handle !== this.#me && !isProtected;
  }

  /**
   * Makes the button that moderates a person in the list. Returns null for the viewer, and if the viewer may not
   * moderate the person.
   * @param {string} handle
   * @param {string} role "" when the role is not known
   */
  makeButton(handle, role) {
    if (!this.canModerate(handle, role)) return null;
    const label = gettext("Moderate %(handle)s", { handle: isolate(handle) });
    return make("button", {
      type: "button", class: "icon-button tools", "data-action": "moderate", title: label, "aria-label": label,
      "aria-haspopup": "dialog", text: "⋯", onclick: () => this.openPerson(handle),
    });
  }

  #refreshNow() {
    this.#timer = null;
    this.#countReports();
    this.#dialog?.refresh();
  }

  async #countReports() {
    try {
      const { reports, more } = await call("GET", `/api/rooms/${this.#slug}/reports/`);
      const hasReports = reports.length > 0;
      this.#count.textContent = more ? gettext("%(count)s+", { count: reports.length }) : formatNumber(reports.length);
      this.#count.hidden = !hasReports;
      const menu = this.#menu;
      if (!menu) return;
      menu.classList.toggle("has-reports", hasReports);
      const label = hasReports ? gettext("Menu of this room: there are open reports") : gettext("Menu of this room");
      child(menu, "summary").setAttribute("aria-label", label);
    } catch {
      // The old count stays. The next `reported` event loads it again.
    }
  }

  get #isOwner() {
    return this.#isOperator || this.#ownRole.role === ROLE.OWNER;
  }

  /**
   * Opens the dialog that changes a person's role.
   * @param {string} handle
   */
  openPerson(handle) {
    this.#actions.withDialogs(({ PersonDialog }) => new PersonDialog(this.#slug, handle, { isByOwner: this.#isOwner }));
  }

  /** @param {import("./late-dialogs.js").Dialogs} dialogs */
  #open({ ModerationDialog }) {
    this.#dialog = new ModerationDialog(this.#slug, this.#me, {
      openPerson: (handle) => this.openPerson(handle),
      jump: this.#actions.jump,
      changed: () => this.refresh(),
      closed: () => { this.#dialog = null; },
    });
    this.#refreshNow();
  }
}
