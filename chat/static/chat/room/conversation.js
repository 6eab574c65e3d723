// @ts-check
// The conversation on the page of a room or of a board: connects the socket with the parts that draw.
// Must not know the frames of the wire: connection/ reads and writes them.

import { LOCAL_EVENT } from "../connection/emitter.js";
import { RoomSocket } from "../connection/room-socket.js";
import { PersonStorage } from "../connection/storage.js";
import { CLOSE, SERVER_EVENT } from "../connection/wire.js";
import { Announcements } from "../ui/announcements.js";
import { byId, closestTo } from "../ui/dom.js";
import { onMenuEntry } from "../ui/menus.js";
import { onReturn } from "../ui/page-return.js";
import { forgetPerson, onForgotten } from "../ui/person-data.js";
import { ConnectionBar, VersionBar } from "./bars.js";
import { Composer } from "./composer.js";
import { Draft } from "./draft.js";
import { HistoryNavigation } from "./history-navigation.js";
import { MessageActions } from "./message-actions.js";
import { MessageToolbar } from "./message-toolbar.js";
import { Moderation } from "./moderation.js";
import { OwnChanges } from "./own-changes.js";
import { OwnRole } from "./own-role.js";
import { People } from "./people.js";
import { ReadMarker } from "./read-marker.js";
import { TaskBars } from "./task-bars.js";
import { Timeline } from "./timeline.js";
import { TypingOthers, TypingSignal } from "./typing.js";

const NOTICE_MS = 6_000;

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {(open: (dialogs: typeof import("./dialogs.js")) => void) => void} WithDialogs */

/**
 * @typedef {object} Options
 * @property {string} slug
 * @property {string} handle the person whom the page is for
 * @property {string} owner who owns what the page keeps in the browser
 * @property {string} [url] the address of the websocket, for a board
 */

/**
 * Starts the conversation of this page, and returns it.
 * @param {Options} options
 */
export function startConversation(options) {
  const conversation = new Conversation(options);
  conversation.open();
  return conversation;
}

/**
 * Loads the dialogs, which the browser fetches once. Returns null when the fetch failed; the next call tries again.
 * @returns {Promise<typeof import("./dialogs.js") | null>}
 */
function loadDialogs() {
  return import("./dialogs.js").catch(() => null);
}

class Conversation {
  #page = byId("room");
  #list = byId("messages");
  // The list has its own role, so the live region is the element around it.
  #log = byId("message-log");
  #notice = byId("notice");
  /** @type {import("./schedule-dialog.js").ScheduleDialog | null} */
  #scheduleDialog = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #noticeTimer;
  #isGuest = this.#page.dataset.guest !== undefined;

