// @ts-check
// The part of the settings about notifications while no page is open: the switch for this browser, its test, and the list of
// all browsers that receive them. Must not know how a browser subscribes: push.js does.

import { ApiError, call } from "../connection/api.js";
import { byId, make } from "./dom.js";
import { canReceivePushes, loadPushBrowsers, mustInstallFirst, subscribe, unsubscribe } from "./push.js";
import { isolate } from "./format.js";
import { timeInWords } from "./times.js";
import { gettext, pgettext } from "./translation.js";

const ANSWERED_AFTER_MS = 3_000;

/** @typedef {import("./push.js").PushBrowser} PushBrowser */

class PushSettings {
  #state = byId("push-state");
  #turnOn = byId("push-on", HTMLInputElement);
  #text = byId("push-text", HTMLInputElement);
  #test = byId("push-test", HTMLButtonElement);
  #list = byId("push-browsers");
  /** @type {string} */
  #key = "";
  /** @type {PushBrowser[]} */
  #browsers = [];

  async start() {
    const section = byId("push");
    section.hidden = false;
    if (mustInstallFirst()) {
      byId("push-install").hidden = false;
    }
    this.#turnOn.addEventListener("change", () => this.#run(() => this.#change(this.#turnOn.checked)));
    this.#text.addEventListener("change", () => this.#run(() => subscribe(this.#key, this.#text.checked)));
    this.#test.addEventListener("click", () => this.#run(() => this.#sendTest()));
    await this.#run(async () => undefined);
  }

  /**
   * Does what the person has chosen, and shows the new state.
   * @param {() => Promise<unknown>} act
   */
  async #run(act) {
    for (const element of [this.#turnOn, this.#text, this.#test]) element.disabled = true;
    let sentence;
    try {
      sentence = String((await act()) ?? "");
    } catch (error) {
      sentence = error instanceof ApiError ? error.message : gettext("This browser could not turn the notifications on.");
    }
    try {
      await this.#load();
    } catch (error) {
      sentence ||= error instanceof ApiError ? error.message : "";
    }
    this.#show(sentence);
  }

  async #load() {
    const { key, browsers } = await loadPushBrowsers();
    this.#key = key ?? "";
    this.#browsers = browsers;
  }

  /** @param {boolean} isOn */
  async #change(isOn) {
    if (!isOn) {
      await unsubscribe();
      return gettext("This browser receives no notifications while the chat is closed.");
    }
    // Browsers show their question only after the person has pressed a button.
    if (await Notification.requestPermission() !== "granted") {
      return gettext("This browser blocks the notifications of this site. You can change this in the browser's settings.");
    }
    await subscribe(this.#key, this.#text.checked);
    return gettext("This browser now receives notifications, also while the chat is closed.");
  }

  async #sendTest() {
    const own = this.#browsers.find((browser) => browser.own);
    if (!own) return "";
    await call("POST", `/api/push/${own.id}/test/`);
    // By then the push service has probably answered.
    setTimeout(() => this.#load().then(() => this.#showBrowsers(), () => undefined), ANSWERED_AFTER_MS);
    return gettext("A notification is on its way to this browser.");
  }

  /** @param {string} sentence what the person's last choice has done */
  #show(sentence) {
    const own = this.#browsers.find((browser) => browser.own);
    const isPossible = canReceivePushes() && this.#key !== "";
    this.#turnOn.disabled = !isPossible;
    this.#turnOn.checked = own !== undefined;
    this.#text.checked = own?.text ?? this.#text.checked;
    this.#text.disabled = !isPossible;
    this.#test.disabled = false;
    this.#test.hidden = own === undefined;
    if (!isPossible && !sentence && !mustInstallFirst()) sentence = gettext("This browser cannot receive notifications while the chat is closed.");
    this.#state.textContent = sentence;
    this.#showBrowsers();
  }

  #showBrowsers() {
    this.#list.replaceChildren(...this.#browsers.map((browser) => this.#makeRow(browser)));
    byId("push-others").hidden = this.#browsers.length === 0;
  }

  /** @param {PushBrowser} browser */
  #makeRow({ id, browser, sent_at: sentAt, failing, own }) {
    const details = make("small", {}, sentAt ? gettext("last notification:") : gettext("no notification yet"), " ", sentAt && timeInWords(sentAt, "short"));
    const problem = failing && make("small", { class: "soon", text: gettext("The last notification could not be delivered.") });
    const end = make("button", {
      type: "button", class: "button quiet", text: pgettext("button", "Turn off"), "aria-label": gettext("Turn off in %(browser)s", { browser: isolate(browser) }),
      onclick: () => this.#run(() => (own ? unsubscribe() : call("DELETE", `/api/push/${id}/`))),
    });
    return make("li", {}, make("span", {}, make("bdi", { text: browser }), details, problem), own ? make("strong", { text: gettext("This browser") }) : end);
  }
}

/** Starts this part of the settings, if the page has it: the site then sends pushes. */
export function startPushSettings() {
  if (document.querySelector("#push")) new PushSettings().start();
}
