// @ts-check
// The dialog that lists who voted for which option of a poll. Must not change the poll.

import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { formatNumber, gettext } from "../ui/translation.js";
import { votersOf } from "./poll.js";

/** @param {import("../connection/wire.js").Poll} poll */
export function openVoters(poll) {
  loadLateStyles();
  const parts = poll.options.flatMap(({ text, votes }, position) => [
    make("h3", { class: "between" }, make("bdi", { text }), make("span", { class: "number", text: formatNumber(votes) })),
    make("ul", { class: "voters" }, ...votersOf(poll, position).map((name) => make("li", {}, make("bdi", { text: name })))),
  ]);
  openDialog(gettext("Who voted"), "voters-dialog", make("p", { dir: "auto", text: poll.question }), ...parts);
}
