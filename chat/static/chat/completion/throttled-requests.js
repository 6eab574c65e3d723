// @ts-check
// Asks the server what a person may mean: at most one request in 150 ms, only for the newest query. Keeps the last
// 200 answers, and does not request them again. Must not draw.

const INTERVAL_MS = 150;
const KEPT = 200;

export class ThrottledRequests {
  /** @type {(address: string) => Promise<any>} */
  #fetch;
  /** @type {() => number} */
  #now;
  /** @type {Map<string, any>} */
  #answers = new Map();
  #lastAt = -Infinity;
  #asked = 0;

  /**
   * @param {(address: string) => Promise<any>} fetch rejects for an error
   * @param {() => number} [now] returns milliseconds
   */
  constructor(fetch, now = () => performance.now()) {
    this.#fetch = fetch;
    this.#now = now;
  }

  /**
   * Returns the kept answer for an address, or undefined.
   * @param {string} address
   */
  kept(address) {
    return this.#answers.get(address);
  }

  /**
   * Returns the answer for an address: a kept one, or the server's. Returns null for an error, and for a request that a
   * newer request has replaced before it was sent.
   * @param {string} address
   */
  async get(address) {
    if (this.#answers.has(address)) return this.#answers.get(address);
    this.#asked += 1;
    const asked = this.#asked;
    const waitMs = this.#lastAt + INTERVAL_MS - this.#now();
    if (waitMs > 0) await new Promise((resolve) => { setTimeout(resolve, waitMs); });
    if (asked !== this.#asked) return null;
    this.#lastAt = this.#now();
    const answer = await this.#fetch(address).catch(() => null);
    if (answer !== null) this.#keep(address, answer);
    return answer;
  }

  /**
   * @param {string} address
   * @param {any} answer
   */
  #keep(address, answer) {
    this.#answers.set(address, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > KEPT) this.#answers.delete(oldest);
  }
}
