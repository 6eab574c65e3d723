// @ts-check
// A board's page: the steps before a visitor is admitted, and the owner's controls. Must not read frames:
// waiting-room-socket.js does. Must not know the conversation: this module only starts it.

import { socketUrl } from "../connection/environment.js";
import { asApiError, call } from "../connection/api.js";
import { LOCAL_EVENT } from "../connection/emitter.js";
import { PersonStorage, boardOwner, forgetOtherVisitors, sharedStorage, tabStorage } from "../connection/storage.js";
import { WaitingRoomSocket } from "../connection/waiting-room-socket.js";
import { CLIENT_EVENT, CLOSE, REFUSAL, SERVER_EVENT } from "../connection/wire.js";
import { byId } from "../ui/dom.js";
import { translateDetail } from "../ui/error-sentences.js";
import { markInvalid } from "../ui/forms.js";
import { onReturn } from "../ui/page-return.js";
import { showDoorAnnouncements } from "./door-announcements.js";
import { OwnerPanel } from "./owner-panel.js";

const RETRY_MS = 3_000;
// The page shows a lost connection only after this time: most reconnects are quicker.
const SHOW_LOST_AFTER_MS = 1_000;
const KNOCK_STEP_AFTER_MS = 200;
const HANDLE_KEY = "chat.handle";
/** The steps of the page, as in `data-step` of the template. */
const STEP = Object.freeze({
  LOADING: "loading", KNOCK: "knock", WAITING: "waiting", REFUSED: "refused", REMOVED: "removed", SHUT: "shut",
  OFFLINE: "offline", INSIDE: "inside", OWNER: "owner",
});
/** @type {Set<string | undefined>} */
const FINAL_STEPS = new Set([STEP.INSIDE, STEP.OWNER, STEP.REMOVED, STEP.SHUT]);

/** @typedef {{ slug: string, handle: string, url: string, owner: string, previewPath: string, filesPath: string }} ConversationOptions */

export class BoardPage {
  /** @type {(options: ConversationOptions) => Promise<unknown>} */
  #startConversation;
  #page = byId("room");
  #board = this.#page.dataset.board ?? "";
  #form = byId("knock-form", HTMLFormElement);
  #handleInput = byId("knock-handle", HTMLInputElement);
  #error = byId("knock-error");
  /** @type {PersonStorage | null} */
  #storage = null;
  /** The visitor's session id on this board, which only this browser knows. */
  #session = "";
  /** @type {OwnerPanel | null} */
  #ownerPanel = null;
  #hasConversation = false;
  #hasStartedAgain = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #socket = new WaitingRoomSocket(() => socketUrl(`/auth/${this.#board}/${this.#session}/`));

  /** @param {(options: ConversationOptions) => Promise<unknown>} startConversation */
  constructor(startConversation) {
    this.#startConversation = startConversation;
    this.#listen();
  }