  /** @param {Options} options */
  constructor({ slug, handle, owner, url }) {
    this.me = handle;
    this.slug = slug;
    const storage = new PersonStorage(owner);
    // On a board the owner is not a person's key.
    const person = url === undefined ? owner : "";
    this.socket = new RoomSocket({ slug, handle, person, url, storage, page: document });
    const { socket } = this;
    const { changes } = socket;
    const notify = (/** @type {string} */ sentence) => this.#notify(sentence);
    /** @type {WithDialogs} */
    const withDialogs = (open) => this.withDialogs(open);
    this.timeline = new Timeline(byId("scroller"), this.#list, handle);
    this.announcements = new Announcements(storage, (id) => socket.dismiss(id));
    this.connectionBar = new ConnectionBar(() => socket.checkConnection());
    this.typingSignal = new TypingSignal((isTyping) => socket.typing(isTyping));
    this.typingOthers = new TypingOthers((sentence) => { byId("typing").textContent = sentence; });
    const markerActions = { send: (/** @type {number} */ offset) => socket.read(offset), cursor: () => socket.cursor };
    this.readMarker = new ReadMarker(this.timeline, handle, markerActions);
    this.history = new HistoryNavigation(socket, this.timeline, this.readMarker);
    this.actions = new MessageActions(handle, {
      changes, timeline: this.timeline, readMarker: this.readMarker, isModerating: () => this.ownRole.isModerating,
      isBoard: url !== undefined,
    });
    this.composer = new Composer(this.#composerActions(), new Draft(storage, slug));
    this.taskBars = new TaskBars({
      start: (task, params) => changes.startTask(task, params), notify, focusComposer: () => this.composer.focus(),
      withDialogs,
    });
    this.ownRole = new OwnRole(this.composer, { notify, changed: () => this.#ownRoleChanged() });
    this.moderation = new Moderation(slug, handle, this.ownRole, { jump: (id) => this.history.jump(id), withDialogs });
    this.people = new People((person, role) => this.moderation.makeButton(person, role));
    this.versionBar = new VersionBar(() => this.composer.isEmpty && changes.pending.length === 0);
    this.toolbar = new MessageToolbar(this.#list, (id) => this.actions.rightsOn(id), this.#toolbarActions());
    const { timeline, taskBars, history } = this;
    this.ownChanges = new OwnChanges(handle, {
      socket, timeline, taskBars, history, notify, scheduleDialog: () => this.#scheduleDialog,
      isGuest: () => this.#isGuest,
    });
    this.#listen();
  }

  open() {
    this.ownChanges.show();
    this.socket.open();
  }

  /**
   * Loads the dialogs if they are not loaded yet, and then calls `open` with them.
   * @param {(dialogs: typeof import("./dialogs.js")) => void} open
   */
  async withDialogs(open) {
    const dialogs = await loadDialogs();
    if (dialogs) open(dialogs);
    else this.#notify("The page could not load this dialog. Check your connection and try again.");
  }

  /** @returns {import("./composer.js").Actions} */
  #composerActions() {
    return {
      submit: (body, target) => this.actions.submit(body, target),
      typed: () => this.typingSignal.typed(),
      stoppedTyping: () => this.typingSignal.stop(),
      editLast: () => this.#editLast(),
    };
  }

  /** @returns {import("./message-toolbar.js").Actions} */
  #toolbarActions() {
    const notify = (/** @type {string} */ sentence) => this.#notify(sentence);
    return {
      react: (id, emoji) => this.actions.toggleReaction(id, emoji),
      reply: (id) => this.#withMessage(id, (message) => this.composer.reply(message)),
      edit: (id) => this.#withMessage(id, (message) => this.composer.edit(message)),
      remove: (id) => this.socket.changes.remove(id),
      report: (id) => this.#withMessage(id, (message) => (
        this.withDialogs(({ openReportDialog }) => openReportDialog(this.slug, message, notify))
      )),
    };
  }

  #listen() {
    const { socket, timeline } = this;
    socket.on(SERVER_EVENT.JOINED, (event) => this.#joined(event));
    socket.on(SERVER_EVENT.MESSAGE, (message) => this.#received(message));
    socket.on(SERVER_EVENT.SYNCED, () => this.#synced());
    socket.on(SERVER_EVENT.PAGE, ({ messages }) => this.#pageReceived(messages));
    socket.on(LOCAL_EVENT.RESET, () => this.#reset());
    socket.on(LOCAL_EVENT.ACKED, (event) => this.ownChanges.acked(event));
    socket.on(SERVER_EVENT.REJECTED, (event) => this.ownChanges.rejected(event));
    socket.on(LOCAL_EVENT.OUTBOX, () => this.ownChanges.show());
    socket.on(LOCAL_EVENT.STATUS, (status) => this.#statusChanged(status));
    socket.on(SERVER_EVENT.PRESENCE, (event) => this.people.presenceChanged(event));
    socket.on(SERVER_EVENT.TYPING, (person) => person.handle !== this.me && this.typingOthers.update(person, person.on));
    socket.on(SERVER_EVENT.READ, ({ offset }) => this.readMarker.receive(offset));
    socket.on(SERVER_EVENT.ANNOUNCEMENT, (event) => this.announcements.show(event));
    socket.on(SERVER_EVENT.DISMISSED, ({ id }) => this.announcements.hide(id));
    socket.on(SERVER_EVENT.MEMBER, (event) => this.#memberChanged(event));
    socket.on(SERVER_EVENT.REPORTED, () => this.moderation.refresh());
    socket.on(SERVER_EVENT.TASK, (event) => this.taskBars.show(event));
    timeline.on("drawn", ({ messages }) => this.#drawn(messages));
    timeline.on("shortened", ({ from }) => this.#shortened(from));
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    onReturn(() => socket.checkConnection());
    onForgotten(() => this.#forget());
    onMenuEntry("menu-schedule", () => this.withDialogs((dialogs) => this.#openScheduleDialog(dialogs)));
  }

  /** @param {typeof import("./dialogs.js")} dialogs */
  #openScheduleDialog({ ScheduleDialog }) {
    this.#scheduleDialog ??= new ScheduleDialog(this.slug, (body, at) => this.socket.changes.schedule(body, at));
    this.#scheduleDialog.open();
  }

  /**
   * @param {number} id
   * @param {(message: Message) => void} act
   */
  #withMessage(id, act) {
    const message = this.timeline.get(id);
    if (message) act(message);
  }

  #editLast() {
    const last = this.actions.findLastOwn();
    if (last) this.composer.edit(last);
  }

  /**
   * Shows a sentence to the person for six seconds.
   * @param {string} sentence
   */
  #notify(sentence) {
    this.#notice.textContent = sentence;
    this.#notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => { this.#notice.hidden = true; }, NOTICE_MS);
  }

  /** @param {any} joined */
  #joined({ room, you, version, present, count }) {
    // Another person has signed in in another tab, so this page must be loaded for the new person.
    if (you.handle !== this.me || this.socket.isOther(you)) {
      location.reload();
      return;
    }
    this.#isGuest = Boolean(you.guest);
    this.ownRole.joined(you);
    byId("room-name").textContent = room.name;
    byId("room-topic").textContent = room.topic ?? "";
    this.people.joined({ present, count, you });
    this.readMarker.receive(you.read);
    this.versionBar.compare(document.body.dataset.version, version);
  }

  /** @param {{ handle: string, role: string, until?: string | null }} member */
  #memberChanged(member) {
    if (member.handle === this.me) this.ownRole.changeTo(member);
    this.people.roleChanged(member);
    this.moderation.refresh();
  }

  /** Redraws the actions that depend on the role: in the room's menu, beside the people, and at the messages. */
  #ownRoleChanged() {
    for (const entry of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-roles]"))) {
      entry.hidden = !entry.dataset.roles?.split(" ").includes(this.ownRole.role);
    }
    this.moderation.update();
    this.people.redraw();
    this.toolbar.hide();
  }

  /** @param {Message} message */
  #received(message) {
    this.typingOthers.update(message.author, false);
    this.timeline.add(message);
  }

  #synced() {
    this.timeline.flush();
    this.#log.setAttribute("aria-busy", "false");
    this.#page.dataset.state = "open";
    this.history.synced();
    // The dialogs load now. Each dialog then opens at once, even without a connection.
    loadDialogs();
  }

  #reset() {
    this.history.reset();
    this.#log.setAttribute("aria-busy", "true");
    this.timeline.clear();
    this.ownChanges.reset();
  }

  /** @param {Message[]} messages */
  #pageReceived(messages) {
    for (const message of messages) this.timeline.add(message);
    this.timeline.flush();
    this.history.pageDrawn();
  }

