"""
The check that a page fits into a narrow window: nothing makes the page scroll sideways, and no text is cut off.

A window of 1280 x 800 pixels at a zoom of 200 % has 640 x 400 CSS pixels. WCAG 1.4.10 asks for a width of 320.
"""

from tests.browser.gallery import keep_screenshot

ZOOMED = {"width": 640, "height": 400}
NARROW = {"width": 320, "height": 568}
# Code and tables scroll in a frame of their own. A system without a font for emoji draws them too wide.
FIND_PROBLEMS = r"""() => {
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  const isHidden = (element) => !element.checkVisibility({ visibilityProperty: true, opacityProperty: true, contentVisibilityAuto: true })
    || element.closest(".unseen, .skip, [aria-hidden=true], option, pre, svg, [inert], .emoji-grid");
  const describe = (element) => `${element.localName}${element.id && `#${element.id}`}.${[...element.classList].join(".")}`;
  const said = (element) => `${describe(element)} "${element.textContent.trim().replace(/\s+/g, " ").slice(0, 50)}"`;
  const found = [];
  const root = document.documentElement;
  if (root.scrollWidth > innerWidth) found.push(`the page is ${root.scrollWidth} px wide`);
  const clips = (element) => getComputedStyle(element).overflowX !== "visible";
  const scrolls = (element) => /auto|scroll/.test(getComputedStyle(element).overflowX);
  for (const element of (dialog ?? document.body).querySelectorAll("*")) {
    if (isHidden(element)) continue;
    const style = getComputedStyle(element);
    const isFrame = element.matches("pre, table, .table-frame, .emoji-tabs, .results, textarea") || element.closest(".table-frame, .body");
    if (scrolls(element) && element.scrollWidth > element.clientWidth + 1 && !isFrame) found.push(`scrolls sideways: ${said(element)}`);
    const texts = [...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (!texts.length) continue;
    const range = document.createRange();
    range.setStartBefore(texts[0]);
    range.setEndAfter(texts.at(-1));
    const { left, right, top, bottom } = range.getBoundingClientRect();
    if (right - left < 1) continue;
    const button = element.closest("button, a.button, summary, kbd, .role, .badge");
    // A box of one pixel holds what only screen readers read.
    let isUnseen = false;
    for (let box = element; box && !isUnseen; box = box.parentElement) isUnseen = clips(box) && box.clientWidth <= 1;
    if (isUnseen) continue;
    for (let box = element; box; box = box.parentElement) {
      const inner = box.getBoundingClientRect();
      const boxStyle = getComputedStyle(box);
      const isCut = left < inner.left - 1 || right > inner.right + 1;
      if (box === button && isCut) found.push(`sticks out of its button: ${said(box)}`);
      if (clips(box)) {
        if (isCut && !scrolls(box) && boxStyle.textOverflow !== "ellipsis") found.push(`cut off by ${describe(box)}: ${said(element)}`);
        const isLow = bottom > inner.bottom + 2 || top < inner.top - 2;
        const isCutBelow = isLow && boxStyle.overflowY === "hidden" && !boxStyle.webkitLineClamp.match(/\d/);
        if (isCutBelow && box.scrollHeight > box.clientHeight + 2) found.push(`cut off below by ${describe(box)}: ${said(element)}`);
        if (scrolls(box) || isCut || isLow) break;
      }
      if (boxStyle.position === "fixed") {
        if (inner.left < -1 || inner.right > innerWidth + 1) found.push(`outside of the window: ${said(box)}`);
        break;
      }
    }
    if (!clips(element) && (left < -1 || right > innerWidth + 1) && !element.closest(".table-frame, .body")) {
      let box = element.parentElement;
      while (box && !clips(box)) box = box.parentElement;
      if (!box || box === document.body || box === root) found.push(`outside of the window: ${said(element)}`);
    }
    if (style.overflowX !== "visible" && style.textOverflow !== "ellipsis" && element.scrollWidth > element.clientWidth + 1 && !scrolls(element)) {
      found.push(`cut off by itself: ${said(element)}`);
    }
  }
  return [...new Set(found)];
}"""


def find_layout_problems(page, name):
    """Return what is wrong with the page in its present state and size. The gallery keeps a screenshot."""
    keep_screenshot(page, name)
    width = page.viewport_size["width"]
    return [f"{name}, {width} px: {problem}" for problem in page.evaluate(FIND_PROBLEMS)]
