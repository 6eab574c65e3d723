// Tests of the operators' page of the site's health: figures as on the server, and the lines of the charts.

import assert from "node:assert/strict";
import test from "node:test";

import { drawLine, findHighest, roundUp, thinOut } from "../../chat/static/chat/operations/curve.js";
import { writeFigure } from "../../chat/static/chat/operations/figures.js";

// The same cases as in tests/chat/http/test_operations_page.py.
const FIGURES = [
  [null, "count", "–"],
  [1234.4, "count", "1,234"],
  [2.5, "count", "3"],
  [0.5, "count", "1"],
  [3.14, "rate", "3.1/s"],
  [0.25, "rate", "0.3/s"],
  [250.4, "rate", "250/s"],
  [0, "seconds", "0 ms"],
  [0.00004, "seconds", "0.04 ms"],
  [0.0047, "seconds", "4.7 ms"],
  [0.0105, "seconds", "11 ms"],
  [0.25, "seconds", "250 ms"],
  [1.5, "seconds", "1.5 s"],
  [90, "seconds", "90 s"],
  [600, "seconds", "10 min"],
  [7200, "seconds", "2 h"],
  [200000, "seconds", "2 d"],
  [999, "bytes", "999 B"],
  [1500, "bytes", "1.5 kB"],
  [10500, "bytes", "11 kB"],
  [123456789, "bytes", "123 MB"],
  [0.456, "share", "46 %"],
  [0.125, "share", "13 %"],
  ["websocket.receive", "text", "websocket.receive"],
];

for (const [value, format, text] of FIGURES) {
  test(`the browser writes ${value} as ${text}, as the server does`, () => assert.equal(writeFigure(value, format), text));
}

test("the scale ends at a round number at or above the highest value", () => {
  const tops = [0, 1, 1.1, 3, 7, 99, 249].map(roundUp);
  assert.deepEqual(tops, [1, 1, 1.5, 3, 8, 100, 300]);
  for (const value of [0.03, 0.3, 0.0047]) assert.ok(roundUp(value) >= value * (1 - 1e-9) && roundUp(value) < 1.6 * value);
});

test("the highest value of several lines ignores missing values", () => {
  const points = [{ at: 1, a: 2, b: null }, { at: 2, a: null, b: 5 }];
  assert.equal(findHighest(points, ["a", "b"]), 5);
  assert.equal(findHighest([], ["a"]), 0);
});

test("a line goes from left to right, and a gap in the samples is a gap in the line", () => {
  const points = [{ at: 0, a: 0 }, { at: 5, a: 10 }, { at: 100, a: 10 }, { at: 900, a: 0 }];
  assert.equal(drawLine(points, "a", 10, 900), "M0.0 94.0h0L2.0 2.0M40.0 2.0h0M360.0 94.0h0");
});

test("old and missing values are not drawn", () => {
  assert.equal(drawLine([{ at: 0, a: 1 }, { at: 950, a: null }], "a", 1, 1000), "");
});

test("the table has the last point of each minute, the newest first", () => {
  assert.deepEqual(thinOut([{ at: 0 }, { at: 50 }, { at: 61 }, { at: 130 }]).map(({ at }) => at), [130, 61, 50]);
});
