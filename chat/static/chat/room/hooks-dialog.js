// @ts-check
// The dialog "Webhooks" of a room: it makes, lists, changes and deletes webhooks, and shows what they have sent.
// Must not decide who may do that: the server does.

import { call } from "../connection/api.js";
import { makeCopyButton } from "../ui/clipboard.js";
import { openDialog } from "../ui/dialog.js";
import { make } from "../ui/dom.js";
import { isolate } from "../ui/format.js";
import { ErrorLine, confirmButton, field, select, smallButton } from "../ui/forms.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { fillSentence } from "../ui/sentences.js";
import { timeInWords } from "../ui/times.js";
import { gettext, pgettext } from "../ui/translation.js";
import { Deliveries } from "./hook-deliveries.js";

const INCOMING = "incoming";
const OUTGOING = "outgoing";
const WORDS = "words";
const COMMAND = "command";
const MAX_NAME = 32;

/** @type {[value: string, text: string][]} */
const TRIGGERS = [
  ["every", gettext("Every message")], [WORDS, gettext("Messages that begin with certain words")], [COMMAND, gettext("A command, such as /deploy")],
];

/**
 * @typedef {object} Hook
 * @property {number} id
 * @property {string} kind
 * @property {string} name
 * @property {boolean} enabled
 * @property {string | null} created_by
 * @property {string} created_at
 * @property {string | null} used_at
 * @property {string} [url]
 * @property {string} [trigger]
 * @property {string[]} [words]
 * @property {string | null} [failing_since]
 * @property {string} [address] only after the key was made
 * @property {string} [secret] only after the secret was made
 */

/** @param {string} slug */
export function openHooks(slug) {
  loadLateStyles();
  new HooksDialog(slug);
}

class HooksDialog {
  #path = "";
  #view = make("div", { class: "hooks-view" });
  #error = new ErrorLine();
  #maySend = false;

  /** @param {string} slug */
  constructor(slug) {
    this.#path = `/api/rooms/${slug}/hooks/`;
    openDialog(gettext("Webhooks"), "hooks-dialog", this.#view);
    this.#view.append(this.#error.element);
    this.#showList();
  }

  /**
   * Replaces what the dialog shows, and moves the focus to its heading or to `focused`.
   * @param {HTMLElement | null} focused
   * @param {import("../ui/dom.js").Child[]} content
   */
  #show(focused, ...content) {
    this.#error.show("");
    this.#view.replaceChildren(...content.filter((part) => part instanceof Node));
    const submit = this.#view.querySelector("[type=submit]");
    if (submit) submit.before(this.#error.element);
    else this.#view.append(this.#error.element);
    (focused ?? /** @type {HTMLElement | null} */ (this.#view.querySelector("h3")))?.focus();
  }

  /** @param {number | null} [id] the webhook that the person has just left */
  async #showList(id = null) {
    await this.#error.guard(async () => {
      const { hooks, may_send: maySend } = await call("GET", this.#path);
      this.#maySend = maySend;
      const items = hooks.map((/** @type {Hook} */ hook) => this.#makeItem(hook));
      const list = make("ul", { class: "listing", id: "hooks" }, ...items);
      const last = id === null ? null : /** @type {HTMLElement | null} */ (list.querySelector(`[data-id="${id}"] button`));
      this.#show(
        last,
        make("p", { class: "lead", text: gettext("With a webhook, another program posts into this room, or gets its messages.") }),
        hooks.length ? make("section", {}, make("h3", { tabindex: "-1", text: gettext("Webhooks of this room") }), list) : null,
        make(
          "div", { class: "choices" },
          smallButton("add-incoming", gettext("Let a program post here"), () => this.#showForm(INCOMING)),
          this.#maySend && smallButton("add-outgoing", gettext("Send messages to a program"), () => this.#showForm(OUTGOING)),
        ),
      );
      if (!last) /** @type {HTMLElement | null} */ (this.#view.querySelector("button"))?.focus();
    });
  }

  /** @param {Hook} hook */
  #makeItem(hook) {
    const name = make("button", { type: "button", class: "link hook-name", dir: "auto", text: hook.name, onclick: () => this.#showHook(hook) });
    return make("li", { "data-id": hook.id }, make("div", { class: "between" }, name, ...makeMarks(hook)), make("p", { class: "help", text: describeUse(hook) }));
  }

  #makeBack(/** @type {number | null} */ id = null) {
    return make("button", { type: "button", class: "link", "data-action": "back", text: gettext("All webhooks"), onclick: () => this.#showList(id) });
  }

  /**
   * Shows the form of a new webhook, or of a webhook that the person changes.
   * @param {string} kind
   * @param {Hook} [hook]
   */
  #showForm(kind, hook) {
    const name = make("input", { id: "hook-name", dir: "auto", maxlength: MAX_NAME, autocomplete: "off", value: hook?.name ?? "" });
    const sending = kind === OUTGOING ? new SendingFields(hook) : null;
    const isNew = hook === undefined;
    const form = make(
      "form", { novalidate: true },
      field(gettext("Name"), name, { help: gettext("Shown beside each of its messages, with the mark “bot”.") }),
      ...(sending?.elements ?? []),
      make("button", { type: "submit", class: "button wide", text: isNew ? gettext("Add the webhook") : gettext("Save") }),
    );
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const fields = { name: name.value.trim(), ...sending?.read() };
      await this.#error.guard(async () => {
        if (isNew) this.#showMade(await call("POST", this.#path, { kind, ...fields }));
        else this.#showHook(await call("PATCH", `${this.#path}${hook.id}/`, fields));
      });
    });
    const title = { [INCOMING]: gettext("A program posts into this room"), [OUTGOING]: gettext("A program gets the messages of this room") }[kind];
    this.#show(name, make("h3", { tabindex: "-1", text: title }), form, this.#makeBack());
  }

