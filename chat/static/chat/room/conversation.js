// @ts-check
// The conversation on the page of a room or of a board: connects the socket with the parts that draw.
// Must not build or parse frames: connection/ does that. This module uses only the names of events and close codes.

import { LOCAL_EVENT } from "../connection/emitter.js";
import { RoomSocket } from "../connection/room-socket.js";
import { keptStorage } from "../connection/kept-storage.js";
import { PersonStorage } from "../connection/storage.js";
import { CLOSE, SERVER_EVENT } from "../connection/wire.js";
import { Announcements } from "../ui/announcements.js";
import { copyText } from "../ui/clipboard.js";
import { byId, closestTo } from "../ui/dom.js";
import { onMenuEntry } from "../ui/menus.js";
import { onReturn } from "../ui/page-return.js";
import { isPageFocused, setTitleNumber } from "../ui/page-title.js";
import { forgetPerson, onForgotten } from "../ui/person-data.js";
import { Scope } from "../ui/scope.js";
import { formatNumber, gettext } from "../ui/translation.js";
import { ConnectionBar, VersionBar } from "./bars.js";
import { Composer } from "./composer.js";
import { Draft } from "./draft.js";
import { HistoryNavigation } from "./history-navigation.js";
import { watchForCompletion } from "./late-completion.js";
import { LastPlace } from "./last-place.js";
import { makeWithDialogs } from "./late-dialogs.js";
import { knowRooms } from "./marks.js";
import { MessageActions } from "./message-actions.js";
import { MessageControls } from "./message-controls.js";
import { MessageFlow } from "./message-flow.js";
import { makeMessageTools } from "./message-tools.js";
import { Moderation } from "./moderation.js";
import { OwnChanges } from "./own-changes.js";
import { OwnRole } from "./own-role.js";
import { People } from "./people.js";
import { PersonLinks } from "./person-links.js";
import { ReadMarker } from "./read-marker.js";
import { TaskBars } from "./task-bars.js";
import { Timeline } from "./timeline.js";
import { TypingOthers, TypingSignal } from "./typing.js";

const NOTICE_MS = 6_000;
// The events of a person who is active on the page.
const INPUTS = ["pointerdown", "pointermove", "wheel", "keydown"];

/**
 * @typedef {object} Options
 * @property {string} slug
 * @property {string} handle the person whom the page is for
 * @property {string} owner the key of the data that the page stores in the browser: the person's key, or a board's own key
 * @property {string} [url] the address of the websocket, for a board
 * @property {import("./person-links.js").Social} [social] the people of the site; a board has none
 * @property {(unread: import("./read-marker.js").Unread) => void} [showUnread] shows how many messages are unread; without
 *   it, the page's title does
 * @property {() => { slug: string, name: string }[]} [ownRooms] the person's rooms
 */

/** @param {import("./read-marker.js").Unread} unread */
function showUnreadInTitle({ count, isMore }) {
  const number = isMore ? gettext("%(count)s+", { count }) : formatNumber(count);
  setTitleNumber(count && !isPageFocused() ? number : "");
}

/**
 * Starts the conversation whose elements are on the page, and returns it. At most one conversation at a time may be on the
 * page: it finds its elements by their ids when it starts.
 * @param {Options} options
 */
export function startConversation(options) {
  const conversation = new Conversation(options);
  conversation.open();
  return conversation;
}

export class Conversation {
  #scope = new Scope();
  #page = byId("room");
  #name = byId("room-name");
  #topic = byId("room-topic");
  #typing = byId("typing");
  /** @type {NodeListOf<HTMLElement>} */
  #partsByRole = document.querySelectorAll("[data-roles]");
  /** @type {NonNullable<Options["showUnread"]>} */
  #showUnread;
  #list = byId("messages");
  /**
   * For people who want a room to open where they were.
   * @type {LastPlace | null}
   */
  #lastPlace = null;
  /** @type {PersonLinks | null} */
  #links = null;
  #notice = byId("notice");
  /** @type {import("./schedule-dialog.js").ScheduleDialog | null} */
  #scheduleDialog = null;
  /**
   * The buttons beside the field; null before their first use.
   * @type {import("./composer-tools.js").ComposerTools | null}
   */
  #tools = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #noticeTimer;
  #isGuest = this.#page.dataset.guest !== undefined;
  /**
   * What the person may type in place of a message.
   * @type {ReturnType<typeof import("./commands.js").makeCommands> | null}
   */
  commands = null;
  #connectionBar = new ConnectionBar(() => this.socket.checkConnection());
  #typingSignal = new TypingSignal((isTyping) => this.socket.typing(isTyping));
  #typingOthers = new TypingOthers((sentence) => { this.#typing.textContent = sentence; });

