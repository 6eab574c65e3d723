// @ts-check
// The dialog "New poll". It writes the command that a person could also type, and passes its text to `post`.
// Must not send: the outbox sends the command until the server answers.

import { make } from "../ui/dom.js";
import { openDialog } from "../ui/dialog.js";
import { ErrorLine, field } from "../ui/forms.js";
import { timeZone } from "../ui/format.js";
import { loadLateStyles } from "../ui/late-styles.js";
import { gettext } from "../ui/translation.js";
import { toLocalInput } from "./schedule-times.js";

const LONGEST_QUESTION = 300;
const LONGEST_OPTION = 100;
const MOST_OPTIONS = 20;
const FIRST_OPTIONS = 3;

/** The parts of the dialog. */
class Parts {
  question = make("input", { id: "poll-question", dir: "auto", required: true, maxlength: LONGEST_QUESTION, autocomplete: "off" });
  options = make("div", { class: "poll-dialog-options", role: "group", "aria-label": gettext("Options") });
  multiple = make("input", { type: "checkbox", id: "poll-multiple" });
  anonymous = make("input", { type: "checkbox", id: "poll-anonymous" });
  end = make("input", { id: "poll-end", type: "datetime-local", min: toLocalInput(new Date()) });
  error = new ErrorLine("poll-error");

  constructor() {
    for (let count = 0; count < FIRST_OPTIONS; count += 1) this.addOption();
    // Until there are MOST_OPTIONS fields, the last one is empty. So people need no button for another option.
    this.options.addEventListener("input", () => {
      const { inputs } = this;
      if (inputs.at(-1)?.value && inputs.length < MOST_OPTIONS) this.addOption();
    });
  }

  get inputs() {
    return [...this.options.querySelectorAll("input")];
  }

  addOption() {
    const number = this.inputs.length + 1;
    this.options.append(make("input", {
      "aria-label": gettext("Option %(number)s", { number }), placeholder: gettext("Option %(number)s", { number }), dir: "auto",
      maxlength: LONGEST_OPTION, autocomplete: "off",
    }));
  }
}

/** @param {(text: string) => void} post is called with the text of the command after the dialog has closed */
export function openPollDialog(post) {
  loadLateStyles();
  const parts = new Parts();
  const form = make(
    "form", { novalidate: true },
    field(gettext("Question"), parts.question),
    parts.options,
    check(parts.multiple, gettext("People can choose several options")),
    check(parts.anonymous, gettext("Nobody sees who voted for what")),
    field(gettext("End"), parts.end, { help: gettext("In your own time zone (%(zone)s).", { zone: timeZone() }), isOptional: true }),
    parts.error.element,
    make("button", { class: "button wide", "data-action": "post-poll", text: gettext("Post the poll") }),
  );
  const dialog = openDialog(gettext("New poll"), "poll-dialog", form);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const options = parts.inputs.map(({ value }) => value.trim()).filter(Boolean);
    if (!showProblem(parts, options)) return;
    dialog.close();
    post(writeCommand(parts, options));
  });
  parts.question.focus();
}

/**
 * @param {HTMLElement} box
 * @param {string} words
 */
function check(box, words) {
  return make("label", { class: "poll-check" }, box, make("span", { text: words }));
}

/**
 * Shows what is wrong with the poll. Returns whether the poll is valid.
 * @param {Parts} parts
 * @param {string[]} options
 */
function showProblem({ question, inputs, end, error }, options) {
  if (!question.value.trim()) error.show(gettext("Write a question."), question);
  else if (options.length < 2) error.show(gettext("Write at least two options."), inputs.find(({ value }) => !value.trim()));
  else if (new Set(options.map((option) => option.toLowerCase())).size < options.length) error.show(gettext("Two options are the same."), inputs[0]);
  else if (end.value && new Date(end.value).getTime() <= Date.now()) error.show(gettext("This time is in the past."), end);
  else return true;
  return false;
}

/**
 * @param {Parts} parts
 * @param {string[]} options
 */
function writeCommand({ question, multiple, anonymous, end }, options) {
  const flags = [
    multiple.checked && "--multiple", anonymous.checked && "--anonymous", end.value && `--until ${quote(end.value.replace("T", " "))}`,
  ];
  return [...flags.filter(Boolean), quote(question.value.trim()), ...options.map(quote)].join(" ");
}

/** @param {string} text */
function quote(text) {
  return `"${text.replace(/["\\]/g, String.raw`\$&`)}"`;
}
