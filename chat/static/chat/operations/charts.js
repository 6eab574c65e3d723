// @ts-check
// Draws the charts of the operators' page, and their tables. Must not know where the points come from.

import { child, make } from "../ui/dom.js";
import { clockTime } from "../ui/format.js";
import { gettext } from "../ui/translation.js";
import { drawLine, findHighest, roundUp, SPAN_SECONDS, thinOut } from "./curve.js";
import { writeFigure } from "./figures.js";

/** @typedef {import("./curve.js").Point} Point */

const SVG = "http://www.w3.org/2000/svg";

class Chart {
  #figure;
  #picture;
  #names;
  #format;
  #button;
  #frame;
  /** @type {Point[]} */
  #points = [];

  /** @param {HTMLElement} figure */
  constructor(figure) {
    this.#figure = figure;
    this.#picture = /** @type {SVGElement} */ (figure.querySelector("svg"));
    this.#names = (figure.dataset.names ?? "").split(" ");
    this.#format = figure.dataset.format ?? "count";
    this.#button = child(figure, "button");
    this.#frame = child(figure, ".figures-frame");
    for (const number of this.#names.keys()) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", `line-${number + 1}`);
      this.#picture.append(path);
    }
    this.#button.addEventListener("click", () => this.#toggleTable());
  }

  /** @param {Point[]} points */
  draw(points) {
    this.#points = points;
    const end = points.at(-1)?.at ?? 0;
    const highest = findHighest(points, this.#names);
    const top = roundUp(highest);
    for (const [index, name] of this.#names.entries()) {
      this.#picture.children[index].setAttribute("d", drawLine(points, name, top, end));
      child(this.#figure, `[data-now="${name}"]`).textContent = this.#write(points.at(-1)?.[name]);
    }
    child(this.#figure, ".chart-top").textContent = points.length > 0 ? this.#write(top) : "";
    this.#picture.setAttribute("aria-label", this.#describe(points, highest));
    if (!this.#frame.hidden) this.#fillTable();
  }

  /** @param {number | null | undefined} value */
  #write(value) {
    return writeFigure(value, this.#format);
  }

  /**
   * @param {Point[]} points
   * @param {number} highest
   */
  #describe(points, highest) {
    const title = child(this.#figure, "h3").textContent ?? "";
    const now = this.#names.map((name) => this.#write(points.at(-1)?.[name])).join(", ");
    return gettext("%(title)s: now %(now)s, at most %(highest)s in the last 15 minutes", {
      title, now, highest: this.#write(highest),
    });
  }

  #toggleTable() {
    this.#frame.hidden = !this.#frame.hidden;
    this.#button.setAttribute("aria-expanded", String(!this.#frame.hidden));
    if (!this.#frame.hidden) this.#fillTable();
  }

  #fillTable() {
    const rows = thinOut(this.#points).map((point) => make(
      "tr",
      {},
      make("th", { scope: "row", text: clockTime((point.at ?? 0) * 1000) }),
      ...this.#names.map((name) => make("td", { text: this.#write(point[name]) })),
    ));
    child(this.#frame, "tbody").replaceChildren(...rows);
  }
}

export class Charts {
  #charts;
  /** @type {Point[]} */
  #points = [];

  /** @param {HTMLElement} container */
  constructor(container) {
    this.#charts = [.../** @type {NodeListOf<HTMLElement>} */ (container.querySelectorAll(".chart"))].map(
      (figure) => new Chart(figure),
    );
  }

  /** @param {Point[]} points the oldest first */
  replace(points) {
    this.#points = points;
    this.#draw();
  }

  /**
   * Adds a point, and drops those that are older than the charts show.
   * @param {Point} point
   */
  add(point) {
    const oldest = (point.at ?? 0) - SPAN_SECONDS;
    this.#points = [...this.#points.filter(({ at }) => (at ?? 0) > oldest && (at ?? 0) < (point.at ?? 0)), point];
    this.#draw();
  }

  #draw() {
    for (const chart of this.#charts) chart.draw(this.#points);
  }
}
