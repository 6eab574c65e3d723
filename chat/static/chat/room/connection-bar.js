// The bars above the conversation: the connection, a new version, announcements.
// Must not decide when to reconnect; it shows what the socket says.

import { find, fullTime, make } from "../ui/dom.js";

// A quick return is not worth a bar that flickers.
const PATIENCE_MS = 500;

const ENDINGS = {
  4401: "You are signed out. What you wrote is kept.",
  4403: "You have been taken out of this room. If you may come back, a reload lets you in.",
  4404: "This room does not exist, or it is not open to you.",
  1007: "The server could not read what this page sent. Reload to go on.",
  1009: "Something was too large to be sent. Reload to go on.",
};

export class ConnectionBar {
  #bar = find("connection-bar");
  #text = this.#bar.querySelector("span");
  #button = this.#bar.querySelector("button");
  #link = this.#bar.querySelector("a");
  #timers = [];
  #isEnded = false;

  constructor(tryNow) {
    this.#button.addEventListener("click", () => (this.#isEnded ? location.reload() : tryNow()));
  }

  show(status) {
    if (status.state === "connecting") return this.#later(() => this.#say("Connecting…"));
    this.#quiet();
    if (status.state === "open") this.#bar.hidden = true;
    else if (status.state === "closed") this.#ended(status.code);
    else this.#later(() => this.#countDown(status.until));
    return undefined;
  }

  #later(callback) {
    // A bar that is there already stays, whatever comes next.
    if (!this.#bar.hidden) callback();
    else this.#timers.push(setTimeout(callback, PATIENCE_MS));
  }

  #countDown(until) {
    const seconds = Math.max(0, Math.ceil((until - Date.now()) / 1000));
    const when = seconds > 0 ? `in ${seconds} s` : "now";
    this.#say(`Connection lost, trying again ${when}. What you write is kept and sent.`);
    this.#button.hidden = seconds < 2;
    if (seconds > 0) this.#timers.push(setTimeout(() => this.#countDown(until), 1000));
  }

  #ended(code) {
    this.#say(ENDINGS[code] ?? "The connection has ended. Reload to go on.");
    this.#bar.dataset.code = code;
    this.#link.hidden = code !== 4401;
    this.#button.hidden = code === 4401;
    this.#button.textContent = "Reload";
    this.#isEnded = true;
  }

  #say(text) {
    this.#bar.hidden = false;
    this.#button.hidden = true;
    this.#link.hidden = true;
    if (this.#text.textContent !== text) this.#text.textContent = text;
  }

  #quiet() {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }
}

/** A quiet word that a new version is here; `isIdle` says whether a reload would disturb anything. */
export class VersionBar {
  #bar = find("version-bar");
  #isIdle;
  #version = null;

  constructor(isIdle) {
    this.#isIdle = isIdle;
    this.#bar.querySelector("button").addEventListener("click", () => location.reload());
    document.addEventListener("visibilitychange", () => this.#reloadIfIdle());
  }

  compare(mine, current) {
    if (!mine || !current || mine === current) return;
    this.#version = current;
    this.#bar.hidden = false;
    this.#reloadIfIdle();
  }

  // Once for each version: while servers of two versions answer, a reload may bring the old page again.
  #reloadIfIdle() {
    if (!this.#version || !document.hidden || !this.#isIdle()) return;
    if (sessionStorage.getItem("chat.reloaded") === this.#version) return;
    sessionStorage.setItem("chat.reloaded", this.#version);
    location.reload();
  }
}

/** Operators' words, the newest on top; each once in this tab, and there until it is dismissed. */
export class Announcements {
  #place = document.getElementById("announcements");
  #seen = new Set();

  show({ id, text, level, at, private: forMe }) {
    if (this.#seen.has(id)) return;
    this.#seen.add(id);
    const bar = make("div", {
      class: `bar announcement ${level}`, role: level === "urgent" ? "alert" : "status",
      "data-testid": "announcement", "data-id": id, title: at ? fullTime(at) : null,
    });
    const close = make("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", text: "✕" });
    close.addEventListener("click", () => bar.remove());
    bar.append(make("span", { text: forMe ? `To you alone: ${text}` : text }), close);
    this.#place.prepend(bar);
  }
}
