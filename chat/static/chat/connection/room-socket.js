// @ts-check
// A room's connection, as docs/protocol.md describes it: it joins, fetches missing messages, and sends changes until
// they are answered.
// Must not draw, and must not decide what a person sees: it emits events, and the page shows them.

import { AnnouncementCursor } from "./announcement-cursor.js";
import { Emitter, LOCAL_EVENT } from "./emitter.js";
import { makeEnvironment, socketUrl } from "./environment.js";
import { HistoryPages } from "./history-pages.js";
import { LoadedMessages } from "./loaded-messages.js";
import { isRetried } from "./outbox-sender.js";
import { ReconnectingConnection } from "./reconnecting-connection.js";
import { RoomChanges } from "./room-changes.js";
import { SilenceWatch } from "./silence.js";
import { Synchronizer } from "./synchronizer.js";
import { PersonStorage } from "./storage.js";
import { parseEvent } from "./wire-values.js";
import { CLIENT_EVENT, SERVER_EVENT } from "./wire.js";

/** @type {Set<string>} */
const EMITTED_UNCHANGED = new Set([
  SERVER_EVENT.PRESENCE, SERVER_EVENT.TYPING, SERVER_EVENT.READ, SERVER_EVENT.TASK, SERVER_EVENT.MEMBER,
  SERVER_EVENT.REPORTED, SERVER_EVENT.DISMISSED, SERVER_EVENT.PROFILE, SERVER_EVENT.THREAD,
]);

/** @typedef {import("./wire.js").WireEvent} WireEvent */
/** @typedef {import("./wire.js").Message} Message */

/**
 * The part of a room that its page contains, as of `offset`: the messages that the room shows first. `more_after` says
 * whether the room has newer messages. The other fields are those of `joined`.
 * @typedef {object} FirstView
 * @property {number} offset
 * @property {number} read
 * @property {number} unread
 * @property {number | null} first_unread
 * @property {Message[]} messages
 * @property {boolean} more_after
 */

/**
 * @typedef {object} OwnOptions
 * @property {string} slug
 * @property {string} [url] the full address, for a board
 * @property {string} [handle] the person whom the page was made for
 * @property {string} [person] the key of this person, as in `joined`
 * @property {import("./room-changes.js").KeyValueStorage} [storage] keeps the outbox
 * @property {Pick<Crypto, "getRandomValues">} [crypto]
 * @property {FirstView | null} [firstView] what the page contains of the room
 */
/** @typedef {OwnOptions & import("./reconnecting-connection.js").ConnectionOptions} RoomSocketOptions */

/**
 * A room's socket. It emits these events, each with a detail. The detail is the server's event, except where noted.
 * - joined, message, synced, presence, typing, read, announcement, dismissed, task, member, reported, expired,
 *   profile, thread
 * - acked: the `ack`, and `event` (the sent event)
 * - rejected: the `rejected`, `event` (the sent event, or null), and `isRetried`
 * - page: {messages (only new messages), isReplaced (the page must first forget what it has drawn), event (the `fetch`)}
 * - first view: a `FirstView`. The socket emits it before it connects, and then resumes after its offset
 * - outside: a `message` that is outside the loaded history
 * - reset: the page must forget what it has drawn
 * - outbox: `changes.pending` has changed
 * - silence: {isSilent}, true if the server does not answer on an open connection, and false when it answers again
 * - status: {state: connecting, open, waiting or closed; until; code; willReconnect}
 */
