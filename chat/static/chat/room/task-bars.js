// @ts-check
// The background tasks of this person in this room: the room's menu starts tasks, and a bar shows each task until the person
// dismisses the bar.
// Must not know how a task is sent, or what it does: it shows what the server reports about each task.

import { asApiError, call } from "../connection/api.js";
import { REFUSAL, TASK_STATE } from "../connection/wire.js";
import { byId, make } from "../ui/dom.js";
import { translateDetail } from "../ui/error-sentences.js";
import { timeZone } from "../ui/format.js";
import { onMenuEntry } from "../ui/menus.js";
import { gettext, pgettext } from "../ui/translation.js";
import { fileSize } from "../ui/units.js";

const EXPORT = "export";
const STATISTICS = "statistics";
/** @type {Record<string, string>} */
const TITLES = {
  [EXPORT]: pgettext("name of a background task", "Export"), [STATISTICS]: pgettext("name of a background task", "Statistics"),
};
// A `task` event is sent at most once and may be lost. After this time without an event the page asks the API.
const ASK_AFTER_MS = 10_000;
/** @type {Record<string, string>} */
const UNFINISHED = {
  [TASK_STATE.QUEUED]: pgettext("state of a background task", "waiting"),
  [TASK_STATE.RUNNING]: pgettext("state of a background task", "running"),
};

/**
 * The `task` event of the wire. A task that the server has not stored yet has no `task_id`.
 * @typedef {object} TaskEvent
 * @property {string} ref
 * @property {string} task
 * @property {string} state
 * @property {number} progress
 * @property {{ format?: string, files?: boolean }} [params]
 * @property {number} [task_id]
 * @property {string} [result]
 * @property {number} [size]
 * @property {string} [error]
 * @property {boolean} [forgotten]
 */

/**
 * @typedef {object} Bar
 * @property {HTMLElement} element
 * @property {HTMLElement} name
 * @property {HTMLElement} state
 * @property {HTMLProgressElement} meter
 * @property {HTMLElement} percent
 * @property {HTMLAnchorElement} link
 * @property {HTMLElement} close
 * @property {TaskEvent} event
 * @property {ReturnType<typeof setTimeout> | undefined} timer
 */

/**
 * @typedef {object} Actions
 * @property {string} slug the room
 * @property {(task: string, params: object) => string} start returns the ref of the task
 * @property {(sentence: string) => void} notify shows a sentence to the person
 * @property {() => void} focusComposer
 * @property {import("./late-dialogs.js").WithDialogs} withDialogs
 */

export class TaskBars {
  #place = byId("tasks");
  /** @type {Actions} */
  #actions;
  /** @type {Map<string, Bar>} */
  #bars = new Map();

