// @ts-check
// What pages keep in the browser. Every value of a person is bound to that person, and is deleted at sign-out.
// Other modules must not use `sessionStorage` or `localStorage`: both may throw, be null or be full. This module then
// keeps the values in memory, as long as the page lives.

/** Names that begin with this prefix belong to no person. */
const PAGE_PREFIX = "chat.page.";
const PREFIX = "chat.";
// Engineers set this value by hand; see transport-selector.js.
const TRANSPORT = "chat.transport";

/** @typedef {Pick<Storage, "getItem" | "setItem" | "removeItem">} KeyValueStorage */

/** A storage of the browser that never throws. It keeps in memory what the browser does not keep. */
export class SafeStorage {
  /** @type {() => any} */
  #find;
  /** @type {Map<string, string>} */
  #memory = new Map();

  /** @param {() => any} find returns the browser's storage; it may throw, or return null */
  constructor(find) {
    this.#find = find;
  }

  /**
   * @param {string} name
   * @returns {string | null}
   */
  getItem(name) {
    return this.#memory.get(name) ?? this.#try((storage) => storage.getItem(name)) ?? null;
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  setItem(name, value) {
    const isStored = this.#try((storage) => {
      storage.setItem(name, value);
      return true;
    });
    if (isStored) this.#memory.delete(name);
    else this.#memory.set(name, value);
  }

  /** @param {string} name */
  removeItem(name) {
    this.#memory.delete(name);
    this.#try((storage) => storage.removeItem(name));
  }

  /** @returns {string[]} */
  get names() {
    const stored = this.#try((storage) => Object.keys(storage)) ?? [];
    return [...new Set([...stored, ...this.#memory.keys()])];
  }

  /** @param {(storage: any) => any} use */
  #try(use) {
    try {
      return use(this.#find());
    } catch {
      return undefined;
    }
  }
}

/** What this tab keeps, also after a reload. */
export const tabStorage = new SafeStorage(() => globalThis.sessionStorage);
/** What all tabs of the site share. */
export const sharedStorage = new SafeStorage(() => globalThis.localStorage);

let isForgotten = false;

/** Keeps the values of one person in a storage. After `forgetEverybody` it stores and returns nothing. */
export class PersonStorage {
  /** @type {SafeStorage} */
  #storage;
  /** @type {string} */
  #owner;

  /**
   * @param {string} owner identifies the person: a handle is not enough, because another person may have it later
   * @param {SafeStorage} [storage]
   */
  constructor(owner, storage = tabStorage) {
    this.#owner = owner;
    this.#storage = storage;
  }

  /** @param {string} name */
  getItem(name) {
    return isForgotten ? null : this.#storage.getItem(this.#full(name));
  }

  /**
   * @param {string} name
   * @param {string} value
   */
  setItem(name, value) {
    if (!isForgotten) this.#storage.setItem(this.#full(name), value);
  }

  /** @param {string} name */
  removeItem(name) {
    this.#storage.removeItem(this.#full(name));
  }

  /** The names of all values of this person. */
  get names() {
    const ending = this.#full("");
    return this.#storage.names.filter((name) => name.endsWith(ending)).map((name) => name.slice(0, -ending.length));
  }

  /** @param {string} name */
  #full(name) {
    return `${name}@${this.#owner}`;
  }
}

/** Keeps the values of one person in the storage that all tabs share, so that they survive a closed tab. */
export class SharedPersonStorage extends PersonStorage {
  /** @param {string} owner */
  constructor(owner) {
    super(owner, sharedStorage);
  }
}

/**
 * Returns the owner of what a visitor keeps on a board. A visitor needs no account, so the board's session identifies
 * the visitor.
 * @param {string} board
 * @param {string} session
 */
export function boardOwner(board, session) {
  return `board-${board}-${session}`;
}

/**
 * Deletes what people other than this person have left in a storage. `forgetOtherVisitors` does the same for a board.
 * @param {string} person the key of the signed-in person, or ""
 * @param {SafeStorage} [storage]
 */
export function forgetOtherPeople(person, storage = tabStorage) {
  forget(storage, (owner) => owner !== person && !owner.startsWith("board-"));
}

/**
 * Deletes what visitors of a board other than this visitor have left in a storage.
 * @param {string} board
 * @param {string} session
 * @param {SafeStorage} [storage]
 */
export function forgetOtherVisitors(board, session, storage = tabStorage) {
  forget(storage, (owner) => owner.startsWith(`board-${board}-`) && owner !== boardOwner(board, session));
}

/**
 * Deletes what all people have left in a storage, because the person has signed out.
 * @param {SafeStorage} [storage]
 */
export function forgetEverybody(storage = tabStorage) {
  isForgotten = true;
  forget(storage, () => true);
}

/**
 * @param {SafeStorage} storage
 * @param {(owner: string) => boolean} isForgettable
 */
function forget(storage, isForgettable) {
  for (const name of storage.names) {
    const isPersonal = name.startsWith(PREFIX) && !name.startsWith(PAGE_PREFIX) && name !== TRANSPORT;
    // An older version of the page stored values under names without an owner. These values are deleted too.
    if (isPersonal && isForgettable(name.slice(name.lastIndexOf("@") + 1))) storage.removeItem(name);
  }
}
