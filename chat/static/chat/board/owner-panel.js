// @ts-check
// The controls of a board's owner: knocking visitors, admitted visitors, the link, and "Close the board".
// Must not decide who is admitted: the panel asks the server through the waiting room's socket.

import { call } from "../connection/api.js";
import { LOCAL_EVENT } from "../connection/emitter.js";
import { CLIENT_EVENT, SERVER_EVENT } from "../connection/wire.js";
import { makeCopyButton } from "../ui/clipboard.js";
import { byId, make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { translateDetail } from "../ui/error-sentences.js";
import { ErrorLine, confirmWithSecondClick } from "../ui/forms.js";
import { onMenuEntry } from "../ui/menus.js";
import { avatar, guestMark } from "../ui/pictures.js";
import { fillSentence } from "../ui/sentences.js";
import { gettext, pgettext } from "../ui/translation.js";

/** @typedef {{ visitor: string, handle: string, guest?: boolean }} Visitor `visitor` is a public id */

export class OwnerPanel {
  /** @type {import("../connection/waiting-room-socket.js").WaitingRoomSocket} */
  #socket;
  /** @type {string} */
  #board;
  #knocks = byId("knocks");
  #admitted = byId("admitted");
  #emptyNote = byId("nobody-admitted");

  /**
   * @param {import("../connection/waiting-room-socket.js").WaitingRoomSocket} socket
   * @param {string} board
   */
  constructor(socket, board) {
    this.#socket = socket;
    this.#board = board;
    const copyButton = byId("copy-link");
    makeCopyButton(copyButton, byId("board-link", HTMLInputElement));
    byId("hide-link").addEventListener("click", () => showLinkBar(false));
    onMenuEntry("menu-copy-link", () => {
      showLinkBar(true);
      copyButton.click();
    });
    onMenuEntry("menu-shut", () => this.#openShutDialog());
    this.#listen();
  }

  #listen() {
    this.#socket.on(LOCAL_EVENT.OPENED, () => this.#reload());
    this.#socket.on(SERVER_EVENT.KNOCKED, (visitor) => this.#showKnock(visitor));
    this.#socket.on(SERVER_EVENT.LEFT, ({ visitor }) => this.#removeKnock(visitor));
    this.#socket.on(SERVER_EVENT.ADMITTED, (visitor) => visitor.visitor && this.#showAdmitted(visitor));
    this.#socket.on(SERVER_EVENT.REFUSED, ({ visitor }) => visitor && this.#removeVisitor(visitor));
    this.#socket.on(SERVER_EVENT.REMOVED, ({ visitor }) => visitor && this.#removeVisitor(visitor));
  }

  // After a reconnect the panel is drawn again: the socket sends the waiting visitors, and the API the admitted visitors.
  async #reload() {
    this.#knocks.replaceChildren();
    // A call usually fails because the connection is lost again. The next `opened` loads the list again.
    const { visitors } = await call("GET", `/api/boards/${this.#board}/visitors/`).catch(() => ({ visitors: [] }));
    this.#admitted.replaceChildren();
    for (const visitor of visitors) if (visitor.state === "admitted") this.#showAdmitted(visitor);
    this.#updateEmptyNote();
  }

  /** @param {Visitor} visitor */
  #showKnock({ visitor, handle, guest }) {
    this.#removeVisitor(visitor);
    const name = make("b", { dir: "auto", text: handle });
    const sentence = make("span", {}, ...fillSentence(gettext("%(visitor)s wants to join"), { visitor: name }), " ", guestMark(guest));
    const makeButton = (/** @type {string} */ type, /** @type {string} */ text, /** @type {string} */ style) => (
      make("button", {
        type: "button", class: `button ${style} small`, "data-action": type, text,
        onclick: () => this.#decide(type, { visitor, handle, guest }, sentence),
      })
    );
    this.#knocks.append(make(
      "div",
      { class: "bar knock", "data-visitor": visitor, role: "status" },
      sentence,
      makeButton(CLIENT_EVENT.ADMIT, pgettext("a visitor", "Admit"), ""),
      makeButton(CLIENT_EVENT.REFUSE, pgettext("a visitor", "Deny"), "quiet"),
    ));
  }

  /**
   * Sends the owner's decision about a visitor, and shows its result.
   * @param {string} type
   * @param {Visitor} visitor
   * @param {HTMLElement} [place] shows a refusal of the server
   */
  async #decide(type, visitor, place) {
    const answer = await this.#socket.request(type, { visitor: visitor.visitor });
    if (answer.type === SERVER_EVENT.REJECTED) {
      if (place) place.textContent = translateDetail(answer.detail);
    } else if (type === CLIENT_EVENT.ADMIT) {
      this.#showAdmitted(visitor);
    } else {
      this.#removeVisitor(visitor.visitor);
    }
  }

  /** @param {Visitor} visitor */
  #showAdmitted({ visitor, handle, guest }) {
    this.#removeVisitor(visitor);
    const button = make("button", { type: "button", class: "link", "data-action": CLIENT_EVENT.REMOVE, text: pgettext("a visitor", "Remove") });
    // A removed visitor can only return when the owner admits them again.
    confirmWithSecondClick(button, gettext("Really?"), () => this.#decide(CLIENT_EVENT.REMOVE, { visitor, handle, guest }));
    const name = make("span", { class: "handle", dir: "auto", title: handle, text: handle });
    this.#admitted.append(make("li", { "data-visitor": visitor }, avatar(handle), name, guestMark(guest), button));
    this.#updateEmptyNote();
  }

  /** @param {string} visitor */
  #removeKnock(visitor) {
    this.#knocks.querySelector(`[data-visitor="${CSS.escape(visitor)}"]`)?.remove();
  }

  /** @param {string} visitor */
  #removeVisitor(visitor) {
    this.#admitted.querySelector(`[data-visitor="${CSS.escape(visitor)}"]`)?.remove();
    this.#removeKnock(visitor);
    this.#updateEmptyNote();
  }

  #updateEmptyNote() {
    this.#emptyNote.hidden = this.#admitted.children.length > 0;
  }

  #openShutDialog() {
    const button = make("button", { type: "button", class: "button bad wide", id: "shut-board", text: gettext("Close the board") });
    const error = new ErrorLine();
    const warning = gettext("All visitors are removed, nobody can join again, and all messages are deleted.");
    const dialog = openDialog(
      gettext("Close this board?"), "shut-dialog", make("p", { class: "lead", text: warning }), error.element, button,
    );
    button.addEventListener("click", async () => {
      button.disabled = true;
      button.textContent = gettext("Closing…");
      const answer = await this.#socket.request(CLIENT_EVENT.SHUT);
      if (answer.type === SERVER_EVENT.REJECTED) error.show(translateDetail(answer.detail));
      else dialog.close();
    });
  }
}

/** @param {boolean} isShown */
function showLinkBar(isShown) {
  byId("link-bar").hidden = !isShown;
}
