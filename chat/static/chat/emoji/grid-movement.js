// @ts-check
// Decides how the arrow keys, Home and End move through the grids of the emoji picker. The grids are below each other.
// Must not know the page.

/**
 * Returns the index to which a key moves, or null for another key and for a step out of the grids.
 * @param {string} key
 * @param {number} index counts the cells of all grids
 * @param {number[]} lengths the number of cells of each grid
 * @param {number} columns
 * @returns {number | null}
 */
export function moveInGrids(key, index, lengths, columns) {
  const count = lengths.reduce((sum, length) => sum + length, 0);
  if (key === "Home") return 0;
  if (key === "End") return count - 1;
  if (key === "ArrowLeft") return index > 0 ? index - 1 : null;
  if (key === "ArrowRight") return index + 1 < count ? index + 1 : null;
  if (key !== "ArrowUp" && key !== "ArrowDown") return null;
  let start = 0;
  let grid = 0;
  while (index >= start + lengths[grid]) start += lengths[grid++];
  const place = index - start;
  const column = place % columns;
  return key === "ArrowDown" ? below(place, column, start, lengths, grid, columns) : above(place, column, start, lengths, grid, columns);
}

/**
 * Returns the index of the cell below, in the same grid or in the next one; null below the last row.
 * @param {number} place the index within the grid
 * @param {number} column
 * @param {number} start the index of the grid's first cell
 * @param {number[]} lengths
 * @param {number} grid
 * @param {number} columns
 */
function below(place, column, start, lengths, grid, columns) {
  const length = lengths[grid];
  const isLastRow = Math.floor(place / columns) === Math.floor((length - 1) / columns);
  if (!isLastRow) return start + Math.min(place + columns, length - 1);
  const next = lengths.findIndex((size, number) => number > grid && size > 0);
  if (next < 0) return null;
  return start + length + Math.min(column, lengths[next] - 1);
}

/**
 * Returns the index of the cell above, in the same grid or in the one before; null above the first row.
 * @param {number} place
 * @param {number} column
 * @param {number} start
 * @param {number[]} lengths
 * @param {number} grid
 * @param {number} columns
 */
function above(place, column, start, lengths, grid, columns) {
  if (place >= columns) return start + place - columns;
  const before = lengths.findLastIndex((size, number) => number < grid && size > 0);
  if (before < 0) return null;
  const length = lengths[before];
  const lastRow = Math.floor((length - 1) / columns) * columns;
  return start - length + Math.min(lastRow + column, length - 1);
}
