// @ts-check
// The dialog in which a moderator reads the earlier bodies and the current body of a message. Must not change the message.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine } from "../ui/forms.js";
import { fullTime, personName } from "../ui/format.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { fillSentence } from "../ui/sentences.js";
import { gettext } from "../ui/translation.js";

/** @typedef {{ body: string, at: string, by: import("../connection/wire.js").PersonName }} Version */

/**
 * Opens the dialog, and then loads the versions, the newest first.
 * @param {string} slug
 * @param {import("../connection/wire.js").Message} message
 */
export async function openEditHistory(slug, message) {
  loadLateStyles();
  const error = new ErrorLine();
  const note = make("p", { class: "help", role: "status", text: gettext("Loading…") });
  const list = make("ol", { class: "listing versions", "aria-label": gettext("Versions, the newest first"), tabindex: "-1" });
  openDialog(gettext("Earlier versions"), "edit-history", note, list, error.element).classList.add("wide");
  const isLoaded = await error.guard(async () => {
    const { versions } = await call("GET", `/api/rooms/${slug}/messages/${message.id}/history/`);
    list.replaceChildren(...versions.map(makeVersion).reverse());
    note.textContent = versions.length > 1 ? "" : gettext("This message has no earlier versions.");
  });
  if (!isLoaded) note.textContent = "";
}

/**
 * @param {Version} version
 * @param {number} index
 * @param {Version[]} versions the oldest first
 */
function makeVersion({ body, at, by }, index, versions) {
  const isLast = index === versions.length - 1;
  const author = make("b", { dir: "auto", text: personName(by) });
  return make(
    "li", {},
    make(
      "p", { class: "between" },
      make("span", {}, ...(isLast ? fillSentence(gettext("%(author)s · now"), { author }) : [author])),
      make("time", { datetime: at, text: fullTime(at) }),
    ),
    make("div", { class: "version-body", dir: "auto", text: body }),
  );
}
