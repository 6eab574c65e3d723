// @ts-check
// The announcements in the lobby: announcements to everybody, and whispers to this person.
// Must not show the announcements of a room: the room's page does.

import { call } from "../connection/api.js";
import { PersonStorage } from "../connection/storage.js";
import { Announcements } from "../ui/announcements.js";
import { storeDismissal } from "../ui/dismissals.js";
import { pagePerson } from "../ui/person-data.js";

export class LobbyAnnouncements {
  /** @type {Announcements} */
  #announcements;

  /** @param {import("../ui/scope.js").Scope} scope */
  constructor(scope) {
    this.#announcements = new Announcements(new PersonStorage(pagePerson), storeDismissal, scope);
  }

  /** @param {import("../ui/announcements.js").Announcement} announcement */
  show(announcement) {
    this.#announcements.show(announcement);
  }

  /** @param {number} id */
  hide(id) {
    this.#announcements.hide(id);
  }

  /** Fetches the announcements, shows the new ones, and removes those that have ended or were dismissed elsewhere. */
  async refresh() {
    // An announcement that arrives during the request is not in the answer, and must stay.
    const before = this.#announcements.ids;
    const answer = await call("GET", "/api/announcements/current/").catch(() => null);
    if (!answer) return;
    const current = new Set(answer.announcements.map((/** @type {{ id: number }} */ { id }) => id));
    for (const id of before) if (!current.has(id)) this.hide(id);
    for (const announcement of answer.announcements) this.show(announcement);
  }
}