  /** Asks the server for this visitor's session, and connects. */
  async start() {
    try {
      const { session, owner: isOwner } = await call("GET", `/api/boards/${this.#board}/`);
      this.#session = session;
      this.#openStorage();
      if (isOwner) {
        if (!this.#ownerPanel) this.#ownerPanel = new OwnerPanel(this.#socket, this.#board);
        this.#enter(this.#page.dataset.handle ?? "");
      }
      this.#socket.open();
    } catch (error) {
      if (asApiError(error).code === REFUSAL.NOT_FOUND) {
        this.#show(STEP.SHUT);
        return;
      }
      if (!this.#isFinal) this.#show(STEP.OFFLINE);
      setTimeout(() => this.start(), RETRY_MS);
    }
  }

  /**
   * Deletes what earlier visitors of the board have left in the browser, opens this visitor's storage, shows the
   * announcements, and fills in the handle of the visitor's last knock.
   */
  #openStorage() {
    for (const storage of [tabStorage, sharedStorage]) forgetOtherVisitors(this.#board, this.#session, storage);
    const isFirst = this.#storage === null;
    this.#storage = new PersonStorage(boardOwner(this.#board, this.#session));
    if (isFirst) showDoorAnnouncements(this.#socket, this.#storage);
    const input = this.#handleInput;
    if (!input.readOnly && !input.value) input.value = this.#storage.getItem(HANDLE_KEY) ?? "";
  }

  get #step() {
    return this.#page.dataset.step;
  }

  get #isFinal() {
    return FINAL_STEPS.has(this.#step);
  }

  #listen() {
    const socket = this.#socket;
    socket.on(LOCAL_EVENT.OPENED, () => this.#opened());
    socket.on(LOCAL_EVENT.STATUS, (status) => this.#statusChanged(status));
    // The events with a `visitor` are for the owner.
    socket.on(SERVER_EVENT.WAITING, ({ handle }) => this.#waiting(handle));
    socket.on(SERVER_EVENT.ADMITTED, ({ visitor, handle }) => visitor || this.#enter(handle));
    socket.on(SERVER_EVENT.REFUSED, ({ visitor }) => visitor || this.#show(STEP.REFUSED));
    socket.on(SERVER_EVENT.REMOVED, ({ visitor }) => visitor || this.#show(STEP.REMOVED));
    socket.on(SERVER_EVENT.SHUT, () => this.#show(STEP.SHUT));
    this.#form.addEventListener("submit", (event) => this.#knock(event));
    byId("knock-again").addEventListener("click", () => this.#show(STEP.KNOCK));
    onReturn(() => socket.reconnectNow());
  }

  /** @param {string} step */
  #show(step) {
    clearTimeout(this.#timer);
    this.#page.dataset.step = step;
    if (step === STEP.KNOCK && !this.#handleInput.readOnly) this.#handleInput.focus();
  }

  /**
   * Starts the conversation without a reload. If a visitor was removed and is admitted again, the page reloads.
   * @param {string} handle
   */
  async #enter(handle) {
    if (this.#hasConversation) {
      if (this.#step !== STEP.INSIDE) location.reload();
      return;
    }
    this.#hasConversation = true;
    if (this.#step !== STEP.OWNER) this.#show(STEP.INSIDE);
    const url = socketUrl(`/write/${this.#board}/${this.#session}/`);
    await this.#startConversation({
      slug: this.#page.dataset.slug ?? "", handle, url, owner: boardOwner(this.#board, this.#session),
      previewPath: `/api/boards/${this.#board}/preview/`, filesPath: `/api/boards/${this.#board}/files/`,
    });
    byId("composer").focus();
  }

  /** @param {Event} event */
  async #knock(event) {
    event.preventDefault();
    this.#error.textContent = "";
    this.#handleInput.removeAttribute("aria-invalid");
    const answer = await this.#socket.request(CLIENT_EVENT.KNOCK, { handle: this.#handleInput.value });
    if (answer.type === SERVER_EVENT.REJECTED) {
      this.#error.textContent = translateDetail(answer.detail);
      markInvalid(this.#handleInput, this.#error);
    } else if (this.#step === STEP.KNOCK) this.#show(STEP.WAITING);
    this.#storage?.setItem(HANDLE_KEY, this.#handleInput.value);
  }

  /** @param {string} handle */
  #waiting(handle) {
    this.#handleInput.value = handle;
    this.#show(STEP.WAITING);
  }

  // The server sends a returning visitor's state at once. A visitor without such an event has not knocked yet.
  #opened() {
    clearTimeout(this.#timer);
    if (this.#step === STEP.LOADING || this.#step === STEP.OFFLINE) {
      this.#timer = setTimeout(() => this.#show(STEP.KNOCK), KNOCK_STEP_AFTER_MS);
    }
  }

  /** @param {import("../connection/reconnecting-connection.js").Status} status */
  #statusChanged({ state, code }) {
    if (state === "waiting" && !this.#isFinal) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#show(STEP.OFFLINE), SHOW_LOST_AFTER_MS);
    }
    if (state !== "closed") return;
    if (code === CLOSE.FORBIDDEN && this.#step !== STEP.SHUT) this.#show(STEP.REMOVED);
    // The visitor signed out in another tab, or the board no longer exists. For a missing board the page asks once more.
    if (code === CLOSE.NOT_SIGNED_IN || (code === CLOSE.NOT_FOUND && !this.#hasStartedAgain)) this.#startAgain();
    else if (code === CLOSE.NOT_FOUND) this.#show(STEP.SHUT);
  }

  #startAgain() {
    this.#hasStartedAgain = true;
    if (this.#hasConversation) location.reload();
    else this.start();
  }
}
