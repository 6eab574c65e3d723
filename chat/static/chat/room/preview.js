// @ts-check
// Shows above the field how the text will look. The server renders the text with the rules of messages.
// Must not know the rules, and must not send the text as a message.

import { call } from "../connection/api.js";
import { byId, child } from "../ui/dom.js";
import { gettext } from "../ui/translation.js";
import { makeBodyOf } from "./message-body.js";

const WAIT_MS = 500;

export class Preview {
  #panel = byId("composer-preview");
  #content = child(this.#panel, ".preview-content");
  /** @type {string} */
  #path;
  /** @type {import("./composer.js").Composer} */
  #composer;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;
  #rendered = "";

  /**
   * @param {string} path the endpoint that renders
   * @param {import("./composer.js").Composer} composer
   */
  constructor(path, composer) {
    this.#path = path;
    this.#composer = composer;
    composer.onChange(() => this.#changed());
    byId("composer-preview-close").addEventListener("click", () => {
      this.show(false);
      composer.focus();
    });
  }

  get isShown() {
    return !this.#panel.hidden;
  }

  /** @param {boolean} isShown */
  show(isShown) {
    this.#panel.hidden = !isShown;
    this.#rendered = "";
    if (isShown) this.#render();
    this.#composer.focus();
  }

  #changed() {
    clearTimeout(this.#timer);
    if (!this.isShown) return;
    if (this.#composer.isEmpty) this.#render();
    else this.#timer = setTimeout(() => this.#render(), WAIT_MS);
  }

  async #render() {
    const body = this.#composer.text.trim();
    if (body && body === this.#rendered) return;
    this.#rendered = body;
    if (!body) {
      this.#content.textContent = gettext("The preview of your message appears here.");
      return;
    }
    try {
      const { html } = await call("POST", this.#path, { body });
      // The person may have written more meanwhile. The answer to the next request then shows the newer text.
      if (this.#rendered === body) this.#content.replaceChildren(makeBodyOf({ body, html }));
    } catch {
      this.#rendered = "";
      this.#content.textContent = gettext("The preview is not available at the moment.");
    }
  }
}
