/**
 * Where the cells of a grid lie, so that only those in sight need elements. Lengths in CSS pixels.
 *
 * @typedef {object} Layout
 * @property {number} columns  cells in a row, at least one
 * @property {number} rows     rows of the whole grid
 * @property {number} pitch    from the top of a row to the top of the next
 * @property {number} height   of the whole grid
 */

/** Sizes of thumbnails to choose from. */
export const SIZES = [96, 128, 192, 256];

/**
 * @param {number} count images @param {number} width of the grid @param {number} size of a cell @param {number} gap
 * @returns {Layout}
 */
export function layout(count, width, size, gap) {
  const columns = Math.max(1, Math.floor((width + gap) / (size + gap)));
  const rows = Math.ceil(count / columns);
  const pitch = size + gap;
  return { columns, rows, pitch, height: rows * pitch };
}

/**
 * Rows to have elements for, first and one past the last.
 * @param {Layout} grid @param {number} top scrolled by @param {number} height seen @param {number} [spare] rows beyond
 * @returns {[number, number]}
 */
export function rowsInSight(grid, top, height, spare = 2) {
  const first = Math.max(0, Math.floor(top / grid.pitch) - spare);
  const last = Math.min(grid.rows, Math.ceil((top + height) / grid.pitch) + spare);
  return [Math.min(first, last), last];
}

/**
 * How far to scroll so that an image is wholly in sight, as little as possible.
 * @param {Layout} grid @param {number} position @param {number} top @param {number} height @returns {number}
 */
export function scrolledTo(grid, position, top, height) {
  const row = Math.floor(position / grid.columns) * grid.pitch;
  if (row < top) return row;
  return row + grid.pitch > top + height ? row + grid.pitch - height : top;
}

/** Whole rows on the screen, at least one. @param {Layout} grid @param {number} height @returns {number} */
export const rowsSeen = (grid, height) => Math.max(1, Math.floor(height / grid.pitch));

/**
 * Numbers of the pages of `limit` images that are needed for some positions and not there yet.
 * @param {number} first @param {number} last one past the last @param {number} limit @param {ReadonlySet<number>} there
 * @returns {number[]}
 */
export function missingPages(first, last, limit, there) {
  const pages = [];
  for (let page = Math.floor(first / limit); page * limit < last; page += 1) if (!there.has(page)) pages.push(page);
  return pages;
}

/** The next size up or down, the same at the end. @param {number} size @param {number} step @returns {number} */
export function resized(size, step) {
  const at = SIZES.indexOf(size);
  return SIZES[Math.max(0, Math.min(SIZES.length - 1, (at < 0 ? 1 : at) + step))];
}

/** The stored thumbnail to ask for. @param {number} size @param {number} ratio device pixels in one @returns {number} */
export const thumbnail = (size, ratio) => SIZES.find((one) => one >= size * ratio) ?? SIZES[SIZES.length - 1];
