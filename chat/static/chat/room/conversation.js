// @ts-check
// The conversation on the page of a room or of a board: starts the socket and the parts that draw, and connects them.
// Must not build or parse frames: connection/ does that. This module uses only the names of events.

import { RoomSocket } from "../connection/room-socket.js";
import { keptStorage } from "../connection/kept-storage.js";
import { PersonStorage } from "../connection/storage.js";
import { CALLERS, SERVER_EVENT } from "../connection/wire.js";
import { Announcements } from "../ui/announcements.js";
import { copyText } from "../ui/clipboard.js";
import { byId, closestTo } from "../ui/dom.js";
import { timeZone } from "../ui/format.js";
import { isPageFocused, setTitleNumber } from "../ui/page-title.js";
import { onForgotten } from "../ui/person-data.js";
import { Scope } from "../ui/scope.js";
import { formatNumber, gettext } from "../ui/translation.js";
import { VersionBar } from "./bars.js";
import { isPosting } from "./command-lines.js";
import { Composer } from "./composer.js";
import { ComposerButtons } from "./composer-buttons.js";
import { ConnectionWatch } from "./connection-watch.js";
import {
  actionsOfComposer, partsForActions, partsForAttachments, partsForCompletion, partsForControls, partsForOwnChanges, partsForPersonLinks, partsForReadMarker,
} from "./conversation-parts.js";
import { Draft } from "./draft.js";
import { takeTimeline } from "./first-view.js";
import { HistoryNavigation } from "./history-navigation.js";
import { watchForCompletion } from "./late-completion.js";
import { LastPlace } from "./last-place.js";
import { LateAttachments } from "./late-attachments.js";
import { makeWithDialogs } from "./late-dialogs.js";
import { LatePolls } from "./late-polls.js";
import { MessageActions } from "./message-actions.js";
import { MessageControls } from "./message-controls.js";
import { MessageFlow } from "./message-flow.js";
import { Moderation } from "./moderation.js";
import { Notice } from "./notice.js";
import { OwnChanges } from "./own-changes.js";
import { OwnRole } from "./own-role.js";
import { People } from "./people.js";
import { PersonLinks } from "./person-links.js";
import { ReadMarker } from "./read-marker.js";
import { passRoomEvents } from "./room-events.js";
import { TaskBars } from "./task-bars.js";
import { Threads } from "./threads.js";
import { TypingOthers, TypingSignal } from "./typing.js";
import { watchPictures } from "./viewing.js";

