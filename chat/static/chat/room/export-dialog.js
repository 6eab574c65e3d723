// @ts-check
// The dialog that starts an export of the room. Must not know how exports are made.

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

/**
 * `from` and `to` are days in the time zone `zone`; null means no limit.
 * @typedef {{ format: string, from: string | null, to: string | null, zone: string }} ExportParams
 */

/** @param {(params: ExportParams) => void} start is called after the person has chosen "Export" and the dialog has closed */
export function openExportDialog(start) {
  const error = new ErrorLine();
  const format = select("export-format", FORMATS);
  const from = make("input", { id: "export-from", name: "from", type: "date" });
  const to = make("input", { id: "export-to", name: "to", type: "date" });
  const help = gettext("Leave the days empty to export all messages. Days begin and end in your own time zone (%(zone)s). You can keep writing while the export runs.", {
    zone: timeZone(),
  });
  const form = make(
    "form", {},
    field(gettext("Format"), format),
    make("div", { class: "field-pair" }, field(gettext("First day"), from), field(gettext("Last day"), to)),
    make("p", { class: "help", text: help }),
    error.element,
    make("button", { class: "button wide", text: gettext("Export") }),
  );
  const dialog = openDialog(gettext("Export this room"), "export-dialog", form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (from.value && to.value && from.value > to.value) {
      error.show(gettext("The first day is after the last day."), from);
      return;
    }
    dialog.close();
    start({ format: format.value, from: from.value || null, to: to.value || null, zone: timeZone() });
  });
}
