// @ts-check
// What a person changes about their rooms: what is read, the level of notifications, favourites.
// Shows a change at once or after the server's `ack`, before the person's own stream reports it. Must not draw.

import { CLIENT_EVENT, SERVER_EVENT } from "../connection/wire.js";
import { translateDetail } from "../ui/error-sentences.js";
import { isolate } from "../ui/format.js";
import { gettext } from "../ui/translation.js";
import { isFavourite } from "./places.js";

/**
 * @typedef {object} Parts
 * @property {import("./places.js").Places} places
 * @property {import("../connection/me-socket.js").MeSocket} socket
 * @property {() => import("./panes.js").Pane} pane returns the pane on the page
 * @property {() => void} changed draws the rooms
 * @property {(sentence: string) => void} notify shows a sentence to the person
 * @property {(sentence: string) => void} announce says something to screen readers
 * @property {(place: import("./places.js").Place) => string} titleOf returns the name under which the person sees a room
 */

export class PlaceChanges {
  /** @type {Parts} */
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
  }

  /**
   * Shows a change of a room.
   * @param {string} slug
   * @param {object} fields
   */
  show(slug, fields) {
    this.#parts.places.change({ slug, ...fields });
    this.#parts.changed();
  }

  /**
   * Marks a room as read, in all tabs of the person.
   * @param {string} slug
   */
  markRead(slug) {
    const { places, socket, pane } = this.#parts;
    const place = places.get(slug);
    if (!place) return;
    socket.read(slug, place.offset ?? 0);
    this.show(slug, { unread: 0, mentions: 0 });
    if (pane().slug === slug) pane().conversation?.readMarker.markAllRead();
  }

  /** Marks all rooms and threads as read. */
  async markAllRead() {
    const { places, pane, changed, announce } = this.#parts;
    if (!(await this.#request(CLIENT_EVENT.READ_ALL, {}))) return;
    for (const { slug } of places.all) places.change({ slug, unread: 0, mentions: 0, threads: 0 });
    pane().conversation?.readMarker.markAllRead();
    changed();
    announce(gettext("All rooms are marked as read."));
  }

  /**
   * Chooses for which messages of a room the person is notified.
   * @param {string} slug
   * @param {string} level
   */
  async setLevel(slug, level) {
    if (await this.#request(CLIENT_EVENT.LEVEL, { room: slug, level })) this.show(slug, { level });
  }

  /**
   * Makes a room the last favourite, or removes it from the favourites.
   * @param {string} slug
   */
  async toggleFavourite(slug) {
    const { places } = this.#parts;
    const place = places.get(slug);
    const on = place !== undefined && !isFavourite(place);
    const last = Math.max(-1, ...places.all.filter(isFavourite).map(({ favourite }) => Number(favourite)));
    if (await this.#request(CLIENT_EVENT.FAVOURITE, { room: slug, on })) this.show(slug, { favourite: on ? last + 1 : null });
  }

  /**
   * Moves a favourite before another one, shows the new order at once, and announces it after the server's `ack`. If the
   * server refuses, the former order returns.
   * @param {string} slug
   * @param {string | null} before null for the end of the list
   */
  async moveFavourite(slug, before) {
    const { places, changed, announce, titleOf } = this.#parts;
    const former = places.favourites.map((place) => place.slug);
    const position = places.moveFavourite(slug, before);
    const place = places.get(slug);
    if (position === null || !place) return;
    changed();
    const shown = places.shownFavourites.map((other) => other.slug);
    if (await this.#request(CLIENT_EVENT.FAVOURITE, { room: slug, on: true, position })) {
      announce(gettext("%(room)s is favourite %(position)s of %(count)s.", {
        room: isolate(titleOf(place)), position: shown.indexOf(slug) + 1, count: shown.length,
      }));
    } else {
      places.setFavourites(former);
      changed();
    }
  }

  /**
   * Moves a favourite up or down by one place.
   * @param {string} slug
   * @param {1 | -1} step
   */
  async moveFavouriteBy(slug, step) {
    const shown = this.#parts.places.shownFavourites.map((place) => place.slug);
    const target = shown.indexOf(slug) + step;
    if (!shown.includes(slug) || target < 0 || target >= shown.length) return;
    await this.moveFavourite(slug, (step < 0 ? shown[target] : shown[target + 1]) ?? null);
  }

  /**
   * Sends a request, and shows why the server has refused it. Returns the `ack`, or null.
   * @param {string} type
   * @param {object} fields
   */
  async #request(type, fields) {
    const answer = await this.#parts.socket.request(type, fields);
    if (answer.type === SERVER_EVENT.ACK) return answer;
    this.#parts.notify(translateDetail(answer.detail) || gettext("The server rejected this change."));
    return null;
  }
}
