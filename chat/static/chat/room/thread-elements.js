// @ts-check
// Makes the elements of a thread. Must not add listeners to them: thread-view.js does.

import { make } from "../ui/dom.js";
import { icon } from "../ui/pictures.js";
import { gettext, pgettext } from "../ui/translation.js";

/** Returns the elements of a thread, and the elements of its composer. */
export function makeThreadElements() {
  const count = make("span", { class: "thread-replies" });
  const follow = make("button", { type: "button", class: "button quiet small", "data-action": "follow", hidden: true });
  const list = make("ol", { id: "thread-messages", class: "messages", tabindex: "-1", "aria-label": gettext("Thread") });
  const pending = make("ol", { class: "messages", "aria-label": gettext("Messages that are not sent yet") });
  const gone = make("p", { class: "thread-note", text: gettext("The first message was deleted."), hidden: true });
  const cut = make("p", { class: "thread-note", text: gettext("Only the newest replies are shown."), hidden: true });
  const reason = make("p");
  const retry = make("button", { type: "button", class: "button quiet small", text: gettext("Try again") });
  const failure = make("div", { class: "thread-note", role: "alert", hidden: true }, reason, retry);
  const log = make("div", { role: "log", "aria-live": "polite", "aria-relevant": "additions", "aria-label": gettext("Replies") }, list);
  const scroller = make("div", { class: "scroller" }, make("div", { class: "history" }, gone, cut, failure, log, pending));
  const typing = make("p", { class: "typing", "aria-live": "off" });
  const notice = make("p", { class: "notice", role: "status", hidden: true });
  const composer = makeComposer();
  const element = make(
    "div", { class: "thread" },
    make("div", { class: "thread-head" }, count, follow), scroller, make("div", { class: "foot" }, notice, composer.form, typing),
  );
  return { element, count, follow, list, pending, gone, cut, failure, reason, retry, scroller, notice, typing, ...composer };
}

function makeComposer() {
  const cancel = make("button", { type: "button", class: "icon-button", "aria-label": gettext("Cancel"), text: "✕" });
  const context = make("div", { class: "composer-context", hidden: true }, make("span"), cancel);
  const text = make("textarea", {
    id: "thread-composer", rows: 1, placeholder: gettext("Reply…"), dir: "auto", enterkeyhint: "send", autocomplete: "off",
    "aria-label": gettext("Your reply"),
  });
  const files = make("ul", { class: "composer-files", "aria-label": gettext("Files of this message"), hidden: true });
  const status = make("p", { class: "composer-files-status", role: "status", hidden: true });
  const file = make("input", { type: "file", "aria-label": gettext("Add files"), multiple: true, hidden: true });
  const moreLabel = gettext("More for this message");
  const more = make("button", { type: "button", class: "tool", "aria-label": moreLabel, title: moreLabel, "aria-haspopup": "menu" }, icon("plus"));
  // In a narrow window, the menu of `more` adds files.
  const attach = make("button", { type: "button", class: "tool tool-wide", "aria-label": gettext("Add files"), title: gettext("Add files") }, icon("attach"));
  const counter = make("span", { class: "counter", "aria-live": "polite", hidden: true });
  const emoji = make("button", { type: "button", class: "tool", "aria-label": gettext("Emoji"), title: gettext("Emoji") }, icon("emoji"));
  const sendLabel = pgettext("button", "Send");
  const send = make("button", { type: "submit", class: "send", "aria-label": sendLabel, title: sendLabel }, icon("send"));
  const form = make(
    "form", { class: "composer", autocomplete: "off" },
    context, files, status, file, make("div", { class: "composer-row" }, more, text, counter, attach, emoji, send),
  );
  return { form, text, field: text, counter, emoji, send, context, cancel, files, status, file, attach, more, camera: null };
}