/**
 * @typedef {object} Options
 * @property {string} slug
 * @property {string} handle the person whom the page is for
 * @property {string} owner the key of the data that the page stores in the browser: the person's key, or a board's own key
 * @property {string} [url] the address of the websocket, for a board
 * @property {string} [previewPath] the endpoint that renders previews, for a board
 * @property {string} [filesPath] the endpoint that takes files, for a board
 * @property {import("./person-links.js").Social} [social] the people of the site; a board has none
 * @property {(unread: import("./read-marker.js").Unread) => void} [showUnread] shows how many messages are unread; without
 *   it, the page's title does
 * @property {() => { slug: string, name: string }[]} [ownRooms] the person's rooms
 * @property {(root: number | null, reply?: number) => void} [showThread] shows the thread of a message, at a reply;
 *   null closes a thread that covers the room. A board has no threads
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
  scope = new Scope();
  page = byId("room");
  list = byId("messages");
  #name = byId("room-name");
  #topic = byId("room-topic");
  #typing = byId("typing");
  #notice = new Notice();
  /** @type {NodeListOf<HTMLElement>} */
  #partsByRole = document.querySelectorAll("[data-roles]");
  /**
   * Keeps where the person was, if the person wants a room to open there.
   * @type {LastPlace | null}
   */
  #lastPlace = null;
  #typingSignal = new TypingSignal((isTyping) => this.socket.typing(isTyping));
  typingOthers = new TypingOthers((sentence) => { this.#typing.textContent = sentence; });
  /**
   * Connects the room with the people of the site; null on a board.
   * @type {PersonLinks | null}
   */
  links = null;
  /** Whether the person is a guest. */
  isGuest = this.page.dataset.guest !== undefined;
  /** Whether the room is archived: nobody can write in it. */
  isArchived = false;
  /** After this number of days, messages are deleted; null: never. @type {number | null} */
  keptDays = null;
  /** The people who may call everybody with `@all` and `@here`. @type {string} */
  callers = CALLERS.MODERATORS;
  /** Shows a sentence to the person for some seconds. */
  notify = (/** @type {string} */ sentence) => this.#notice.show(sentence);
  notifyInPanel = (/** @type {HTMLElement | null} */ element) => this.#notice.showInPanel(element);
  withDialogs = makeWithDialogs(this.notify);
  threads = new Threads();
  /**
   * The commands that the person can type in place of a message; null on a board.
   * @type {import("./late-commands.js").LateCommands | null}
   */
  commands = null;

  /** @param {Options} options */
  constructor({
    slug, handle, owner, url, previewPath = `/api/rooms/${slug}/preview/`, filesPath = `/api/rooms/${slug}/files/`, social, showUnread = showUnreadInTitle, ownRooms = () => [],
    showThread = () => {},
  }) {
    const { scope, notify, withDialogs } = this;
    const kept = keptStorage(owner);
    this.isBoard = url !== undefined;
    this.openThread = showThread;
    this.ownRooms = ownRooms;
    this.storage = kept;
    this.filesPath = filesPath;
    this.me = handle;
    this.slug = slug;
    const { timeline, firstView, isShown } = takeTimeline(this.page, handle);
    this.timeline = timeline;
    // A board's own key does not identify a person.
    const person = this.isBoard ? "" : owner;
    this.socket = new RoomSocket({ slug, handle, person, url, storage: kept, page: document, firstView });
    const { socket } = this;
    this.announcements = new Announcements(new PersonStorage(owner), (id) => socket.dismiss(id), scope);
    this.readMarker = new ReadMarker(this.timeline, handle, partsForReadMarker(this, showUnread));
    this.history = new HistoryNavigation(socket, this.timeline, this.readMarker, {
      notify, scope, hasReplies: () => this.threads.hasReplies, showReply: (id) => this.#showReply(id),
    });
    this.actions = new MessageActions(handle, partsForActions(this));
    this.composer = new Composer(actionsOfComposer(this, this.#typingSignal), new Draft(kept, slug));
    const { composer, history } = this;
    this.attachments = new LateAttachments(partsForAttachments(this, filesPath));
    composer.useFiles(this.attachments);
    this.buttons = new ComposerButtons({
      slug, isBoard: this.isBoard, previewPath, page: this.page, composer, attachments: this.attachments, changes: socket.changes, withDialogs, notify,
      askPoll: () => this.openPollDialog(),
    });
    this.taskBars = new TaskBars({
      slug, start: (task, params) => socket.changes.startTask(task, params), notify, focusComposer: () => composer.focus(), withDialogs,
    });
    this.ownRole = new OwnRole(composer, { notify, changed: () => this.#ownRoleChanged(), scope });
    this.moderation = new Moderation(slug, handle, this.ownRole, { jump: (id) => history.jump(id), withDialogs });
    const openCard = social ? (/** @type {string} */ author) => this.links?.openCard(author) : null;
    this.people = new People((member, role) => this.moderation.makeButton(member, role), scope, openCard);
    this.versionBar = new VersionBar(() => composer.isEmpty && socket.changes.pending.length === 0, scope);
    this.controls = new MessageControls(partsForControls(this));
    this.connectionWatch = new ConnectionWatch({ socket, composer, ownRole: this.ownRole, scope });
    this.polls = new LatePolls(handle, { slug, isBoard: this.isBoard, changes: socket.changes, timeline, scope });
    this.ownChanges = new OwnChanges(handle, partsForOwnChanges(this));
    if (social) this.links = new PersonLinks(social, partsForPersonLinks(this));
    this.#connectParts(ownRooms, isShown);
    if (this.page.dataset.opensAt === "last") this.#openAtLastPlace(new LastPlace(kept, slug, () => this.timeline.seenTo, scope));
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
    this.typingOthers.clear();
    this.ownChanges.suspend();
    this.scope.suspend();
    this.socket.close();
    this.connectionWatch.suspend();
    this.#notice.hide();
  }

  /** Connects again, with the place and the text as they were. The caller first puts the elements on the page again. */
  resume() {
    this.scope.resume();
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
      jump: (id) => this.history.jump(id), showNewest: () => this.history.showNewest(), notify: this.notify,
    }));
  }

  /**
   * Opens the dialog that asks a question with options.
   * @param {(text: string) => void} [post] is called with the text of the command
   */
  openPollDialog(post = (text) => this.sendCommand("poll", text)) {
    this.withDialogs(({ openPollDialog }) => openPollDialog(post));
  }

  /**
   * Sends a command to the server. If the command posts a message, scrolls to the newest message.
   * @param {string} name
   * @param {string} text
   */
  sendCommand(name, text) {
    this.socket.changes.command(name, text, timeZone());
    if (!isPosting(name)) return;
    this.readMarker.wroteMessage();
    this.history.showNewest();
  }

  async copyLink() {
    const isCopied = await copyText(new URL(`/rooms/${this.slug}/`, location.href).href, this.page);
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

  /**
   * Opens the thread of a reply, and returns true. For another message, shows the room, if the thread covers it.
   * @param {number} id
   */
  #showReply(id) {
    const root = this.threads.rootOf(id) ?? null;
    this.openThread(root, id);
    return root !== null;
  }

  /** Ends the conversation permanently. */
  close() {
    if (this.scope.isActive) this.suspend();
    this.scope.close();
  }

  /**
   * Connects the parts with the events of the socket and of the page.
   * @param {() => { slug: string, name: string }[]} ownRooms
   * @param {boolean} isShown whether the reader sees the first view already
   */
  #connectParts(ownRooms, isShown) {
    const { me, socket, timeline, readMarker, history, ownChanges, controls, typingOthers } = this;
    const { people, ownRole, moderation, announcements, taskBars } = this;
    new MessageFlow({ socket, timeline, readMarker, history, ownChanges, controls, typingOthers, threads: this.threads }, isShown);
    passRoomEvents({ me, socket, ownChanges, people, ownRole, moderation, typingOthers, readMarker, announcements, taskBars });
    socket.on(SERVER_EVENT.JOINED, (event) => this.#joined(event));
    socket.on(SERVER_EVENT.EXPIRED, ({ before }) => this.#noteKeptFrom(before));
    this.list.addEventListener("click", (event) => this.#clicked(event));
    watchPictures(this.list, () => timeline.messages, this.withDialogs);
    onForgotten(() => this.#forget(), this.scope.life);
    watchForCompletion(partsForCompletion(this, ownRooms));
  }

  /** @param {LastPlace} place */
  #openAtLastPlace(place) {
    this.#lastPlace = place;
    this.history.openAt(place.id);
  }

  /** @param {any} joined */
  #joined({ room, you, version, present, count, ...rest }) {
    // Another person has signed in in another tab, so this page must be loaded for the new person.
    if (you.handle !== this.me || this.socket.isOtherPerson(you)) {
      location.reload();
      return;
    }
    this.isGuest = Boolean(you.guest);
    this.socket.noteActivity();
    this.ownRole.joined(you);
    this.setTitle({ name: room.name, topic: room.topic ?? "" });
    this.callers = room.callers ?? CALLERS.MODERATORS;
    this.isArchived = Boolean(room.archived);
    this.keptDays = room.kept_days ?? null;
    this.#noteKeptFrom(room.kept_from);
    if (this.isArchived) this.composer.disable(gettext("This room is archived. You can read it, but not write in it."));
    this.people.joined({ present, count, you });
    this.readMarker.joined({ you, ...rest });
    this.versionBar.compare(document.body.dataset.version, version);
  }

  /**
   * Shows at the beginning of the messages that older messages were deleted, if they were.
   * @param {number} [id] the lowest id that was not deleted
   */
  #noteKeptFrom(id) {
    if (id !== undefined) byId("beginning").dataset.keptFrom = String(id);
  }

  /** Redraws the actions that depend on the role: in the room's menu, beside the people, and at the messages. */
  #ownRoleChanged() {
    for (const entry of this.#partsByRole) {
      entry.hidden = !entry.dataset.roles?.split(" ").includes(this.ownRole.role);
    }
    document.body.toggleAttribute("data-moderating", this.ownRole.isModerating);
    this.moderation.update();
    this.people.redraw();
    this.controls.hide();
  }

  /** Clears the composer and the unsent changes, because the person has signed out. */
  #forget() {
    this.composer.clear();
    this.socket.changes.forget();
  }

  /**
   * Removes a preview or a file if its button was clicked, here or in a thread.
   * @param {MouseEvent} event
   */
  removeClicked(event) {
    const button = closestTo(event, "[data-remove]");
    if (button) this.withDialogs(({ removePart }) => removePart(this.slug, button, this.notify));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const quote = closestTo(event, "[data-jump]");
    const reaction = closestTo(event, "[data-react]");
    const thread = closestTo(event, "[data-thread]");
    if (thread) this.openThread(Number(thread.dataset.thread));
    this.removeClicked(event);
    const option = closestTo(event, "[data-vote]");
    const voters = closestTo(event, "[data-voters]");
    if (option) this.polls.choose(idOf(option), Number(option.dataset.vote));
    if (voters) this.#showVoters(idOf(voters));
    if (quote) this.history.jump(Number(quote.dataset.jump));
    if (reaction) this.actions.toggleReaction(idOf(reaction), reaction.dataset.react ?? "");
  }

  /** @param {number} id */
  #showVoters(id) {
    const poll = this.timeline.get(id)?.poll;
    if (poll) this.withDialogs(({ openVoters }) => openVoters(poll));
  }
}

/**
 * Returns the id of the message that contains an element.
 * @param {HTMLElement} element
 */
function idOf(element) {
  return Number(/** @type {HTMLElement} */ (element.closest(".message")).dataset.id);
}
