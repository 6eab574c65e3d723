// @ts-check
// The bars above the conversation: the connection, and a new version. Must not know the socket.

import { tabStorage } from "../connection/storage.js";
import { CLOSE } from "../connection/wire.js";
import { byId, child } from "../ui/dom.js";
import { gettext } from "../ui/translation.js";

// While the page connects, the bar appears only after this time, because a quick reconnect would make it flicker.
const SHOW_AFTER_MS = 500;
const RELOADED_KEY = "chat.page.reloaded";

/** @type {Record<number, string>} */
const ENDINGS = {
  [CLOSE.NOT_SIGNED_IN]: gettext("You are signed out. Sign in to continue."),
  [CLOSE.FORBIDDEN]: gettext("You have been removed from this room. If you are allowed to return, reload the page."),
  [CLOSE.NOT_FOUND]: gettext("This room does not exist, or you do not have access to it."),
  [CLOSE.INVALID_TEXT]: gettext("The server could not read what this page sent. Reload the page to continue."),
  [CLOSE.TOO_LARGE]: gettext("A message was too large to send. Reload the page to continue."),
};

/** Shows the state of the connection, as the socket reports it. Must not decide when to reconnect. */
export class ConnectionBar {
  #bar = byId("connection-bar");
  #text = child(this.#bar, "span");
  #button = child(this.#bar, "button");
  #signInLink = child(this.#bar, "a");
  /** @type {ReturnType<typeof setTimeout>[]} */
  #timers = [];
  #hasEnded = false;
  #isSilent = false;

  /** @param {() => void} reconnectNow */
  constructor(reconnectNow) {
    this.#button.addEventListener("click", () => (this.#hasEnded ? location.reload() : reconnectNow()));
  }

  /** @param {import("../connection/reconnecting-connection.js").Status} status */
  show(status) {
    this.#isSilent = false;
    if (status.state === "connecting") {
      this.#soon(() => this.#say(gettext("Connecting…")));
      return;
    }
    this.#clearTimers();
    if (status.state === "open") this.#bar.hidden = true;
    else if (status.state === "closed") this.#showEnd(status.code ?? CLOSE.NORMAL);
    else this.#soon(() => this.#countDown(status.until ?? 0));
  }

  /**
   * Shows that the server does not answer, although the connection is open.
   * @param {boolean} isSilent
   */
  showSilence(isSilent) {
    if (isSilent && this.#bar.hidden) {
      this.#isSilent = true;
      this.#say(gettext("The server does not answer at the moment. Your messages are kept, and are sent again until it answers."));
    } else if (!isSilent && this.#isSilent) {
      this.#isSilent = false;
      this.#bar.hidden = true;
    }
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
    this.#say(seconds > 0
      ? gettext("Connection lost. Trying again in %(seconds)s s. Your messages are kept, and are sent when you are connected.", { seconds })
      : gettext("Connection lost. Trying again now. Your messages are kept, and are sent when you are connected."));
    this.#button.hidden = seconds < 2;
    if (seconds > 0) this.#timers.push(setTimeout(() => this.#countDown(until), 1000));
  }

  /** @param {number} code */
  #showEnd(code) {
    const isSignedOut = code === CLOSE.NOT_SIGNED_IN;
    this.#say(ENDINGS[code] ?? gettext("The connection has ended. Reload the page to continue."));
    this.#bar.dataset.code = String(code);
    this.#signInLink.hidden = !isSignedOut;
    this.#button.hidden = isSignedOut;
    this.#button.textContent = gettext("Reload");
    this.#hasEnded = true;
  }

  /** @param {string} text */
  #say(text) {
    this.#bar.hidden = false;
    this.#button.hidden = true;
    this.#signInLink.hidden = true;
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  /** Stops the countdown, or a bar that has not appeared yet, because the room leaves the page. */
  suspend() {
    this.#clearTimers();
  }

  #clearTimers() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}

/**
 * Offers a reload when the server has a new version of the client. A hidden page reloads by itself.
 * Must not reload while a person writes.
 */
export class VersionBar {
  #bar = byId("version-bar");
  /** @type {() => boolean} */
  #isIdle;
  /** @type {string | null} */
  #newVersion = null;

  /**
   * @param {() => boolean} isIdle returns whether a reload would not disturb the person
   * @param {import("../ui/scope.js").Scope} scope
   */
  constructor(isIdle, scope) {
    this.#isIdle = isIdle;
    child(this.#bar, "button").addEventListener("click", () => location.reload());
    scope.listen(document, "visibilitychange", () => this.#reloadIfIdle());
  }

  /**
   * Shows the bar if the server has another version than this page.
   * @param {string | undefined} mine
   * @param {string | undefined} current
   */
  compare(mine, current) {
    if (!mine || !current || mine === current) return;
    this.#newVersion = current;
    this.#bar.hidden = false;
    this.#reloadIfIdle();
  }

  // The page reloads once for each version: while servers of two versions answer, a reload may load the old page again.
  #reloadIfIdle() {
    if (!this.#newVersion || !document.hidden || !this.#isIdle()) return;
    if (tabStorage.getItem(RELOADED_KEY) === this.#newVersion) return;
    tabStorage.setItem(RELOADED_KEY, this.#newVersion);
    location.reload();
  }
}