  /**
   * Shows the new address or the new secret of a webhook, which the server sends only once.
   * @param {Hook} hook
   */
  #showMade(hook) {
    const isIncoming = hook.kind === INCOMING;
    const input = make("input", {
      readonly: true, dir: "ltr", id: "hook-key", value: (isIncoming ? hook.address : hook.secret) ?? "",
      "aria-label": isIncoming ? gettext("The address of the webhook") : gettext("The signing secret"),
    });
    const copy = make("button", { type: "button", class: "button small", text: isIncoming ? gettext("Copy address") : gettext("Copy secret") });
    makeCopyButton(copy, input);
    const warning = isIncoming
      ? gettext("Copy the address now. It is not shown again. Everyone who knows it can post here.")
      : gettext("Copy the secret now. It is not shown again. The program checks the signature of each message with it.");
    this.#show(
      copy,
      make("h3", { tabindex: "-1", class: "hook-title", dir: "auto", text: hook.name }),
      make("div", { class: "link-bar", role: "status" }, input, copy),
      make("p", { class: "help", text: warning }),
      ...(isIncoming ? makeExample(hook.address ?? "") : []),
      smallButton("done", gettext("Done"), () => this.#showHook(hook)),
    );
  }

  /** @param {Hook} hook */
  #showHook(hook) {
    const isIncoming = hook.kind === INCOMING;
    const path = `${this.#path}${hook.id}/`;
    const act = (/** @type {() => Promise<unknown>} */ send) => () => this.#error.guard(send);
    const toggle = smallButton("toggle", hook.enabled ? gettext("Disable") : gettext("Enable"), act(async () => {
      this.#showHook(await call("PATCH", path, { enabled: !hook.enabled }));
      /** @type {HTMLElement | null} */ (this.#view.querySelector("[data-action=toggle]"))?.focus();
    }));
    const renew = confirmButton(
      "renew", isIncoming ? gettext("New address") : gettext("New secret"),
      isIncoming ? gettext("Really replace the current address?") : gettext("Really replace the current secret?"),
      act(async () => this.#showMade(await call("POST", `${path}key/`))),
    );
    const remove = confirmButton("delete-hook", gettext("Delete"), gettext("Really delete the webhook?"), act(async () => {
      await call("DELETE", path);
      this.#showList();
    }));
    const deliveries = isIncoming ? null : new Deliveries(`${path}deliveries/`, hook.enabled, this.#error);
    this.#show(
      null,
      make("h3", { tabindex: "-1", class: "hook-title", dir: "auto" }, hook.name, " ", ...makeMarks(hook)),
      make("p", { class: "help", text: describeUse(hook) }),
      ...(isIncoming ? [] : [make("p", { class: "hook-address" }, make("bdi", { dir: "ltr", text: hook.url }), make("span", { class: "help", text: describeTrigger(hook) }))]),
      make("div", { class: "choices" }, smallButton("edit", gettext("Edit"), () => this.#showForm(hook.kind, hook)), toggle, renew, remove),
      deliveries?.element ?? null,
      this.#makeBack(hook.id),
    );
  }
}

/** The fields of an outgoing webhook. */
class SendingFields {
  #url = make("input", { id: "hook-url", type: "url", dir: "ltr", maxlength: 2000, autocomplete: "off" });
  #trigger = select("hook-trigger", TRIGGERS);
  #words = make("input", { id: "hook-words", dir: "auto", autocomplete: "off" });
  #wordsField;

  /** @param {Hook} [hook] */
  constructor(hook) {
    this.#url.value = hook?.url ?? "";
    this.#trigger.value = hook?.trigger ?? WORDS;
    this.#words.value = (hook?.words ?? []).join(", ");
    this.#wordsField = field(gettext("Words or command"), this.#words, {
      help: gettext("Separate words with commas. A command is one word with small letters, such as deploy."),
    });
    this.#trigger.addEventListener("change", () => this.#showWords());
    this.#showWords();
    this.elements = [
      field(gettext("Address"), this.#url, { help: gettext("The server that gets the messages, with http:// or https://") }),
      field(gettext("What is sent"), this.#trigger), this.#wordsField,
    ];
  }

  #showWords() {
    this.#wordsField.hidden = ![WORDS, COMMAND].includes(this.#trigger.value);
  }

  read() {
    const words = this.#words.value.split(",").map((word) => word.trim()).filter(Boolean);
    return { url: this.#url.value.trim(), trigger: this.#trigger.value, words: this.#wordsField.hidden ? [] : words };
  }
}

/** @param {Hook} hook */
function makeMarks({ kind, enabled, failing_since: failing }) {
  const mark = (/** @type {string} */ text, /** @type {string} */ name) => make("span", { class: `role ${name}`, text });
  return [
    mark(kind === INCOMING ? pgettext("a webhook", "incoming") : pgettext("a webhook", "outgoing"), ""),
    ...(enabled ? [] : [mark(pgettext("a webhook", "disabled"), "bad")]),
    ...(enabled && failing ? [mark(pgettext("a webhook", "failing"), "bad")] : []),
  ];
}

/** @param {Hook} hook */
function describeUse({ created_by: creator, created_at: made, used_at: used }) {
  const values = { creator: creator === null ? pgettext("who made a webhook", "someone") : isolate(creator) };
  const when = (/** @type {string} */ at) => timeInWords(at, "short").textContent ?? "";
  if (used === null) return gettext("Made by %(creator)s, %(time)s. Never used.", { ...values, time: when(made) });
  return gettext("Made by %(creator)s. Last used: %(time)s.", { ...values, time: when(used) });
}

/** @param {Hook} hook */
function describeTrigger({ trigger, words = [] }) {
  if (trigger === COMMAND) return gettext("Sends the command %(command)s.", { command: isolate(`/${words[0]}`) });
  if (trigger !== WORDS) return gettext("Sends every message.");
  return gettext("Sends messages that begin with: %(words)s", { words: words.map(isolate).join(", ") });
}

/** @param {string} address */
function makeExample(address) {
  const command = `curl -d '{"text": "Hello"}' ${address}`;
  const [sentence] = fillSentence(gettext("Try it in a shell. Programs that can post to Slack can use this address too."), {});
  return [make("p", { class: "help" }, sentence), make("pre", { class: "hook-example", dir: "ltr", tabindex: "0" }, make("code", { text: command }))];
}
