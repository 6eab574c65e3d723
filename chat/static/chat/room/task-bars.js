// Background work of this person in this room: asked for in the room's menu, shown in bars until dismissed.
// Must not know how it is sent, or what it does; it shows what the server tells of each task.

import { call } from "../connection/api.js";
import { onMenu, openDialog } from "../ui/dialog.js";
import { Complaint, field, select } from "../ui/forms.js";
import { find, make } from "../ui/dom.js";

const FORMATS = [
  ["html", "Page, to read and print (HTML)"],
  ["csv", "Table, for spreadsheets (CSV)"],
  ["json", "Data, for programs (JSON)"],
];
const TITLES = { export: "Export", statistics: "Statistics" };
// A word about a task is told at most once, and may be lost on its way: who hears none for so long asks.
const QUIET_MS = 10_000;
const WAITING = { queued: "waiting for its turn", running: "at work" };

function titleOf({ task, params }) {
  const title = TITLES[task] ?? task;
  return params?.format ? `${title} (${params.format.toUpperCase()})` : title;
}

function sizeOf(bytes) {
  if (bytes < 1_000) return `${bytes} bytes`;
  const [size, unit] = bytes < 1_000_000 ? [bytes / 1_000, "kB"] : [bytes / 1_000_000, "MB"];
  return `${size < 10 ? size.toFixed(1) : Math.round(size)} ${unit}`;
}

/** The reader's own day as the moment it begins, or (`isEnd`) ends; null for none. */
function momentOf(day, isEnd) {
  if (!day) return null;
  const moment = new Date(`${day}T00:00`);
  if (isEnd) moment.setDate(moment.getDate() + 1);
  return moment.toISOString();
}

export class Tasks {
  #place = document.getElementById("tasks");
  #actions;
  #cards = new Map();

  /** actions: {start(task, params) returns a ref, say(sentence)}. */
  constructor(actions) {
    this.#actions = actions;
    onMenu("menu-export", () => this.#openExport());
    onMenu("menu-statistics", () => this.#start("statistics", {}));
  }

  /** `event` as the wire's `task`: a bar is drawn, changed or, once the task is forgotten, taken away. */
  show(event) {
    if (event.forgotten) {
      this.drop(event.ref);
      return;
    }
    const card = this.#cards.get(event.ref) ?? this.#add(event.ref);
    card.event = event;
    this.#draw(card);
    this.#watch(card);
  }

  drop(ref) {
    const card = this.#cards.get(ref);
    clearTimeout(card?.timer);
    card?.bar.remove();
    this.#cards.delete(ref);
  }

  #start(task, params) {
    const ref = this.#actions.start(task, params);
    // At once, also where the line is down: it is kept, and sent when it is back.
    this.show({ ref, task, params, state: "queued", progress: 0 });
  }

  #add(ref) {
    const name = make("b", { class: "task-name" });
    const state = make("span", { class: "task-state", role: "status", "data-testid": "task-state" });
    const meter = make("progress", { max: 100, "data-testid": "task-progress" });
    const percent = make("span", { class: "task-percent", "aria-hidden": "true" });
    const link = make("a", { class: "task-link", "data-testid": "task-result" });
    const close = make("button", { type: "button", class: "icon-button", "data-testid": "task-dismiss", text: "✕" });
    const bar = make("div", { class: "bar task", "data-testid": "task", "data-ref": ref });
    bar.append(name, state, meter, percent, link, close);
    const card = { bar, name, state, meter, percent, link, close, event: null, timer: null };
    close.addEventListener("click", () => this.#forget(card));
    this.#cards.set(ref, card);
    this.#place.append(bar);
    return card;
  }

  #watch(card) {
    clearTimeout(card.timer);
    const isUnfinished = card.event.state in WAITING && card.event.task_id !== undefined;
    card.timer = isUnfinished ? setTimeout(() => this.#ask(card), QUIET_MS) : null;
  }

  async #ask(card) {
    try {
      const event = await call("GET", `/api/tasks/${card.event.task_id}/`);
      if (this.#cards.has(card.event.ref)) this.show(event);
    } catch (refusal) {
      if (refusal.code === "not_found") this.drop(card.event.ref);
      else this.#watch(card);
    }
  }

  #draw({ bar, name, state, meter, percent, link, close, event }) {
    const isUnfinished = event.state in WAITING;
    const title = titleOf(event);
    bar.dataset.state = event.state;
    bar.classList.toggle("error", event.state === "failed");
    name.textContent = title;
    const sentence = WAITING[event.state] ?? (event.state === "done" ? "ready" : event.error ?? "It failed.");
    // A screen reader says what changes here: each state once, and no percents.
    if (state.textContent !== sentence) state.textContent = sentence;
    for (const part of [meter, percent]) part.hidden = !isUnfinished;
    meter.setAttribute("aria-label", title);
    if (event.state === "running") meter.value = event.progress;
    else meter.removeAttribute("value");
    percent.textContent = event.state === "running" ? `${event.progress} %` : "";
    this.#drawLink(link, event);
    close.setAttribute("aria-label", `${isUnfinished ? "Cancel" : "Dismiss"}: ${title}`);
    close.title = isUnfinished ? "Cancel" : "Dismiss";
  }

  #drawLink(link, { task, state, result, size }) {
    link.hidden = state !== "done";
    if (link.hidden) return;
    link.href = result;
    link.textContent = task === "statistics" ? "Open" : `Download, ${sizeOf(size)}`;
    if (task === "statistics") Object.assign(link, { target: "_blank", rel: "noopener" });
    else link.download = "";
  }

  async #forget({ event }) {
    // Not asked for yet: the outbox has it, and what it becomes will be told.
    if (event.task_id === undefined) return;
    try {
      await call("DELETE", `/api/tasks/${event.task_id}/`);
      this.drop(event.ref);
    } catch (refusal) {
      if (refusal.code === "not_found") this.drop(event.ref);
      else this.#actions.say(refusal.message);
    }
  }

  #openExport() {
    const complaint = new Complaint();
    const format = select("export-format", FORMATS);
    const [from, to] = ["from", "to"].map((name) => make("input", { id: `export-${name}`, name, type: "date" }));
    const form = make(
      "form",
      { "data-testid": "export-form" },
      field("As", format),
      make("div", { class: "field-pair" }, field("From", from), field("To", to)),
      make("p", { class: "help", text: "Without days, everything. You can go on writing while it is made." }),
      complaint.element,
      make("button", { class: "button wide", text: "Export" }),
    );
    const dialog = openDialog("Export this room", "export-dialog", form);
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      if (from.value && to.value && from.value > to.value) {
        complaint.say("The first day is after the last.");
        return;
      }
      this.#start("export", { format: format.value, from: momentOf(from.value), to: momentOf(to.value, true) });
      dialog.close();
      find("composer").focus();
    });
  }
}
