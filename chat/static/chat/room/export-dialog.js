// @ts-check
// The dialog that starts an export of the room. Must not know how exports are made.

import { call } from "../connection/api.js";
import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, field, select } from "../ui/forms.js";
import { timeZone } from "../ui/format.js";
import { gettext } from "../ui/translation.js";

/** @type {[value: string, text: string][]} */
const FORMATS = [
  ["html", gettext("Page, to read and print (HTML)")],
  ["csv", gettext("Table, for spreadsheets (CSV)")],
  ["json", gettext("Data, for programs (JSON)")],
];

// The export waits at most this time for the answer whether the room has files.
const LONGEST_WAIT_MS = 1_000;

/**
 * `from` and `to` are days in the time zone `zone`; null means no limit. `files`: the export contains the files.
 * @typedef {{ format: string, from: string | null, to: string | null, zone: string, files?: true }} ExportParams
 */

/**
 * @param {string} slug
 * @param {(params: ExportParams) => void} start is called after the person has chosen "Export" and the dialog has closed
 */
export function openExportDialog(slug, start) {
  const error = new ErrorLine();
  const format = select("export-format", FORMATS);
  const from = make("input", { id: "export-from", name: "from", type: "date" });
  const to = make("input", { id: "export-to", name: "to", type: "date" });
  const files = make("input", { id: "export-files", type: "checkbox" });
  const hasChoice = switchOn(files, slug);
  const help = gettext("Leave the days empty to export all messages. Days begin and end in your own time zone (%(zone)s). You can keep writing while the export runs.", {
    zone: timeZone(),
  });
  const submit = make("button", { class: "button wide", text: gettext("Export") });
  const form = make(
    "form", {},
    field(gettext("Format"), format),
    field(gettext("With files"), files, { help: gettext("The export is a ZIP file that also contains the files and pictures of the messages.") }),
    make("div", { class: "field-pair" }, field(gettext("First day"), from), field(gettext("Last day"), to)),
    make("p", { class: "help", text: help }),
    error.element,
    submit,
  );
  const dialog = openDialog(gettext("Export this room"), "export-dialog", form);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    if (from.value && to.value && from.value > to.value) {
      error.show(gettext("The first day is after the last day."), from);
      return;
    }
    submit.disabled = true;
    await hasChoice();
    if (!dialog.isConnected) return;
    dialog.close();
    start({
      format: format.value, from: from.value || null, to: to.value || null, zone: timeZone(), ...(files.checked && { files: true }),
    });
  });
}

/**
 * Checks a box if the room has files, unless the person has already changed the box. Returns a function that waits for the
 * server's answer, at most LONGEST_WAIT_MS.
 * @param {HTMLInputElement} box
 * @param {string} slug
 */
function switchOn(box, slug) {
  let isChosen = false;
  box.addEventListener("change", () => { isChosen = true; });
  const asked = call("GET", `/api/rooms/${slug}/files/`).then((answer) => {
    if (!isChosen) box.checked = answer.files.length > 0;
  }, () => {});
  return async () => {
    if (!isChosen) await Promise.race([asked, new Promise((resolve) => { setTimeout(resolve, LONGEST_WAIT_MS); })]);
  };
}