  /** Whether nobody can write in the room. */
  isArchived = false;

  /** @param {Options} options */
  constructor({ slug, handle, owner, url, social, showUnread = showUnreadInTitle, ownRooms = () => [] }) {
    const scope = this.#scope;
    this.#showUnread = showUnread;
    this.me = handle;
    this.slug = slug;
    const storage = new PersonStorage(owner);
    const isBoard = url !== undefined;
    // A board's own key does not identify a person.
    const person = isBoard ? "" : owner;
    const kept = keptStorage(owner);
    this.socket = new RoomSocket({ slug, handle, person, url, storage: kept, page: document });
    const { socket } = this;
    const { changes } = socket;
    const notify = (/** @type {string} */ sentence) => this.notify(sentence);
    const showNewest = () => this.history.showNewest();
    const focusComposer = () => this.composer.focus();
    const withDialogs = makeWithDialogs(notify);
    this.withDialogs = withDialogs;
    this.timeline = new Timeline(byId("scroller"), this.#list, handle);
    this.announcements = new Announcements(storage, (id) => socket.dismiss(id), scope);
    this.readMarker = new ReadMarker(this.timeline, handle, this.#readMarkerRoom());
    const { timeline, readMarker } = this;
    this.history = new HistoryNavigation(socket, timeline, readMarker, { notify, scope });
    this.actions = new MessageActions(handle, { slug, changes, timeline, readMarker, showNewest, ...this.#rightsInRoom(isBoard) });
    this.composer = new Composer(this.#composerActions(), new Draft(kept, slug));
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (this.#page.querySelectorAll("[data-tool]"))) {
      button.addEventListener("click", () => withDialogs((dialogs) => this.#useTool(dialogs, button, isBoard)));
    }
    const start = (/** @type {string} */ task, /** @type {object} */ params) => changes.startTask(task, params);
    this.taskBars = new TaskBars({ start, notify, focusComposer, withDialogs });
    this.ownRole = new OwnRole(this.composer, { notify, changed: () => this.#ownRoleChanged(), scope });
    this.moderation = new Moderation(slug, handle, this.ownRole, { jump: (id) => this.history.jump(id), withDialogs });
    const openCard = social ? (/** @type {string} */ author) => this.#links?.openCard(author) : null;
    this.people = new People((member, role) => this.moderation.makeButton(member, role), scope, openCard);
    this.versionBar = new VersionBar(() => this.composer.isEmpty && changes.pending.length === 0, scope);
    this.controls = new MessageControls({
      me: handle, scroller: byId("scroller"), list: this.#list, timeline, rightsOn: (id) => this.actions.rightsOn(id),
      actions: this.#messageActions(), withDialogs, notify, focusComposer, showNewest, scope,
      showOldest: () => this.history.showOldest(),
    });
    const { taskBars, history, controls } = this;
    const scheduleDialog = () => this.#scheduleDialog;
    const isGuest = () => this.#isGuest;
    this.ownChanges = new OwnChanges(handle, { socket, timeline, taskBars, history, notify, scheduleDialog, isGuest });
    const { ownChanges } = this;
    if (social) this.#links = new PersonLinks(social, this.#linkedParts());
    new MessageFlow({ socket, timeline, readMarker, history, ownChanges, controls, typingOthers: this.#typingOthers });
    if (this.#page.dataset.opensAt === "last") {
      this.#lastPlace = new LastPlace(kept, slug, () => timeline.seenTo, scope);
      history.openAt(this.#lastPlace.id);
    }
    watchForCompletion({
      slug, me: handle, isBoard, isGuest, ownRooms, present: () => this.people.handles, mayCallAll: () => this.ownRole.isModerating,
      commands: () => this.commands?.offered ?? [], found: knowRooms, loadEmoji: () => import("../emoji/catalogue.js"),
    });
    this.#listen();
  }

  open() {
    this.ownChanges.show();
    this.socket.open();
  }

  /**
   * Closes the connection and ends all listeners and timers, because the conversation leaves the page. The caller calls
   * this before it removes the elements from the page.
   */
  suspend() {
    this.#typingSignal.stop();
    this.readMarker.suspend();
    this.#lastPlace?.save();
    this.timeline.suspend();
    this.controls.hide();
    this.taskBars.suspend();
    this.#typingOthers.clear();
    this.ownChanges.suspend();
    this.#scope.suspend();
    this.socket.close();
    this.#connectionBar.suspend();
    this.#notice.hidden = true;
  }

  /** Connects again, with the place and the text as they were. The caller first puts the elements on the page again. */
  resume() {
    this.#scope.resume();
    this.timeline.resume();
    this.taskBars.resume();
    this.socket.open();
    this.ownChanges.show();
  }

  /** The room's name and topic, as the page shows them. */
  get title() {
    return { name: this.#name.textContent ?? "", topic: this.#topic.textContent ?? "" };
  }

  /**
   * Shows a new name or topic.
   * @param {{ name?: string, topic?: string }} title
   */
  setTitle({ name, topic }) {
    if (name !== undefined) this.#name.textContent = name;
    if (topic !== undefined) this.#topic.textContent = topic;
  }

  /** Opens the dialog that jumps to a day. */
  openDateDialog() {
    this.withDialogs(({ openDateDialog }) => openDateDialog(this.slug, {
      jump: (id) => this.history.jump(id), showNewest: () => this.history.showNewest(), notify: (sentence) => this.notify(sentence),
    }));
  }

  async copyLink() {
    const isCopied = await copyText(new URL(`/rooms/${this.slug}/`, location.href).href, this.#page);
    this.notify(isCopied ? gettext("The link is copied.") : gettext("The browser does not allow copying."));
    this.composer.focus();
  }

  /**
   * Scrolls to a message, and loads it if needed.
   * @param {number} id
   */
  jump(id) {
    this.history.jump(id);
  }

  /** Ends the conversation for good. */
  close() {
    if (this.#scope.isActive) this.suspend();
    this.#scope.close();
  }

  /** @returns {import("./person-links.js").Parts} */
  #linkedParts() {
    const { slug, me, socket, timeline, people, moderation, composer, withDialogs } = this;
    return {
      slug, me, socket, timeline, people, moderation, composer, withDialogs, page: this.#page, list: this.#list,
      isGuest: () => this.#isGuest, isActive: () => this.#scope.isActive,
    };
  }

  /** @returns {import("./read-marker.js").Room} */
  #readMarkerRoom() {
    const { socket } = this;
    return {
      send: (offset) => socket.read(offset),
      showUnread: (unread) => this.#showUnread(unread),
      scope: this.#scope,
      cursor: () => socket.cursor,
      loaded: () => ({ from: socket.completeFrom ?? Infinity, to: socket.pages.completeTo }),
    };
  }

  /**
   * @param {boolean} isBoard
   * @returns {Pick<import("./message-actions.js").Parts, "isModerating" | "canModerate" | "isBoard" | "hasProfiles">}
   */
  #rightsInRoom(isBoard) {
    return {
      isBoard,
      hasProfiles: !isBoard,
      isModerating: () => this.ownRole.isModerating,
      canModerate: (author) => this.moderation.canModerate(author, this.people.roleOf(author)),
    };
  }

  /** @returns {import("./composer.js").Actions} */
  #composerActions() {
    return {
      submit: (body, target) => {
        if (target !== null || !this.commands?.run(body)) this.actions.submit(body, target);
      },
      typed: () => this.#typingSignal.typed(),
      stoppedTyping: () => this.#typingSignal.stop(),
      editLast: () => this.#editLast(),
    };
  }

  /** @returns {import("./message-controls.js").Actions} */
  #messageActions() {
    const notify = (/** @type {string} */ sentence) => this.notify(sentence);
    return {
      react: (id, emoji) => this.actions.toggleReaction(id, emoji),
      reply: (message) => this.composer.reply(message),
      edit: (message) => this.composer.edit(message),
      remove: (id) => this.socket.changes.remove(id),
      report: (message) => this.withDialogs(({ openReportDialog }) => openReportDialog(this.slug, message, notify)),
      moderate: (message) => this.moderation.openPerson(message.author.handle),
      ...makeMessageTools(this.slug, {
        changes: this.socket.changes, itemOf: (id) => this.timeline.item(id), notify, withDialogs: (open) => this.withDialogs(open),
      }),
      profile: (message) => this.#links?.openCard(message.author.handle),
    };
  }

  #listen() {
    const { socket } = this;
    socket.on(SERVER_EVENT.JOINED, (event) => this.#joined(event));
    socket.on(LOCAL_EVENT.ACKED, (event) => this.ownChanges.acked(event));
    socket.on(SERVER_EVENT.REJECTED, (event) => this.ownChanges.rejected(event));
    socket.on(LOCAL_EVENT.OUTBOX, () => this.ownChanges.show());
    socket.on(LOCAL_EVENT.STATUS, (status) => this.#statusChanged(status));
    socket.on(SERVER_EVENT.PRESENCE, (event) => this.people.presenceChanged(event));
    socket.on(SERVER_EVENT.TYPING, (person) => person.handle !== this.me && this.#typingOthers.update(person, person.on));
    socket.on(SERVER_EVENT.READ, ({ offset }) => this.readMarker.receive(offset));
    socket.on(SERVER_EVENT.ANNOUNCEMENT, (event) => this.announcements.show(event));
    socket.on(SERVER_EVENT.DISMISSED, ({ id }) => this.announcements.hide(id));
    socket.on(SERVER_EVENT.MEMBER, (event) => this.#memberChanged(event));
    socket.on(SERVER_EVENT.REPORTED, () => this.moderation.refresh());
    socket.on(SERVER_EVENT.TASK, (event) => this.taskBars.show(event));
    this.#list.addEventListener("click", (event) => this.#clicked(event));
    socket.on(LOCAL_EVENT.SILENCE, ({ isSilent }) => this.#scope.isActive && this.#connectionBar.showSilence(isSilent));
    for (const input of INPUTS) this.#scope.listen(document, input, () => socket.noteActivity(), { passive: true });
    this.#scope.whileActive((signal) => onReturn(() => socket.checkConnection(), signal));
    onForgotten(() => this.#forget(), this.#scope.life);
    onMenuEntry("menu-schedule", () => this.withDialogs((loaded) => this.#openScheduleDialog(loaded)));
  }

  /**
   * Does what a button beside the field is for.
   * @param {import("./late-dialogs.js").Dialogs} dialogs
   * @param {HTMLElement} button
   * @param {boolean} isBoard
   */
  #useTool({ ComposerTools }, button, isBoard) {
    const { composer, withDialogs, slug } = this;
    this.#tools ??= new ComposerTools({
      composer, withDialogs, slug: isBoard ? null : slug, notify: (sentence) => this.notify(sentence),
      sendLater: isBoard ? null : () => withDialogs((dialogs) => this.#openScheduleDialog(dialogs)),
    });
    this.#tools.use(button.dataset.tool ?? "", button);
  }

  /** @param {import("./late-dialogs.js").Dialogs} dialogs */
  #openScheduleDialog({ ScheduleDialog }) {
    this.#scheduleDialog ??= new ScheduleDialog(this.slug, (body, at) => {
      // The text is in the outbox now.
      if (body === this.composer.text) this.composer.clear();
      return this.socket.changes.schedule(body, at);
    });
    this.#scheduleDialog.open(this.composer.isEditing ? "" : this.composer.text);
  }

  #editLast() {
    const last = this.actions.findLastOwn();
    if (last) this.composer.edit(last);
  }

  /**
   * Shows a sentence to the person for six seconds.
   * @param {string} sentence
   */
  notify(sentence) {
    this.#notice.textContent = sentence;
    this.#notice.hidden = false;
    clearTimeout(this.#noticeTimer);
    this.#noticeTimer = setTimeout(() => { this.#notice.hidden = true; }, NOTICE_MS);
  }

  /** @param {any} joined */
  #joined({ room, you, version, present, count, ...rest }) {
    // Another person has signed in in another tab, so this page must be loaded for the new person.
    if (you.handle !== this.me || this.socket.isOtherPerson(you)) {
      location.reload();
      return;
    }
    this.#isGuest = Boolean(you.guest);
    this.socket.noteActivity();
    this.ownRole.joined(you);
    this.setTitle({ name: room.name, topic: room.topic ?? "" });
    this.isArchived = Boolean(room.archived);
    if (this.isArchived) this.composer.disable(gettext("This room is archived. You can read it, but not write in it."));
    this.people.joined({ present, count, you });
    this.readMarker.joined({ you, ...rest });
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
    for (const entry of this.#partsByRole) {
      entry.hidden = !entry.dataset.roles?.split(" ").includes(this.ownRole.role);
    }
    this.moderation.update();
    this.people.redraw();
    this.controls.hide();
  }

  /** @param {import("../connection/reconnecting-connection.js").Status} status */
  #statusChanged(status) {
    // The conversation has closed the connection itself.
    if (!this.#scope.isActive) return;
    this.#connectionBar.show(status);
    this.#page.dataset.state = status.state === "open" ? "joined" : status.state;
    if (status.code === CLOSE.NOT_SIGNED_IN) {
      forgetPerson();
      this.composer.disable(gettext("You are signed out."));
    }
    if (status.code === CLOSE.FORBIDDEN) this.composer.disable(this.ownRole.removalSentence);
    if (status.code === CLOSE.NOT_FOUND) this.composer.disable(gettext("This room does not exist."));
  }

  /** Clears the composer and the unsent changes, because the person has signed out. */
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