  /** @param {Actions} actions */
  constructor(actions) {
    this.#actions = actions;
    onMenuEntry("menu-export", () => actions.withDialogs(({ openExportDialog }) => openExportDialog(actions.slug, (params) => {
      this.#start(EXPORT, params);
      actions.focusComposer();
    })));
    onMenuEntry("menu-statistics", () => this.#start(STATISTICS, { zone: timeZone() }));
  }

  /**
   * Draws or changes the bar of a task, or removes the bar when the server has forgotten the task.
   * @param {TaskEvent} event
   */
  show(event) {
    if (event.forgotten) {
      this.drop(event.ref);
      return;
    }
    const bar = this.#bars.get(event.ref) ?? this.#add(event);
    bar.event = event;
    draw(bar);
    this.#askLater(bar);
  }

  /**
   * Returns whether a bar shows this task.
   * @param {string} ref
   */
  has(ref) {
    return this.#bars.has(ref);
  }

  /** Stops asking for the state of tasks, because the room leaves the page. */
  suspend() {
    for (const bar of this.#bars.values()) clearTimeout(bar.timer);
  }

  /** Asks for the state of unfinished tasks again. */
  resume() {
    for (const bar of this.#bars.values()) this.#askLater(bar);
  }

  /** @param {string} ref */
  drop(ref) {
    const bar = this.#bars.get(ref);
    clearTimeout(bar?.timer);
    bar?.element.remove();
    this.#bars.delete(ref);
  }

  /**
   * @param {string} task
   * @param {object} params
   */
  #start(task, params) {
    const ref = this.#actions.start(task, { ...params, language: document.documentElement.lang });
    // The bar appears at once, even without a connection. The outbox sends the task later.
    this.show({ ref, task, params, state: TASK_STATE.QUEUED, progress: 0 });
  }

  /** @param {TaskEvent} event */
  #add(event) {
    const name = make("b", { class: "task-name" });
    const state = make("span", { class: "task-state", role: "status" });
    const meter = make("progress", { max: 100 });
    const percent = make("span", { class: "task-percent", "aria-hidden": "true" });
    const link = make("a", { class: "task-link" });
    const close = make("button", { type: "button", class: "icon-button", "data-action": "dismiss-task", text: "✕" });
    const parts = [name, state, meter, percent, link, close];
    const element = make("div", { class: "bar task", "data-ref": event.ref }, ...parts);
    /** @type {Bar} */
    const bar = { element, name, state, meter, percent, link, close, event, timer: undefined };
    close.addEventListener("click", () => this.#delete(bar));
    this.#bars.set(event.ref, bar);
    this.#place.append(element);
    return bar;
  }

  /** @param {Bar} bar */
  #askLater(bar) {
    clearTimeout(bar.timer);
    const canAsk = bar.event.state in UNFINISHED && bar.event.task_id !== undefined;
    bar.timer = canAsk ? setTimeout(() => this.#ask(bar), ASK_AFTER_MS) : undefined;
  }

  /** @param {Bar} bar */
  async #ask(bar) {
    try {
      const event = await call("GET", `/api/tasks/${bar.event.task_id}/`);
      if (this.#bars.has(bar.event.ref)) this.show(event);
    } catch (error) {
      if (asApiError(error).code === REFUSAL.NOT_FOUND) this.drop(bar.event.ref);
      else this.#askLater(bar);
    }
  }

  /** @param {Bar} bar */
  async #delete({ event }) {
    // A task without an id has not reached the server, so the server cannot delete it. The outbox still sends it.
    if (event.task_id === undefined) return;
    try {
      await call("DELETE", `/api/tasks/${event.task_id}/`);
      this.drop(event.ref);
    } catch (error) {
      const { code, message } = asApiError(error);
      if (code === REFUSAL.NOT_FOUND) this.drop(event.ref);
      else this.#actions.notify(message);
    }
  }
}

/** @param {TaskEvent} event */
function titleOf({ task, params }) {
  const title = TITLES[task] ?? task;
  if (!params?.format) return title;
  const values = { task: title, format: params.format.toUpperCase() };
  return params.files ? gettext("%(task)s (%(format)s with files)", values) : gettext("%(task)s (%(format)s)", values);
}

/** @param {TaskEvent} event */
function stateInWords({ state, error }) {
  if (state === TASK_STATE.DONE) return pgettext("state of a background task", "ready");
  return UNFINISHED[state] ?? (error ? translateDetail(error) : gettext("The task failed."));
}

/** @param {Bar} bar */
function draw({ element, name, state, meter, percent, link, close, event }) {
  const isUnfinished = event.state in UNFINISHED;
  const isRunning = event.state === TASK_STATE.RUNNING;
  const title = titleOf(event);
  element.dataset.state = event.state;
  element.classList.toggle("error", event.state === TASK_STATE.FAILED);
  name.textContent = title;
  // A screen reader reads every change of this text, so the text contains the state, but not the percentage.
  const sentence = stateInWords(event);
  if (state.textContent !== sentence) state.textContent = sentence;
  for (const part of [meter, percent]) part.hidden = !isUnfinished;
  meter.setAttribute("aria-label", title);
  if (isRunning) meter.value = event.progress;
  else meter.removeAttribute("value");
  percent.textContent = isRunning ? gettext("%(percent)s %", { percent: event.progress }) : "";
  drawLink(link, event);
  close.setAttribute("aria-label", isUnfinished ? gettext("Cancel: %(task)s", { task: title }) : gettext("Dismiss: %(task)s", { task: title }));
  close.title = isUnfinished ? pgettext("a background task", "Cancel") : pgettext("a background task", "Dismiss");
}

/**
 * @param {HTMLAnchorElement} link
 * @param {TaskEvent} event
 */
function drawLink(link, { task, state, result = "", size = 0 }) {
  link.hidden = state !== TASK_STATE.DONE;
  if (link.hidden) return;
  link.href = result;
  link.textContent = task === STATISTICS ? pgettext("the result of a task", "Open")
    : gettext("Download, %(size)s", { size: fileSize(size) });
  if (task === STATISTICS) Object.assign(link, { target: "_blank", rel: "noopener" });
  else link.download = "";
}
