// @ts-check
// The changes that a person makes in a room: each goes through the outbox, and is sent until it is answered.
// Must not receive events, and must not know the connection: the caller says when to send.

import { OutboxSender } from "./outbox-sender.js";
import { Outbox } from "./outbox.js";
import { CLIENT_EVENT } from "./wire.js";

/** @typedef {import("./wire.js").WireEvent} WireEvent */
/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} KeyValueStorage */

export class RoomChanges {
  /** @type {KeyValueStorage} */
  #storage;
  /** @type {string} */
  #slug;
  /** @type {() => void} */
  #changed;
  /** @type {OutboxSender} */
  #sender;

  /**
   * @param {import("./outbox-sender.js").SenderEnvironment} environment
   * @param {object} room
   * @param {KeyValueStorage} room.storage keeps the outbox
   * @param {string} room.slug
   * @param {string} room.handle
   * @param {object} actions
   * @param {(event: WireEvent) => void} actions.send puts an event on the connection
   * @param {() => void} actions.changed is called when `pending` has changed
   */
  constructor(environment, { storage, slug, handle }, { send, changed }) {
    this.#storage = storage;
    this.#slug = slug;
    this.#changed = changed;
    this.#sender = new OutboxSender(environment, this.#outboxOf(handle), send);
  }

  /** Unanswered and failed changes, oldest first. */
  get pending() {
    return this.#sender.pending;
  }

  get isFetching() {
    return this.#sender.isFetching;
  }

  /**
   * Posts a message, and returns its ref. The body is trimmed before the event is stored: a repeated event must equal the
   * first event.
   * @param {string} body may be empty if there are files
   * @param {number | null} [replyTo] the id of the quoted message
   * @param {string[]} [files] the ids of uploaded files
   * @param {number | null} [thread] the first message of the thread in which the message is a reply
   */
  post(body, replyTo = null, files = [], thread = null) {
    const event = { type: CLIENT_EVENT.POST, body: body.trim(), ...(files.length && { files }) };
    return this.#add({ ...event, ...(replyTo === null ? {} : { reply_to: replyTo }), ...(thread === null ? {} : { thread }) });
  }

  /**
   * @param {number} id
   * @param {string} body
   */
  edit(id, body) {
    return this.#add({ type: CLIENT_EVENT.EDIT, id, body: body.trim() });
  }

  /** @param {number} id */
  remove(id) {
    return this.#add({ type: CLIENT_EVENT.REMOVE, id });
  }

  /**
   * @param {number} id
   * @param {string} emoji
   * @param {boolean} on
   */
  react(id, emoji, on) {
    return this.#add({ type: CLIENT_EVENT.REACT, id, emoji, on });
  }

  /**
   * @param {number} id
   * @param {boolean} on
   */
  pin(id, on) {
    return this.#add({ type: CLIENT_EVENT.PIN, id, on });
  }

  /**
   * Runs a command, and returns its ref.
   * @param {string} name without the slash
   * @param {string} text what follows the name
   * @param {string} zone the person's time zone, for times in the text
   * @param {number} [thread] the first message of the thread in which the command posts
   */
  command(name, text, zone, thread) {
    return this.#add({ type: CLIENT_EVENT.COMMAND, name, text: text.trim(), zone, ...(thread !== undefined && { thread }) });
  }

  /**
   * Chooses options of a poll, in place of the earlier choice.
   * @param {number} id
   * @param {number[]} options their positions
   */
  vote(id, options) {
    return this.#add({ type: CLIENT_EVENT.VOTE, id, options });
  }

  /** @param {number} id */
  closePoll(id) {
    return this.#add({ type: CLIENT_EVENT.CLOSE_POLL, id });
  }

  /**
   * Reminds the person of a message.
   * @param {number} id
   * @param {string} at ISO 8601, UTC
   */
  remind(id, at) {
    return this.#add({ type: CLIENT_EVENT.REMIND, id, at });
  }

  /**
   * Starts a background task, and returns the ref that its `task` events carry.
   * @param {string} task
   * @param {object} params
   */
  startTask(task, params) {
    return this.#add({ type: CLIENT_EVENT.START, task, params });
  }

  /**
   * Schedules a message, and returns its ref.
   * @param {string} body
   * @param {string} at ISO 8601, UTC
   * @param {string[]} [files] the ids of uploaded files
   * @param {number} [thread] the first message of the thread in which the message is a reply
   */
  schedule(body, at, files = [], thread = undefined) {
    const event = { type: CLIENT_EVENT.SCHEDULE, body: body.trim(), at, ...(files.length && { files }) };
    return this.#add({ ...event, ...(thread !== undefined && { thread }) });
  }

  /**
   * Asks for a page of history, and returns the ref. A reload forgets this request.
   * @param {{ before?: number | null, around?: number, limit: number }} page `before` or `around` is an id; without both, the newest page
   */
  fetch(page) {
    return this.#add({ type: CLIENT_EVENT.FETCH, ...page }, { isPersistent: false });
  }

  /**
   * Tries a failed change again.
   * @param {string} ref
   */
  retry(ref) {
    this.#sender.retry(ref);
    this.update();
  }

  /**
   * Deletes a failed change.
   * @param {string} ref
   */
  discard(ref) {
    this.#sender.finish(ref);
    this.update();
  }

  /**
   * Starts to send, because the connection has joined. Each account has its own outbox. Otherwise Bob, who signs in
   * after Alice in the same tab, would send Alice's messages.
   * @param {string | null} [newHandle] the new person's handle, if a different person than before has joined
   * @param {number} [refsKeptSeconds] how long the server recognises a ref
   */
  start(newHandle = null, refsKeptSeconds = Infinity) {
    this.#sender.start(newHandle === null ? undefined : this.#outboxOf(newHandle), refsKeptSeconds * 1000);
  }

  stop() {
    this.#sender.stop();
  }

  /**
   * Removes an answered change, and returns its entry. The caller calls `update` when it has drawn the answer.
   * @param {string} ref
   */
  finish(ref) {
    return this.#sender.finish(ref);
  }

  /**
   * Takes a refusal, and returns the entry of its ref, if there is one.
   * @param {WireEvent} rejected
   */
  refuse(rejected) {
    return this.#sender.refuse(rejected);
  }

  /** Tells the page that `pending` has changed, and sends what can be sent now. */
  update() {
    this.#changed();
    this.#sender.sendWaiting();
  }

  /** Deletes all changes, because the person has signed out. */
  forget() {
    this.#sender.forget();
    this.#changed();
  }

  dropFetches() {
    this.#sender.dropTransient();
  }

  /** @param {string} handle */
  #outboxOf(handle) {
    return new Outbox(this.#storage, `chat.outbox.${this.#slug}.${handle}`);
  }

  /**
   * @param {WireEvent} event
   * @param {{ isPersistent?: boolean }} [options]
   */
  #add(event, options) {
    const ref = this.#sender.add(event, options);
    this.update();
    return ref;
  }
}
