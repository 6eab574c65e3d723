// @ts-check
// The last deliveries of an outgoing webhook, with their results. Sends a test, and sends a delivery again.
// Must not know the webhook.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { smallButton } from "../ui/forms.js";
import { timeInWords } from "../ui/times.js";
import { formatNumber, gettext, ngettext, pgettext } from "../ui/translation.js";

// The times, in ms, after which the list is loaded again while a delivery waits.
const REFRESHES = [700, 2_000, 5_000, 15_000];

/**
 * @typedef {object} Delivery
 * @property {number} id
 * @property {number | null} message
 * @property {string | null} command
 * @property {"waiting" | "sent" | "failed"} state
 * @property {number} tries
 * @property {string} at
 * @property {number | null} status
 * @property {number | null} milliseconds
 * @property {string} error
 */

/** @type {Record<string, string>} */
const STATES = {
  waiting: pgettext("a delivery", "waiting"), sent: pgettext("a delivery", "sent"), failed: pgettext("a delivery", "failed"),
};

export class Deliveries {
  /** @type {string} */
  #path;
  /** @type {boolean} */
  #isEnabled;
  /** @type {import("../ui/forms.js").ErrorLine} */
  #error;
  #list = make("ul", { class: "listing", id: "hook-deliveries" });
  #status = make("p", { class: "help", role: "status" });

  /**
   * @param {string} path
   * @param {boolean} isEnabled whether the webhook sends
   * @param {import("../ui/forms.js").ErrorLine} error
   */
  constructor(path, isEnabled, error) {
    this.#path = path;
    this.#isEnabled = isEnabled;
    this.#error = error;
    const test = smallButton("test-hook", gettext("Send a test"), () => this.#send(path));
    test.disabled = !isEnabled;
    this.element = make(
      "div", { class: "hook-deliveries" },
      make("div", { class: "between" }, make("h4", { text: gettext("Last deliveries") }), test), this.#status, this.#list,
    );
    this.#error.guard(() => this.#load());
  }

  /** @param {string} path */
  async #send(path) {
    if (!(await this.#error.guard(() => call("POST", path)))) return;
    for (const delay of REFRESHES) {
      const isWaiting = await this.#load().catch(() => true);
      if (!isWaiting || !this.element.isConnected) return;
      await new Promise((resolve) => { setTimeout(resolve, delay); });
    }
    await this.#load().catch(() => true);
  }

  /** Shows the newest deliveries. Returns whether one of them waits. */
  async #load() {
    /** @type {{ deliveries: Delivery[] }} */
    const { deliveries } = await call("GET", this.#path);
    this.#list.replaceChildren(...deliveries.map((delivery) => this.#makeItem(delivery)));
    this.#status.textContent = deliveries.length ? "" : gettext("Nothing was sent yet.");
    return deliveries.some(({ state }) => state === "waiting");
  }

  /** @param {Delivery} delivery */
  #makeItem(delivery) {
    const again = smallButton("send-again", gettext("Send again"), () => this.#send(`${this.#path}${delivery.id}/`));
    again.disabled = !this.#isEnabled;
    const state = make("span", { class: `role ${delivery.state}`, text: STATES[delivery.state] });
    const words = make("span", {}, describeContent(delivery), " ", state, " ", make("small", { text: describeResult(delivery) }));
    return make("li", { "data-id": delivery.id }, make("div", { class: "between" }, words, timeInWords(delivery.at, "short"), again));
  }
}

/** @param {Delivery} delivery */
function describeContent({ message, command }) {
  if (message !== null) return gettext("Message %(id)s", { id: formatNumber(message) });
  return command === null ? pgettext("a delivery", "Test") : command;
}

/** @param {Delivery} delivery */
function describeResult({ status, milliseconds, tries, error }) {
  const parts = [];
  if (error) parts.push(error);
  else if (status !== null) parts.push(gettext("Status %(status)s after %(time)s ms", { status, time: formatNumber(milliseconds ?? 0) }));
  if (tries > 1) parts.push(ngettext("%(count)s try", "%(count)s tries", tries));
  return parts.join(" · ");
}
