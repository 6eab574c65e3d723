// @ts-check
// The bar that shows the state of the connection. Must not decide when to reconnect: it shows what the socket reports.

import { CLOSE } from "../connection/wire.js";
import { byId, child } from "../ui/dom.js";

// A quick reconnect is not worth a bar that flickers.
const SHOW_AFTER_MS = 500;

/** @type {Record<number, string>} */
const ENDINGS = {
  [CLOSE.NOT_SIGNED_IN]: "You are signed out. Unsent messages are kept.",
  [CLOSE.FORBIDDEN]: "You have been removed from this room. If you are allowed to return, reload the page.",
  [CLOSE.NOT_FOUND]: "This room does not exist, or you do not have access to it.",
  [CLOSE.INVALID_TEXT]: "The server could not read what this page sent. Reload the page to continue.",
  [CLOSE.TOO_LARGE]: "A message was too large to send. Reload the page to continue.",
};

export class ConnectionBar {
  #bar = byId("connection-bar");
  #text = child(this.#bar, "span");
  #button = child(this.#bar, "button");
  #signInLink = child(this.#bar, "a");
  /** @type {ReturnType<typeof setTimeout>[]} */
  #timers = [];
  #hasEnded = false;

  /** @param {() => void} reconnectNow */
  constructor(reconnectNow) {
    this.#button.addEventListener("click", () => (this.#hasEnded ? location.reload() : reconnectNow()));
  }

  /** @param {import("../connection/reconnecting-connection.js").Status} status */
  show(status) {
    if (status.state === "connecting") {
      this.#soon(() => this.#say("Connecting…"));
      return;
    }
    this.#clearTimers();
    if (status.state === "open") this.#bar.hidden = true;
    else if (status.state === "closed") this.#showEnd(status.code ?? CLOSE.NORMAL);
    else this.#soon(() => this.#countDown(status.until ?? 0));
  }

  /** @param {() => void} callback */
  #soon(callback) {
    // A visible bar changes at once.
    if (!this.#bar.hidden) callback();
    else this.#timers.push(setTimeout(callback, SHOW_AFTER_MS));
  }

  /** @param {number} until milliseconds since 1970 */
  #countDown(until) {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    const when = seconds > 0 ? `in ${seconds} s` : "now";
    this.#say(`Connection lost. Trying again ${when}. Your messages are kept, and are sent when you are connected.`);
    this.#button.hidden = seconds < 2;
    if (seconds > 0) this.#timers.push(setTimeout(() => this.#countDown(until), 1000));
  }

  /** @param {number} code */
  #showEnd(code) {
    const isSignedOut = code === CLOSE.NOT_SIGNED_IN;
    this.#say(ENDINGS[code] ?? "The connection has ended. Reload the page to continue.");
    this.#bar.dataset.code = String(code);
    this.#signInLink.hidden = !isSignedOut;
    this.#button.hidden = isSignedOut;
    this.#button.textContent = "Reload";
    this.#hasEnded = true;
  }

  /** @param {string} text */
  #say(text) {
    this.#bar.hidden = false;
    this.#button.hidden = true;
    this.#signInLink.hidden = true;
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}