  /** @param {Message[]} messages */
  #drawn(messages) {
    this.ownChanges.messagesDrawn(messages);
    this.toolbar.refresh();
    this.history.update();
  }

  /** @param {number} from the oldest message that is left */
  #shortened(from) {
    this.socket.dropBefore(from);
    this.history.showOlderButton();
  }

  /** @param {import("../connection/reconnecting-connection.js").Status} status */
  #statusChanged(status) {
    this.connectionBar.show(status);
    this.#page.dataset.state = status.state === "open" ? "joined" : status.state;
    if (status.code === CLOSE.NOT_SIGNED_IN) {
      forgetPerson();
      this.composer.disable("You are signed out.");
    }
    if (status.code === CLOSE.FORBIDDEN) this.composer.disable(this.ownRole.removalSentence);
    if (status.code === CLOSE.NOT_FOUND) this.composer.disable("This room does not exist.");
  }

  /** Removes what the person has written from the page, because the person has signed out. */
  #forget() {
    this.composer.clear();
    this.socket.changes.forget();
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const quote = closestTo(event, "[data-jump]");
    const reaction = closestTo(event, "[data-react]");
    if (quote) this.history.jump(Number(quote.dataset.jump));
    if (reaction) {
      const item = /** @type {HTMLElement} */ (reaction.closest(".message"));
      this.actions.toggleReaction(Number(item.dataset.id), reaction.dataset.react ?? "");
    }
  }
}
