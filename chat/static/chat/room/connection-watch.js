// @ts-check
// Shows the state of the room's connection on the page, and tells the socket when the person is active. Disables the composer
// when the person is signed out, or no longer has access to the room.
// Must not decide when to reconnect: the socket does.

import { LOCAL_EVENT } from "../connection/emitter.js";
import { CLOSE } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { onReturn } from "../ui/page-return.js";
import { forgetPerson } from "../ui/person-data.js";
import { gettext } from "../ui/translation.js";
import { ConnectionBar } from "./bars.js";

// The events of a person who is active on the page.
const INPUTS = ["pointerdown", "pointermove", "wheel", "keydown"];

/**
 * @typedef {object} Parts
 * @property {import("../connection/room-socket.js").RoomSocket} socket
 * @property {import("./composer.js").Composer} composer
 * @property {import("./own-role.js").OwnRole} ownRole
 * @property {import("../ui/scope.js").Scope} scope
 */

export class ConnectionWatch {
  #page = byId("room");
  #bar = new ConnectionBar(() => this.#parts.socket.checkConnection());
  /** @type {Parts} */
  #parts;

  /** @param {Parts} parts */
  constructor(parts) {
    this.#parts = parts;
    const { socket, scope } = parts;
    socket.on(LOCAL_EVENT.STATUS, (status) => this.#statusChanged(status));
    socket.on(LOCAL_EVENT.SILENCE, ({ isSilent }) => scope.isActive && this.#bar.showSilence(isSilent));
    for (const input of INPUTS) scope.listen(document, input, () => socket.noteActivity(), { passive: true });
    scope.whileActive((signal) => onReturn(() => socket.checkConnection(), signal));
  }

  /** Stops the countdown of the bar, because the room leaves the page. */
  suspend() {
    this.#bar.suspend();
  }

  /** @param {import("../connection/reconnecting-connection.js").Status} status */
  #statusChanged(status) {
    const { scope, composer, ownRole } = this.#parts;
    // A conversation that leaves the page closes its connection itself, and needs no bar.
    if (!scope.isActive) return;
    this.#bar.show(status);
    this.#page.dataset.state = status.state === "open" ? "joined" : status.state;
    if (status.code === CLOSE.NOT_SIGNED_IN) {
      forgetPerson();
      composer.disable(gettext("You are signed out."));
    }
    if (status.code === CLOSE.FORBIDDEN) composer.disable(ownRole.removalSentence);
    if (status.code === CLOSE.NOT_FOUND) composer.disable(gettext("This room does not exist."));
  }
}