export class RoomSocket extends Emitter {
  /** @type {ReconnectingConnection} */
  #connection;
  /** @type {Synchronizer} */
  #synchronizer;
  /** @type {SilenceWatch} */
  #silence;
  #announcements = new AnnouncementCursor();
  #loaded = new LoadedMessages();
  #hasJoined = false;
  /**
   * The epoch of the room's data, to which the cursor belongs; null before the first `joined`, and from older servers.
   * @type {string | null}
   */
  #epoch = null;
  #person = "";
  /** @type {FirstView | null} */
  #firstView;
  /**
   * Broadcasts that arrived before `joined`.
   * @type {WireEvent[]}
   */
  #early = [];
  /** @type {Record<string, (event: any) => void>} */
  #handlers = {
    [SERVER_EVENT.JOINED]: (event) => this.#receiveJoined(event),
    [SERVER_EVENT.MESSAGE]: (event) => this.#receiveMessage(event),
    [SERVER_EVENT.ACK]: (event) => this.#receiveAck(event),
    [SERVER_EVENT.REJECTED]: (event) => this.#receiveRejected(event),
    [SERVER_EVENT.SYNCED]: (event) => this.#receiveSynced(event),
    [SERVER_EVENT.PAGE]: (event) => this.#receivePage(event),
    [SERVER_EVENT.ANNOUNCEMENT]: (event) => this.#receiveAnnouncement(event),
    [SERVER_EVENT.EXPIRED]: (event) => {
      this.emit(SERVER_EVENT.EXPIRED, event);
      this.#dropExpired(event.before);
    },
  };

  /** @param {RoomSocketOptions} options */
  constructor(options) {
    super();
    const environment = { ...makeEnvironment(options), crypto: options.crypto ?? globalThis.crypto };
    this.handle = options.handle ?? "";
    this.#person = options.person ?? "";
    this.#firstView = options.firstView ?? null;
    const storage = options.storage ?? new PersonStorage(this.#person);
    /** All changes that this person makes, such as posts, edits and reactions, and the fetches of pages. */
    this.changes = new RoomChanges(environment, { storage, slug: options.slug, handle: this.handle }, {
      send: (event) => this.#send(event),
      changed: () => this.emit(LOCAL_EVENT.OUTBOX),
    });
    /** Fetches pages of the history. */
    this.pages = new HistoryPages(this.#loaded, this.changes);
    this.#synchronizer = new Synchronizer(environment, {
      send: (event) => this.#send(event),
      timedOut: () => this.#connection.fail(),
      timedOutUrgently: () => this.#connection.restart(),
    });
    this.#silence = new SilenceWatch(environment, {
      check: () => this.#synchronizer.sync(),
      isVisible: () => !options.page?.hidden,
      changed: (isSilent) => this.emit(LOCAL_EVENT.SILENCE, { isSilent }),
    });
    const url = options.url ?? socketUrl(`/chat/${options.slug}/`);
    this.#connection = new ReconnectingConnection(() => this.#addressWithCursors(url), {
      frame: (text) => this.#receive(text),
      disconnected: () => this.#stop(),
      status: (status) => this.emit(LOCAL_EVENT.STATUS, status),
    }, options);
  }

  /** The client has every change up to this offset; null before the first view or, without one, the first `synced`. */
  get cursor() {
    return this.#synchronizer.cursor;
  }

  get hasOlder() {
    return this.#loaded.hasOlder;
  }

  /** No message is missing from this id onwards; null before the first view or, without one, the first `synced`. */
  get completeFrom() {
    return this.#loaded.completeFrom;
  }

  /**
   * Returns whether the person who joined is not the person for whom the page was made. Both may have the same handle.
   * @param {{ person?: string } | undefined} you the `you` of a `joined`
   */
  isOtherPerson(you) {
    return Boolean(this.#person && you?.person && you.person !== this.#person);
  }

  open() {
    this.#takeFirstView();
    this.#connection.open();
  }

  close() {
    this.#stop();
    this.#connection.close();
  }

  /** Reconnects at once, or checks the connection. The page calls this when it is online or visible again. */
  checkConnection() {
    this.#connection.reconnectNow();
    this.#synchronizer.syncUrgently();
  }

  /** Checks the connection soon if nothing arrives, because the person does something on the page. */
  noteActivity() {
    this.#silence.noteActivity();
  }

  /**
   * @param {boolean} on
   * @param {number} [thread] the first message of the thread in which the person types
   */
  typing(on, thread) {
    if (this.#hasJoined) this.#send({ type: CLIENT_EVENT.TYPING, on, thread });
  }

  /** @param {number} id an announcement */
  dismiss(id) {
    if (this.#hasJoined) this.#send({ type: CLIENT_EVENT.DISMISS, id });
  }

  /**
   * Sends the read marker, and returns whether there is a connection that can carry it.
   * @param {number} offset
   * @param {number} [thread] the first message of a thread: the marker is the one of this thread
   */
  read(offset, thread) {
    if (this.#hasJoined) this.#send({ type: CLIENT_EVENT.READ, offset, thread });
    return this.#hasJoined;
  }

  /** @param {number} [limit] */
  fetchOlder(limit) {
    return this.pages.fetchOlder(limit);
  }

  /**
   * Forgets messages that the page no longer shows.
   * @param {number} id the oldest message that stays
   */
  dropBefore(id) {
    this.#loaded.dropBefore(id);
  }

  /** Takes the messages of the page, once, as if an earlier connection had received them. */
  #takeFirstView() {
    const view = this.#firstView;
    this.#firstView = null;
    if (!view) return;
    this.#loaded.start(view.messages, view.more_after);
    this.#synchronizer.advance(view.offset);
    this.emit(LOCAL_EVENT.FIRST_VIEW, view);
  }

  /** @param {string} url */
  #addressWithCursors(url) {
    const query = new URLSearchParams();
    if (this.cursor !== null) query.set("cursor", String(this.cursor));
    if (this.cursor !== null && this.#epoch !== null) query.set("epoch", this.#epoch);
    if (this.#announcements.position !== null) query.set("announced", String(this.#announcements.position));
    return query.size ? `${url}?${query}` : url;
  }

  /** @param {string} text */
  #receive(text) {
    this.#silence.received();
    const event = parseEvent(text);
    if (!event) return;
    // Broadcasts may arrive before `joined`; a reset in `joined` must not delete them. A refusal may replace `joined`.
    const isFirst = event.type === SERVER_EVENT.JOINED || event.type === SERVER_EVENT.REJECTED;
    if (this.#hasJoined || isFirst) this.#handle(event);
    else this.#early.push(event);
  }

  /** @param {WireEvent} event */
  #handle(event) {
    if (EMITTED_UNCHANGED.has(event.type)) this.emit(event.type, event);
    else if (Object.hasOwn(this.#handlers, event.type)) this.#handlers[event.type](event);
  }

  /** @param {WireEvent} event */
  #receiveJoined(event) {
    this.#hasJoined = true;
    this.#synchronizer.start();
    this.#silence.start();
    this.#announcements.joined(event.announced);
    if (event.reset || this.cursor === null) this.#forget();
    this.#epoch = event.epoch ?? null;
    const handle = event.you?.handle ?? this.handle;
    const isOtherPerson = handle !== this.handle;
    this.handle = handle;
    this.#loaded.keptFrom = event.room?.kept_from ?? 1;
    this.emit(SERVER_EVENT.JOINED, event);
    // The page must be loaded again for the other person. Until then nothing is sent: the outbox belongs to the earlier person.
    if (this.isOtherPerson(event.you)) return;
    this.emit(LOCAL_EVENT.STATUS, { state: "open" });
    for (const early of this.#early.splice(0)) this.#handle(early);
    this.changes.start(isOtherPerson ? handle : null, event.refs_kept_seconds);
    this.#dropExpired(event.room?.kept_from);
  }

  /** @param {Message} message */
  #receiveMessage(message) {
    if (!Number.isSafeInteger(message.id) || !Number.isSafeInteger(message.offset)) return;
    // An outdated message counts too. Otherwise the cursor would stop at the offset of an edited message.
    this.#synchronizer.received(message.offset);
    for (const fresh of this.#loaded.accept(message)) this.emit(SERVER_EVENT.MESSAGE, fresh);
    if (this.completeFrom !== null && !this.#loaded.covers(message.id)) this.emit(LOCAL_EVENT.OUTSIDE, message);
    this.#synchronizer.watchGap();
  }

  /** @param {WireEvent} event */
  #receiveSynced(event) {
    this.#synchronizer.answered();
    this.#connection.markUseful();
    this.#announcements.synced();
    if (event.reset) {
      this.#forget();
      this.#connection.restart();
      return;
    }
    const hasAdvanced = this.#synchronizer.advance(event.offset);
    for (const message of this.#loaded.finishBacklog()) this.emit(SERVER_EVENT.MESSAGE, message);
    this.emit(SERVER_EVENT.SYNCED, event);
    // A client that asks again after an answer without new changes would ask without a pause.
    if (event.more && hasAdvanced) this.#synchronizer.sync();
    else this.#synchronizer.scheduleHeartbeat();
  }

  /** @param {WireEvent} event */
  #receiveAck(event) {
    const entry = this.changes.finish(event.ref);
    if (!entry) return;
    this.emit(LOCAL_EVENT.ACKED, { ...event, event: entry.event });
    this.changes.update();
  }

  /** @param {WireEvent} rejected */
  #receiveRejected(rejected) {
    if (rejected.retry_after !== undefined) this.#connection.retryAfterSeconds = rejected.retry_after;
    const entry = this.changes.refuse(rejected);
    const willRetry = isRetried(rejected.code, entry?.event.type);
    if (entry?.event.type === CLIENT_EVENT.FETCH && !willRetry) this.#loaded.forgetExpectedPage();
    if (!entry && willRetry) this.#synchronizer.retryLater(rejected.retry_after);
    this.emit(SERVER_EVENT.REJECTED, { ...rejected, event: entry?.event ?? null, isRetried: willRetry });
    if (entry) this.changes.update();
  }

  /** @param {WireEvent} event */
  #receivePage(event) {
    const entry = this.changes.finish(event.ref);
    if (!entry) return;
    this.emit(SERVER_EVENT.PAGE, { ...this.#loaded.acceptPage(entry.event, event), event: entry.event });
    this.changes.update();
  }

  /** @param {WireEvent} event */
  #receiveAnnouncement(event) {
    this.#announcements.received(event.id);
    this.emit(SERVER_EVENT.ANNOUNCEMENT, event);
  }

  /**
   * Loads the messages again if the server has deleted some of them, because they were too old.
   * @param {number | undefined} before the server has deleted the messages before this id
   */
  #dropExpired(before) {
    if (before === undefined) return;
    this.#loaded.keptFrom = before;
    if (!this.#loaded.hasBefore(before)) return;
    this.#forget();
    this.#connection.restart();
  }

  #stop() {
    this.#hasJoined = false;
    this.#early = [];
    this.changes.stop();
    this.#synchronizer.stop();
    this.#silence.stop();
  }

  // The outbox stays: it holds what the person wrote.
  #forget() {
    this.#synchronizer.reset();
    this.#loaded.reset();
    this.changes.dropFetches();
    this.emit(LOCAL_EVENT.RESET);
  }

  /** @param {WireEvent} event */
  #send(event) {
    if (event.ref || event.type === CLIENT_EVENT.SYNC) this.#silence.sent();
    this.#connection.send(JSON.stringify(event));
  }
}
