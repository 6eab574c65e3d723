// @ts-check
// The base of the classes that replace a WebSocket with requests of the JSON API: the handlers, and the end.
// Must not know what is requested: the classes that extend it do.

export class PolledSocket {
  /** @type {((event: object) => void) | null} */
  onopen = null;
  /** @type {((event: { data: string }) => void) | null} */
  onmessage = null;
  /** @type {((event: { code: number }) => void) | null} */
  onclose = null;
  #aborter = new AbortController();

  /** Aborts the requests when the connection ends. */
  get signal() {
    return this.#aborter.signal;
  }

  get hasEnded() {
    return this.#aborter.signal.aborted;
  }

  close() {
    this.stop();
  }

  /** Ends the connection. The page gets no event. */
  stop() {
    this.#aborter.abort();
  }

  /**
   * Ends the connection, and passes the close code to the page.
   * @param {number} code
   */
  end(code) {
    if (this.hasEnded) return;
    this.stop();
    this.onclose?.({ code });
  }

  /**
   * Passes an event to the page, unless the connection has ended.
   * @param {object} event
   */
  deliver(event) {
    if (!this.hasEnded) this.onmessage?.({ data: JSON.stringify(event) });
  }
}
