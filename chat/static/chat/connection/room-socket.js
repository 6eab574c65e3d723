// A room's protocol as the client owes it: joining, cursor, sync, heartbeat; sender.js keeps the outbox going. No DOM.
// Must not draw, and must not decide what a person sees: it tells, room.js shows.

import { Announced } from "./announcement-cursor.js";
import { Cursor } from "./cursor.js";
import { Held } from "./loaded-messages.js";
import { Line, environment, socketUrl, waitMs } from "./reconnecting-connection.js";
import { Outbox } from "./outbox.js";
import { Sender, isRetried } from "./outbox-sender.js";

export const LONGEST_BODY = 4000;
export const SYNCED_MS = 10_000;
// Somebody has just come back, and looks: a line that died meanwhile must not cost them ten seconds.
export const HURRIED_SYNCED_MS = 3_000;
export const GAP_MS = 300;
const HEARTBEAT_MS = 25_000;
const HEARTBEAT_JITTER_MS = 5_000;
const PAGE_SIZE = 50;
const PASSED_ON = new Set(["presence", "typing", "read", "task", "member", "reported"]);

/** The server counts code points, JavaScript's length counts halves of some. */
export function lengthOf(body) {
  return [...body].length;
}

function parse(text) {
  try {
    const event = JSON.parse(text);
    return typeof event?.type === "string" ? event : null;
  } catch {
    return null;
  }
}

/**
 * Events (CustomEvent, `detail` is what the server said unless noted): joined, message, acked {ref, id, offset, event},
 * rejected {ref, code, detail, event, again}, synced, page {ref, messages (news only), more}, presence, typing, read,
 * announcement, task, member, reported, reset {} (forget what was drawn), outbox {} (see `pending`),
 * status {state: connecting, open, waiting or closed; until; code; returns}.
 */
