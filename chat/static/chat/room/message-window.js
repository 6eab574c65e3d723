// @ts-check
// Decides which of the loaded messages are drawn: those on the screen, and some screens above and below.
// Must not draw: drawn-messages.js does. Must not ask the server for messages.

// Two screens above and below are drawn, so that a fast scroll and the Page keys reach drawn messages.
const DRAWN_SCREENS = 2;
// A row is drawn within DRAWN_SCREENS, and removed only beyond this distance. With equal distances, a small scroll could
// remove and draw the same row again and again.
const KEPT_SCREENS = 2.5;
// Rows are drawn in small steps, because each step must fit into one frame.
const STEP = 20;
// After a jump this many messages before and after the target are drawn at once.
const AROUND = 40;
// Above this number the rows that are far from the screen leave the page.
const MOST_DRAWN = 240;
const KEPT_DRAWN = 200;
// A selection ends when its rows leave the page. So more rows stay while the reader has selected text.
const MOST_DRAWN_WITH_SELECTION = 1_000;

export class MessageWindow {
  /** @type {HTMLElement} */
  #scroller;
  /** @type {import("./message-list.js").MessageList} */
  #messages;
  /** @type {import("./drawn-messages.js").DrawnMessages} */
  #drawn;
  /** @type {import("./scroll-position.js").ScrollPosition} */
  #position;
  /** @type {(hasDrawn: boolean) => void} */
  #moved;
  /** @type {number | null} */
  #frame = null;

  /**
   * @param {HTMLElement} scroller
   * @param {object} parts
   * @param {import("./message-list.js").MessageList} parts.messages
   * @param {import("./drawn-messages.js").DrawnMessages} parts.drawn
   * @param {import("./scroll-position.js").ScrollPosition} parts.position
   * @param {(hasDrawn: boolean) => void} moved is called after messages were drawn or removed. `hasDrawn` says whether
   *   messages were drawn
   */
  constructor(scroller, { messages, drawn, position }, moved) {
    this.#scroller = scroller;
    this.#messages = messages;
    this.#drawn = drawn;
    this.#position = position;
    this.#moved = moved;
  }

  /** Draws the messages near the reader's place, and removes the rows that are far away from it. */
  move() {
    // An element outside the page has no height.
    if (!this.#scroller.clientHeight || !this.#drawn.size) return;
    const { first, end } = this.#drawn;
    const isFarAway = this.#isFarAway;
    if (isFarAway) this.#redrawHere();
    let needsMore = this.#extend();
    while (needsMore && this.#isUncovered) needsMore = this.#extend();
    const hasDrawn = isFarAway || this.#drawn.first < first || this.#drawn.end > end;
    this.#shrink();
    if (needsMore) this.#moveSoon();
    if (hasDrawn || this.#drawn.first !== first || this.#drawn.end !== end) this.#moved(hasDrawn);
  }

  /**
   * Draws the messages around one message, unless it is drawn.
   * @param {number} index
   */
  show(index) {
    if (index >= this.#drawn.first && index < this.#drawn.end) return;
    this.#drawn.replace(index - AROUND, index + AROUND);
    this.#moved(true);
  }

  #moveSoon() {
    if (this.#frame !== null) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = null;
      this.move();
    });
  }

  /** How far the drawn rows reach above and below the screen; negative if they do not fill it. */
  get #reach() {
    const view = this.#scroller.getBoundingClientRect();
    const rows = this.#drawn.edges;
    return { abovePx: view.top - rows.top, belowPx: rows.bottom - view.bottom };
  }

  /** Whether no drawn row is on the screen, because the reader has moved the scrollbar. */
  get #isFarAway() {
    const { abovePx, belowPx } = this.#reach;
    const height = this.#scroller.clientHeight;
    return (abovePx <= -height && this.#drawn.first > 0) || (belowPx <= -height && this.#drawn.end < this.#messages.size);
  }

  get #isUncovered() {
    const { abovePx, belowPx } = this.#reach;
    return (abovePx < 0 && this.#drawn.first > 0) || (belowPx < 0 && this.#drawn.end < this.#messages.size);
  }

  #redrawHere() {
    const index = this.#messages.indexAtHeight(this.#scroller.getBoundingClientRect().top - this.#drawn.top);
    this.#drawn.replace(index - AROUND, index + AROUND);
    this.#position.remember();
  }

  /** Draws the next rows above and below, where needed, and returns whether more are needed. */
  #extend() {
    const needed = this.#scroller.clientHeight * DRAWN_SCREENS;
    const { abovePx, belowPx } = this.#reach;
    const above = abovePx < needed && this.#drawn.first > 0;
    const below = belowPx < needed && this.#drawn.end < this.#messages.size;
    if (!above && !below) return false;
    this.#position.keepDuring(() => {
      if (above) this.#drawn.drawAbove(STEP);
      if (below) this.#drawn.drawBelow(STEP);
    });
    return true;
  }

  #shrink() {
    const excess = this.#drawn.size - KEPT_DRAWN;
    const most = this.#drawn.hasSelection ? MOST_DRAWN_WITH_SELECTION : MOST_DRAWN;
    if (this.#drawn.size <= most) return;
    const view = this.#scroller.getBoundingClientRect();
    const kept = this.#scroller.clientHeight * KEPT_SCREENS;
    const isAbove = (/** @type {HTMLElement} */ item) => item.getBoundingClientRect().bottom < view.top - kept;
    const isNotBelow = (/** @type {HTMLElement} */ item) => item.getBoundingClientRect().top <= view.bottom + kept;
    const above = Math.min(excess, this.#drawn.endWhere(isAbove) - this.#drawn.first);
    const below = Math.min(excess - above, this.#drawn.end - this.#drawn.endWhere(isNotBelow));
    this.#position.keepDuring(() => {
      if (above > 0) this.#drawn.dropAbove(above);
      if (below > 0) this.#drawn.dropBelow(below);
    });
  }
}
