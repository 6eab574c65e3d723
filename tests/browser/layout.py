"""
The check that a page fits into a narrow window: nothing makes the page scroll sideways, and no text is cut off.

A window of 1280 x 800 pixels at a zoom of 200 % has 640 x 400 CSS pixels. WCAG 1.4.10 asks for a width of 320.
"""

from tests.browser.gallery import keep_screenshot

ZOOMED = {"width": 640, "height": 400}
NARROW = {"width": 320, "height": 568}
# Code and tables scroll in a frame of their own. A system without a font for emoji draws the emoji too wide.
FIND_PROBLEMS = r"""() => {
  const UNCHECKED = ".unseen, .skip, [aria-hidden=true], option, pre, svg, [inert], .emoji-grid";
  const FRAMES = "pre, table, .table-frame, .emoji-tabs, .results, textarea";
  const found = new Set();
  const report = (problem, element, box) => {
    const place = box ? ` by ${box.localName}#${box.id}.${[...box.classList].join(".")}` : "";
    const text = element.textContent.trim().replace(/\s+/g, " ").slice(0, 50);
    found.add(`${problem}${place}: ${element.localName}#${element.id}.${[...element.classList].join(".")} "${text}"`);
  };
  const styleOf = (element) => getComputedStyle(element);
  const clips = (element) => styleOf(element).overflowX !== "visible";
  const scrolls = (element) => /auto|scroll/.test(styleOf(element).overflowX);
  const shortens = (element) => styleOf(element).textOverflow === "ellipsis";
  const inFrame = (element) => element.matches(FRAMES) || element.closest(".table-frame, .body");
  const isWider = (element) => element.scrollWidth > element.clientWidth + 1;
  const isSeen = (element) => {
    if (!element.checkVisibility({ visibilityProperty: true, opacityProperty: true })) return false;
    if (element.closest(UNCHECKED)) return false;
    // A box of one pixel holds what only screen readers read.
    for (let box = element; box; box = box.parentElement) if (clips(box) && box.clientWidth <= 1) return false;
    return true;
  };
  const textBox = (element) => {
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!texts.length) return null;
    const range = document.createRange();
    range.setStartBefore(texts[0]);
    range.setEndAfter(texts.at(-1));
    const box = range.getBoundingClientRect();
    return box.width < 1 ? null : box;
  };
  // Follows a text up to the first box that cuts or scrolls it, or to the window.
  const followText = (element, text) => {
    const button = element.closest("button, a.button, summary, kbd, .role, .badge");
    for (let box = element; box; box = box.parentElement) {
      const { left, right, top, bottom } = box.getBoundingClientRect();
      const isCut = text.left < left - 1 || text.right > right + 1;
      const isLow = text.bottom > bottom + 2 || text.top < top - 2;
      if (box === button && isCut) report("sticks out of its button", box);
      if (clips(box)) {
        if (isCut && !scrolls(box) && !shortens(box)) report("cut off", element, box);
        const cutsBelow = styleOf(box).overflowY === "hidden" && !/\d/.test(styleOf(box).webkitLineClamp);
        if (isLow && cutsBelow && box.scrollHeight > box.clientHeight + 2) report("cut off below", element, box);
        if (scrolls(box) || isCut || isLow) return;
      }
      if (styleOf(box).position === "fixed") break;
    }
    if (!inFrame(element) && (text.left < -1 || text.right > innerWidth + 1)) report("outside of the window", element);
  };

  const { scrollWidth } = document.documentElement;
  if (scrollWidth > innerWidth) found.add(`the page is ${scrollWidth} px wide`);
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  for (const element of (dialog ?? document.body).querySelectorAll("*")) {
    if (!isSeen(element)) continue;
    if (scrolls(element) && isWider(element) && !inFrame(element)) report("scrolls sideways", element);
    const text = textBox(element);
    if (!text) continue;
    followText(element, text);
    const hides = clips(element) && !scrolls(element) && !shortens(element);
    if (hides && isWider(element)) report("cut off by itself", element);
  }
  return [...found];
}"""


def find_layout_problems(page, name):
    """Return what is wrong with the page in its present state and size. The gallery keeps a screenshot."""
    keep_screenshot(page, name)
    width = page.viewport_size["width"]
    return [f"{name}, {width} px: {problem}" for problem in page.evaluate(FIND_PROBLEMS)]
