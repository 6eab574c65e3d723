// @ts-check
// A thread beside the room: its first message, the replies, and a field to reply. It uses the room's connection.
// Must not know where it is shown: the workspace puts `element` into its panel.

import { asApiError, call } from "../connection/api.js";
import { LOCAL_EVENT } from "../connection/emitter.js";
import { CLIENT_EVENT, SERVER_EVENT } from "../connection/wire.js";
import { closestTo } from "../ui/dom.js";
import { countReplies, timeZone } from "../ui/format.js";
import { isPageFocused } from "../ui/page-title.js";
import { openPopupMenu } from "../ui/popup-menu.js";
import { Scope } from "../ui/scope.js";
import { gettext } from "../ui/translation.js";
import { isPosting, lineOf } from "./command-lines.js";
import { Composer } from "./composer.js";
import { actionsOnMessages, partsForActions, partsForAttachments, partsForCompletion, partsForControls } from "./conversation-parts.js";
import { Draft } from "./draft.js";
import { LateAttachments } from "./late-attachments.js";
import { watchForCompletion } from "./late-completion.js";
import { LatePolls } from "./late-polls.js";
import { MessageActions } from "./message-actions.js";
import { MessageControls } from "./message-controls.js";
import { PendingMessages } from "./pending-messages.js";
import { ThreadFollowing } from "./thread-following.js";
import { makeThreadElements } from "./thread-elements.js";
import { Timeline } from "./timeline.js";
import { TypingOthers, TypingSignal } from "./typing.js";
import { watchPictures } from "./viewing.js";

const PAGE_SIZE = 100;
// Longer threads are rare. Their oldest replies are not shown.
const MOST_REPLIES = 2_000;

/** @typedef {import("../connection/wire.js").Message} Message */
/** @typedef {import("./conversation.js").Conversation} Conversation */

export class ThreadView {
  /** @type {Conversation} */
  #conversation;
  #scope = new Scope();
  #parts;
  /** @type {Timeline} */
  #timeline;
  /** @type {MessageActions} */
  #actions;
  /** @type {MessageControls} */
  #controls;
  /** @type {Composer} */
  #composer;
  /** @type {LateAttachments} */
  #attachments;
  /**
   * Where the commands post that the person writes here.
   * @type {import("./commands.js").Place}
   */
  #place;
  /** @type {LatePolls} */
  #polls;
  /** @type {PendingMessages} */
  #pending;
  /** @type {ThreadFollowing} */
  #following;
  #typingSignal;
  /**
   * The offset of the newest known state of each message.
   * @type {Map<number, number>}
   */
  #offsets = new Map();
  /**
   * The reply to which the view scrolls when it is loaded; null for the first unread one.
   * @type {number | null}
   */
  #target = null;
  #isLoaded = false;