export class RoomSocket extends EventTarget {
  #environment;
  #storage;
  #slug;
  #line;
  #sender;
  #cursor = new Cursor();
  #announced = new Announced();
  #held = new Held();
  #joined = false;
  #early = [];
  #syncing = false;
  #timers = { gap: null, heartbeat: null, deadline: null, hurried: null };
  #handlers = {
    joined: (event) => this.#welcomed(event),
    message: (event) => this.#took(event),
    ack: (event) => this.#acked(event),
    rejected: (event) => this.#rejected(event),
    synced: (event) => this.#synced(event),
    page: (event) => this.#paged(event),
    announcement: (event) => this.#announcing(event),
  };

  /** Options: slug, url, handle, storage, and for tests WebSocket, timers, now, random, crypto. */
  constructor(options) {
    super();
    this.#environment = { ...environment(options), crypto: options.crypto ?? globalThis.crypto };
    this.#storage = options.storage ?? globalThis.sessionStorage;
    this.#slug = options.slug;
    this.handle = options.handle ?? "";
    this.#sender = new Sender(this.#environment, this.#openOutbox(), (event) => this.#say(event));
    const url = options.url ?? socketUrl(`/chat/${options.slug}/`);
    const handlers = {
      frame: (text) => this.#receive(text),
      lost: () => this.#lost(),
      status: (status) => this.#tell("status", status),
    };
    this.#line = new Line(() => this.#address(url), handlers, options);
  }

  /** Everything up to here is held; null before the first `synced`. */
  get cursor() {
    return this.#cursor.position;
  }

  get hasOlder() {
    return this.#held.hasOlder;
  }

  /** The lowest id that is held without a hole. */
  get floor() {
    return this.#held.floor;
  }

  /** Unanswered and failed changes, oldest first: {ref, event, failed: null or {code, detail}}. */
  get pending() {
    return this.#sender.pending;
  }

  open() {
    this.#line.open();
  }

  close() {
    this.#lost();
    this.#line.close();
  }

  /** The network is back, or someone looks at the page: no more waiting, and no trust in a silent line. */
  hurry() {
    this.#line.hurry();
    this.#sync();
    // Also where one was under way: what was asked on a line that is dead by now brings no answer.
    if (this.#syncing && this.#timers.hurried === null) {
      this.#start("hurried", HURRIED_SYNCED_MS, () => this.#line.restart());
    }
  }

  // Trimmed once, here: a resend must be letter for letter what was sent first.
  post(body, replyTo = null) {
    const event = { type: "post", body: body.trim() };
    return this.#change(replyTo === null ? event : { ...event, reply_to: replyTo });
  }

  edit(id, body) {
    return this.#change({ type: "edit", id, body: body.trim() });
  }

  remove(id) {
    return this.#change({ type: "remove", id });
  }

  react(id, emoji, on) {
    return this.#change({ type: "react", id, emoji, on });
  }

  /** Asks for background work; what becomes of it comes as `task` events with this ref. */
  start(task, params) {
    return this.#change({ type: "start", task, params });
  }

  /** `at` is ISO 8601 in UTC. */
  schedule(body, at) {
    return this.#change({ type: "schedule", body: body.trim(), at });
  }

  typing(on) {
    if (this.#joined) this.#say({ type: "typing", on });
  }

  read(offset) {
    if (this.#joined) this.#say({ type: "read", offset });
  }

  /** Asks for the page before the oldest that is held; null when there is none, or one is on its way. */
  fetchOlder(limit = PAGE_SIZE) {
    if (this.#sender.isAsking || !this.#held.hasOlder) return null;
    return this.#change({ type: "fetch", before: this.#held.floor, limit }, { kept: false });
  }

  retry(ref) {
    this.#sender.retry(ref);
    this.#outboxChanged();
  }

  discard(ref) {
    this.#sender.finish(ref);
    this.#outboxChanged();
  }

  /** The page has let go of what is older than this id. */
  dropBefore(id) {
    this.#held.dropBefore(id);
  }

  // Kept apart by account: what Alice left behind must not be sent as Bob, who signed in after her in the same tab.
  #openOutbox() {
    return new Outbox(this.#storage, `chat.outbox.${this.#slug}.${this.handle}`);
  }

  #address(url) {
    const held = { cursor: this.#cursor.position, announced: this.#announced.position };
    const known = Object.entries(held).filter(([, position]) => position !== null);
    return known.length ? `${url}?${new URLSearchParams(known)}` : url;
  }

  #change(content, keeping) {
    const ref = this.#sender.add(content, keeping);
    this.#outboxChanged();
    return ref;
  }

  #outboxChanged() {
    this.#tell("outbox", {});
    this.#sender.pump();
  }

  #receive(text) {
    const event = parse(text);
    if (!event) return;
    // Broadcasts may overtake the welcome; a reset in it must not wipe them out. A refusal may come in its place.
    if (this.#joined || event.type === "joined" || event.type === "rejected") this.#handle(event);
    else this.#early.push(event);
  }

  #handle(event) {
    if (PASSED_ON.has(event.type)) this.#tell(event.type, event);
    else if (Object.hasOwn(this.#handlers, event.type)) this.#handlers[event.type](event);
  }

  #welcomed(event) {
    this.#joined = true;
    // The backlog that follows ends with `synced`; until then its holes are no gaps.
    this.#syncing = true;
    this.#announced.welcomed(event.announced);
    if (event.reset || this.#cursor.position === null) this.#forget();
    const handle = event.you?.handle ?? this.handle;
    const isOther = handle !== this.handle;
    this.handle = handle;
    this.#tell("joined", event);
    this.#tell("status", { state: "open" });
    for (const early of this.#early.splice(0)) this.#handle(early);
    this.#sender.start(isOther ? this.#openOutbox() : undefined);
  }

  #took(message) {
    if (!Number.isSafeInteger(message.id) || !Number.isSafeInteger(message.offset)) return;
    // Counted even where a newer state is held: else the cursor sticks after an edit.
    this.#cursor.see(message.offset);
    for (const news of this.#held.take(message)) this.#tell("message", news);
    this.#watchGap();
  }

  #synced(event) {
    this.#stop("deadline");
    this.#stop("hurried");
    this.#syncing = false;
    this.#line.settled();
    this.#announced.synced();
    if (event.reset) {
      this.#forget();
      this.#line.restart();
      return;
    }
    const before = this.#cursor.position;
    this.#cursor.synced(event.offset);
    for (const message of this.#held.settle()) this.#tell("message", message);
    this.#tell("synced", event);
    // An answer that says "more" and brings nothing would make us ask without pause.
    if (event.more && this.#cursor.position !== before) this.#sync();
    else this.#rest();
  }

  #rest() {
    const jitter = (this.#environment.random() * 2 - 1) * HEARTBEAT_JITTER_MS;
    this.#start("heartbeat", HEARTBEAT_MS + jitter, () => this.#sync());
    this.#watchGap();
  }

  #sync() {
    if (!this.#joined || this.#syncing || this.#cursor.position === null) return;
    this.#syncing = true;
    this.#stop("gap");
    this.#stop("heartbeat");
    this.#start("deadline", SYNCED_MS, () => this.#line.fail());
    this.#say({ type: "sync", cursor: this.#cursor.position });
  }

  // Timed by the offset that is missing: in a busy room there is always some gap, and each gets its own 300 ms.
  #watchGap() {
    const missing = this.#cursor.missing;
    if (this.#syncing || missing === null) {
      this.#stop("gap");
      return;
    }
    if (this.#timers.gap !== null) return;
    this.#start("gap", GAP_MS, () => {
      if (this.#cursor.missing === missing) this.#sync();
      else this.#watchGap();
    });
  }

  #acked(event) {
    const entry = this.#sender.finish(event.ref);
    if (!entry) return;
    this.#tell("acked", { ...event, event: entry.event });
    this.#outboxChanged();
  }

  #rejected(event) {
    if (event.retry_after !== undefined) this.#line.retryAfter = event.retry_after;
    const entry = this.#sender.refuse(event);
    const again = isRetried(event.code, entry?.event.type);
    if (!entry && again) this.#syncLater(event);
    this.#tell("rejected", { ...event, event: entry?.event ?? null, again });
    if (entry) this.#outboxChanged();
  }

  // It may have been our `sync`, which has no ref and will then get no other answer.
  #syncLater(event) {
    if (this.#timers.deadline === null) return;
    this.#stop("deadline");
    this.#stop("hurried");
    this.#syncing = false;
    this.#start("heartbeat", waitMs(event.retry_after), () => this.#sync());
  }

  #paged(event) {
    if (!this.#sender.finish(event.ref)) return;
    const messages = this.#held.takePage(event.messages, event.more);
    this.#tell("page", { ref: event.ref, messages, more: event.more });
    this.#sender.pump();
  }

  #announcing(event) {
    this.#announced.heard(event.id);
    this.#tell("announcement", event);
  }

  #lost() {
    this.#joined = false;
    this.#syncing = false;
    this.#early = [];
    this.#sender.stop();
    for (const name of Object.keys(this.#timers)) this.#stop(name);
  }

  // What the person wrote is not part of it: the outbox stays.
  #forget() {
    this.#cursor.reset();
    this.#held.reset();
    this.#sender.dropQuestions();
    this.#tell("reset", {});
  }

  #say(event) {
    this.#line.send(JSON.stringify(event));
  }

  #start(name, delay, callback) {
    this.#stop(name);
    this.#timers[name] = this.#environment.timers.setTimeout(() => {
      this.#timers[name] = null;
      callback();
    }, delay);
  }

  #stop(name) {
    this.#environment.timers.clearTimeout(this.#timers[name]);
    this.#timers[name] = null;
  }

  #tell(type, detail) {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }
}
