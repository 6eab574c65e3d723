// What was written and not yet answered, kept in session storage so that it survives a reload.
// Must not send anything: when to send is the socket's business.

const REF_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-";
const REF_LENGTH = 22;

/** 132 random bits; `crypto.randomUUID` would be missing on plain http. */
export function newRef(source = globalThis.crypto) {
  const bytes = source.getRandomValues(new Uint8Array(REF_LENGTH));
  return Array.from(bytes, (byte) => REF_ALPHABET[byte & 63]).join("");
}

function isEntry(entry) {
  return typeof entry?.event?.ref === "string" && typeof entry.event.type === "string";
}

export class Outbox {
  #storage;
  #key;
  #entries = new Map();

  constructor(storage, key) {
    this.#storage = storage;
    this.#key = key;
    for (const { event, failed } of this.#load()) this.#put(event, failed ?? null, true);
  }

  /** Entries in the order of writing: {ref, event, failed: null or {code, detail}, kept}. */
  get entries() {
    return [...this.#entries.values()];
  }

  get waiting() {
    return this.entries.filter((entry) => !entry.failed);
  }

  get(ref) {
    return this.#entries.get(ref);
  }

  /** `kept: false` is for questions, which a reload asks anew. */
  add(event, { kept = true } = {}) {
    this.#put(event, null, kept);
    if (kept) this.#save();
  }

  remove(ref) {
    if (this.#entries.delete(ref)) this.#save();
  }

  fail(ref, failed) {
    this.#entries.get(ref).failed = failed;
    this.#save();
  }

  revive(ref) {
    this.#entries.get(ref).failed = null;
    this.#save();
  }

  dropQuestions() {
    for (const entry of this.entries) if (!entry.kept) this.#entries.delete(entry.ref);
  }

  #put(event, failed, kept) {
    this.#entries.set(event.ref, { ref: event.ref, event, failed, kept });
  }

  #load() {
    try {
      const stored = JSON.parse(this.#storage.getItem(this.#key) ?? "[]");
      return Array.isArray(stored) ? stored.filter(isEntry) : [];
    } catch {
      return [];
    }
  }

  // Storage may be full or forbidden; the messages are then kept as long as the page lives.
  #save() {
    const kept = this.entries.filter((entry) => entry.kept).map(({ event, failed }) => ({ event, failed }));
    try {
      if (kept.length) this.#storage.setItem(this.#key, JSON.stringify(kept));
      else this.#storage.removeItem(this.#key);
    } catch {
      // Nothing to do: see above.
    }
  }
}
