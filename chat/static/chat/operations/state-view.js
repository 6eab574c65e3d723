// @ts-check
// Writes the state of the site into the operators' page: the figures, the tables and the sentences about problems. The
// page has a template for each of them. Must not know where the state comes from.

import { byId, child, make } from "../ui/dom.js";
import { writeFigure } from "./figures.js";

/** @typedef {Record<string, any>} Row */
/** @typedef {Record<string, any>} State */

export class StateView {
  #words;
  /** @type {string | null} */
  #announced = null;

  /** @param {Record<string, string>} words the words of the page's language for the words of the state */
  constructor(words) {
    this.#words = words;
  }

  /** @param {State} state */
  show(state) {
    this.#fill(byId("now"), state.now);
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(".part"))) {
      const key = part.dataset.key ?? "";
      this.#showRows(part, state[key].map((/** @type {Row} */ row) => completeRow(key, row, state)));
    }
    this.#showProblems(state.problems);
  }

  /** @param {Row[]} problems */
  #showProblems(problems) {
    const serious = problems.filter((problem) => problem.is_problem);
    this.#showSentences(byId("problems"), serious);
    this.#showSentences(byId("notices"), problems.filter((problem) => !problem.is_problem));
    byId("well").hidden = serious.length > 0;
    byId("verdict").dataset.well = serious.length > 0 ? "no" : "yes";
    this.#announce(serious.map(({ condition }) => condition).join(" "));
  }

  /**
   * Tells a screen reader when other problems exist than before. The values in the sentences change with each sample, so
   * the sentences themselves must not be read again.
   * @param {string} codes the kinds of problems
   */
  #announce(codes) {
    const isNew = this.#announced !== null && this.#announced !== codes;
    this.#announced = codes;
    if (!isNew) return;
    const sentences = codes === "" ? [byId("well")] : byId("problems").querySelectorAll("li > span:first-child");
    byId("verdict-news").textContent = [...sentences].map(({ textContent }) => textContent).join(" ");
  }

  /**
   * Shows sentences. A sentence that is shown already stays, so that a screen reader does not read it again.
   * @param {HTMLElement} list
   * @param {Row[]} problems
   */
  #showSentences(list, problems) {
    const items = problems.map((problem) => this.#makeSentence(problem));
    const isSame = items.length === list.children.length
      && items.every((item, index) => item.dataset.code === /** @type {HTMLElement} */ (list.children[index]).dataset.code);
    if (!isSame) list.replaceChildren(...items);
    else for (const [index, problem] of problems.entries()) this.#fill(list.children[index], problem);
  }

  /** @param {Row} problem */
  #makeSentence(problem) {
    const template = child(document, `template[data-condition="${CSS.escape(problem.condition)}"]`, HTMLTemplateElement);
    const item = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
    this.#fill(item, problem);
    return item;
  }

  /**
   * @param {HTMLElement} part
   * @param {Row[]} rows
   */
  #showRows(part, rows) {
    const template = child(part, "template", HTMLTemplateElement);
    child(part, "tbody").replaceChildren(...rows.map((row) => {
      const line = /** @type {HTMLElement} */ (document.importNode(template.content, true).firstElementChild);
      line.dataset.state = row.state ?? "";
      this.#fill(line, row);
      return line;
    }));
    child(part, ".figures-frame").hidden = rows.length === 0;
    child(part, ".nothing").hidden = rows.length > 0;
  }

  /**
   * @param {Element} root
   * @param {Row} row
   */
  #fill(root, row) {
    for (const element of /** @type {NodeListOf<HTMLElement>} */ (root.querySelectorAll("[data-field]"))) {
      const { field = "", format = "text" } = element.dataset;
      if (!(field in row)) continue;
      const text = format === "word" ? (this.#words[row[field]] ?? String(row[field])) : writeFigure(row[field], format);
      if (format === "room") element.replaceChildren(make("a", { href: `/admin/chat/room/${row.room}/change/`, text }));
      else if (element.textContent !== text) element.textContent = text;
    }
  }
}

/**
 * Returns a row with the values that the page computes: `complete_row` on the server does the same.
 * @param {string} key
 * @param {Row} row
 * @param {State} state
 * @returns {Row}
 */
function completeRow(key, row, state) {
  if (key === "queues") {
    const recent = row.recently_expired + row.recently_full + row.recently_lost;
    return { ...row, receivers: state.receivers[row.channel] ?? 0, recent };
  }
  if (key === "processes") return { ...row, state: row.other_version ? "older" : row.state };
  if (key === "redis") return { ...row, limit: row.limit || null };
  return row;
}