  /**
   * @param {Conversation} conversation
   * @param {number} root the first message of the thread
   */
  constructor(conversation, root) {
    const { me, slug, socket } = conversation;
    this.root = root;
    this.#conversation = conversation;
    this.#parts = makeThreadElements();
    const { list, scroller, pending, form, text, typing } = this.#parts;
    this.element = this.#parts.element;
    this.#timeline = new Timeline(scroller, list, me, { isThread: true });
    const timeline = this.#timeline;
    this.#following = new ThreadFollowing(this.#parts.follow, { slug, root, me, notify: conversation.notify });
    this.#typingSignal = new TypingSignal((isTyping) => socket.typing(isTyping, root));
    const typingOthers = new TypingOthers((sentence) => { typing.textContent = sentence; });
    this.#actions = new MessageActions(me, {
      ...partsForActions(conversation), timeline, thread: root, showNewest: () => timeline.scrollToEnd(),
      readMarker: { wroteMessage: () => timeline.setFirstUnread(null) },
    });
    this.#composer = new Composer(this.#composerActions(), new Draft(conversation.storage, `${slug}.thread-${root}`), this.#parts);
    this.#attachments = this.#attach();
    this.#place = this.#makePlace();
    this.#polls = new LatePolls(me, { slug, isBoard: false, changes: socket.changes, timeline, scope: this.#scope });
    watchPictures(list, () => timeline.messages, conversation.withDialogs);
    this.#pending = new PendingMessages(pending, me, {
      retry: (ref) => socket.changes.retry(ref), discard: (ref) => socket.changes.discard(ref),
      reconnect: () => socket.checkConnection(), isGuest: () => conversation.isGuest,
    });
    this.#controls = new MessageControls(this.#partsForControls());
    conversation.links?.watch(list, timeline, this.#composer);
    watchForCompletion(partsForCompletion(conversation, conversation.ownRooms), form, text);
    this.#listen(typingOthers);
  }

  /**
   * Loads the thread, and scrolls to a reply, or else to the first unread one. The element must be on the page.
   * @param {number} [reply]
   */
  start(reply) {
    this.#target = reply ?? null;
    this.#conversation.notifyInPanel(this.#parts.notice);
    this.#composer.shown();
    this.#showWhoMayWrite();
    this.#load();
  }

  /**
   * Scrolls to a reply, now or when it is loaded.
   * @param {number} id
   */
  show(id) {
    if (this.#isLoaded) this.#timeline.jump(id);
    else this.#target = id;
  }

  focus() {
    if (this.#composer.isEnabled) this.#composer.focus();
  }

  /** Ends all listeners, because the element leaves the page. */
  close() {
    this.#conversation.notifyInPanel(null);
    this.#typingSignal.stop();
    this.#pending.suspend();
    this.#controls.hide();
    this.#scope.close();
  }

  /** Lets the person send files with a reply, if the site accepts files. Returns the files. */
  #attach() {
    const [{ element, attach }, conversation, composer] = [this.#parts, this.#conversation, this.#composer];
    const parts = partsForAttachments({ ...conversation, composer, scope: this.#scope }, conversation.filesPath, this.#parts);
    const attachments = new LateAttachments({ ...parts, target: element });
    attach.hidden = !attachments.isPossible;
    composer.useFiles(attachments);
    return attachments;
  }

  /** @returns {import("./composer.js").Actions} */
  #composerActions() {
    return {
      submit: (body, target, files) => {
        const isCommand = target === null && !files.length && this.#conversation.commands?.run(body, this.#place);
        if (!isCommand) this.#actions.submit(body, target, files.map(({ id }) => id));
      },
      typed: () => this.#typingSignal.typed(),
      stoppedTyping: () => this.#typingSignal.stop(),
      editLast: () => {
        const last = this.#actions.findLastOwn();
        if (last) this.#composer.edit(last);
      },
    };
  }

  /** @returns {import("./message-controls.js").Parts} */
  #partsForControls() {
    const [timeline, composer, { list, scroller }] = [this.#timeline, this.#composer, this.#parts];
    const actions = {
      ...actionsOnMessages(this.#conversation, timeline),
      react: (/** @type {number} */ id, /** @type {string} */ emoji) => this.#actions.toggleReaction(id, emoji),
      reply: (/** @type {Message} */ message) => composer.reply(message),
      edit: (/** @type {Message} */ message) => composer.edit(message),
    };
    return {
      ...partsForControls(this.#conversation), list, scroller, timeline, actions, scope: this.#scope, isNarrow: true,
      rightsOn: (id) => this.#actions.rightsOn(id),
      focusComposer: () => composer.focus(),
      showNewest: () => timeline.scrollToEnd(),
      showOldest: () => timeline.scrollToStart(),
    };
  }

  /** @param {TypingOthers} typingOthers */
  #listen(typingOthers) {
    const { me, socket, threads, composer } = this.#conversation;
    const { list, form, emoji, more, retry } = this.#parts;
    this.#scope.listen(threads, "noted", ({ detail }) => this.#noted(detail.message, typingOthers));
    this.#scope.listen(socket, LOCAL_EVENT.OUTBOX, () => this.#showPending());
    this.#scope.listen(socket, LOCAL_EVENT.ACKED, ({ detail: { ref, id, event } }) => {
      // A command that posts no message has no pending message.
      if (id !== null) this.#pending.acknowledge(ref);
      if (event.type === CLIENT_EVENT.VOTE) this.#polls.voted(event.id, event.options);
    });
    this.#scope.listen(socket, SERVER_EVENT.REJECTED, ({ detail }) => this.#rejected(detail));
    this.#scope.listen(socket, LOCAL_EVENT.RESET, () => this.#reset());
    this.#scope.listen(socket, SERVER_EVENT.THREAD, ({ detail }) => this.#following.changed(detail));
    this.#scope.listen(socket, SERVER_EVENT.TYPING, ({ detail }) => {
      if (detail.thread === this.root && detail.handle !== me) typingOthers.update(detail, detail.on);
    });
    for (const type of ["focus", "visibilitychange"]) this.#scope.listen(type === "focus" ? window : document, type, () => this.#markRead());
    this.#timeline.on("scrolled", () => this.#markRead());
    this.#timeline.on("drawn", () => this.#controls.refresh());
    composer.onChange(() => this.#showWhoMayWrite());
    list.addEventListener("click", (event) => this.#clicked(event));
    // Escape first cancels a reply or an edit, or leaves the list. If there is nothing to cancel or to leave, it closes the panel.
    list.addEventListener("keydown", (event) => event.key === "Escape" && event.stopPropagation());
    form.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && this.#composer.hasTarget) event.stopPropagation();
    });
    emoji.addEventListener("click", () => this.#chooseEmoji(emoji));
    more.addEventListener("click", () => this.#openMenu(more));
    retry.addEventListener("click", () => this.#load());
  }

  async #load() {
    const { failure } = this.#parts;
    failure.hidden = true;
    this.element.setAttribute("aria-busy", "true");
    try {
      let page = await this.#fetch();
      if (!this.#scope.isActive) return;
      this.#following.start(page);
      this.#take(page);
      for (let count = PAGE_SIZE; page.more && count < MOST_REPLIES; count += PAGE_SIZE) {
        page = await this.#fetch(page.messages[0].id);
        if (!this.#scope.isActive) return;
        this.#take(page);
      }
      this.#loaded(page.more);
    } catch (error) {
      this.#parts.reason.textContent = asApiError(error).message;
      failure.hidden = false;
    } finally {
      this.element.removeAttribute("aria-busy");
    }
  }

  /** @param {number} [before] the id of the oldest reply that is loaded */
  #fetch(before) {
    const from = before === undefined ? "" : `&before=${before}`;
    return call("GET", `/api/rooms/${this.#conversation.slug}/threads/${this.root}/?limit=${PAGE_SIZE}${from}`);
  }

  /** @param {{ root: Message | null, messages: Message[], thread: { count: number } }} page */
  #take({ root, messages, thread }) {
    for (const message of root ? [root, ...messages] : messages) this.#add(message);
    this.#parts.gone.hidden = root !== null;
    this.#showCount(thread);
  }

  /** @param {boolean} hasMore whether the oldest replies are not loaded */
  #loaded(hasMore) {
    const timeline = this.#timeline;
    this.#parts.cut.hidden = !hasMore;
    timeline.flush();
    timeline.setFirstUnread(this.#following.findFirstUnread(timeline.messages.filter(({ id }) => id !== this.root)));
    timeline.scrollToUnread();
    this.#isLoaded = true;
    if (this.#target !== null && !timeline.jump(this.#target)) this.#conversation.notify(gettext("This message does not exist."));
    this.#target = null;
    this.#showPending();
    this.#showWhoMayWrite();
    this.#markRead();
  }

  #reset() {
    this.#offsets.clear();
    this.#timeline.clear();
    this.#isLoaded = false;
    this.#load();
  }

  /**
   * @param {Message} message
   * @param {TypingOthers} typingOthers
   */
  #noted(message, typingOthers) {
    if (message.id !== this.root && message.thread?.root !== this.root) return;
    if (message.thread) this.#showCount(message.thread);
    if (!this.#add(message)) return;
    const { me } = this.#conversation;
    if (message.id !== this.root) {
      typingOthers.update(message.author, false);
      this.#following.replied(message, this.#timeline.get(this.root)?.author.handle === me);
    } else {
      this.#showWhoMayWrite();
    }
    this.#timeline.flush();
    if (message.author.handle === me && message.ref) this.#pending.drop(message.ref);
    this.#markRead();
  }

  /**
   * Draws a message soon, unless this state or a newer state of the message is known. Returns whether it draws the message.
   * @param {Message} message
   */
  #add(message) {
    if (message.offset <= (this.#offsets.get(message.id) ?? -1)) return false;
    this.#offsets.set(message.id, message.offset);
    this.#timeline.add(message);
    return true;
  }

  #showPending() {
    const { socket, me } = this.#conversation;
    const own = this.#timeline.messages.filter(({ author }) => author.handle === me);
    const drawn = new Set(own.map(({ ref }) => ref));
    this.#pending.show(socket.changes.pending.filter(({ event }) => event.thread === this.root), (ref) => drawn.has(ref));
    if (this.#timeline.isAtBottom) this.#timeline.scrollToEnd();
  }

  /** @param {{ count: number }} thread */
  #showCount(thread) {
    this.#parts.count.textContent = thread.count ? countReplies(thread.count) : "";
    this.#following.showCount(thread.count);
  }

  /** Enables the field if the person may write in the room, and the first message is there. */
  #showWhoMayWrite() {
    if (!this.#scope.isActive) return;
    const { composer } = this.#conversation;
    const root = this.#timeline.get(this.root);
    if (!composer.isEnabled) this.#composer.disable(composer.placeholder);
    else if (this.#isLoaded && (!root || root.removed)) this.#composer.disable(gettext("The first message was removed, so nobody can reply."));
    else if (!this.#composer.isEnabled) this.#composer.enable();
  }

  /** Moves the person's read marker in this thread to the last reply, if the person sees it. */
  #markRead() {
    if (!this.#isLoaded || !isPageFocused() || !this.#timeline.isAtBottom) return;
    const { newestId } = this.#timeline;
    if (this.#following.mayRead(newestId) && this.#conversation.socket.read(newestId, this.root)) this.#following.readTo(newestId);
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const quote = closestTo(event, "[data-jump]");
    const reaction = closestTo(event, "[data-react]:not(.toolbar *)");
    const [option, voters] = [closestTo(event, "[data-vote]"), closestTo(event, "[data-voters]")];
    if (option) this.#polls.choose(idOf(option), Number(option.dataset.vote));
    if (voters) this.#showVoters(idOf(voters));
    this.#conversation.removeClicked(event);
    if (quote && !this.#timeline.jump(Number(quote.dataset.jump))) this.#conversation.jump(Number(quote.dataset.jump));
    if (reaction) this.#actions.toggleReaction(idOf(reaction), reaction.dataset.react ?? "");
  }

  /** @param {number} id */
  #showVoters(id) {
    const poll = this.#timeline.get(id)?.poll;
    if (poll) this.#conversation.withDialogs(({ openVoters }) => openVoters(poll));
  }

  /** @returns {import("./commands.js").Place} */
  #makePlace() {
    const send = (/** @type {string} */ name, /** @type {string} */ text) => this.#sendCommand(name, text);
    const openPollDialog = () => this.#conversation.openPollDialog((text) => send("poll", text));
    return { actions: this.#actions, composer: this.#composer, sendCommand: send, openPollDialog };
  }

  /**
   * Sends a command to the server. If the command posts a message, scrolls to the end.
   * @param {string} name
   * @param {string} text
   */
  #sendCommand(name, text) {
    this.#conversation.socket.changes.command(name, text, timeZone(), this.root);
    if (!isPosting(name)) return;
    this.#timeline.setFirstUnread(null);
    this.#timeline.scrollToEnd();
  }

  /**
   * Puts the text of a refused command back into the field.
   * @param {{ ref: string, event: import("../connection/wire.js").WireEvent | null, isRetried: boolean }} rejected
   */
  #rejected({ ref, event, isRetried }) {
    if (isRetried || event?.type !== CLIENT_EVENT.COMMAND || event.thread !== this.root) return;
    if (this.#composer.giveBack(lineOf(/** @type {any} */ (event)))) this.#conversation.socket.changes.discard(ref);
  }

  /** @param {HTMLElement} opener */
  #openMenu(opener) {
    const [attachments, composer, { buttons }] = [this.#attachments, this.#composer, this.#conversation];
    openPopupMenu(opener, gettext("More for this message"), [
      ...(attachments.isPossible ? [{ text: gettext("Photo or file"), name: "attach", icon: "attach", act: () => attachments.choose() }] : []),
      { text: gettext("Poll"), name: "poll", icon: "poll", act: () => this.#place.openPollDialog() },
      { text: gettext("Send later"), name: "later", icon: "later", act: () => buttons.sendLater({ composer, attachments, thread: this.root }) },
    ]);
  }

  /** @param {HTMLElement} opener */
  #chooseEmoji(opener) {
    const { withDialogs, notify } = this.#conversation;
    const choose = (/** @type {string} */ emoji) => this.#composer.insert(emoji);
    withDialogs(({ openEmojiPicker }) => openEmojiPicker({ title: gettext("Emoji"), opener, choose }, notify));
  }
}

/**
 * Returns the id of the message that contains an element.
 * @param {HTMLElement} element
 */
function idOf(element) {
  return Number(/** @type {HTMLElement} */ (element.closest(".message")).dataset.id);
}
