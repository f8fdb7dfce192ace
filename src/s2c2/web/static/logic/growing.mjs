/**
 * Growing a group: where in a list of images, the most similar first, do they stop matching?
 *
 * Pages below `left` match. The jump doubles while pages match; the first page that does not is the bound
 * `right`, and from then on the range is halved. When the bounds meet, page `left` holds the border: it is
 * looked at image by image.
 *
 * @typedef {object} Search
 * @property {number} pages  pages there are
 * @property {number} left   pages known to match, counted from the first
 * @property {number} right  first page known not to match wholly, `pages` while there is none
 * @property {number} at     page to look at
 * @property {number} jump   pages to go on by
 * @property {number} looks  pages looked at so far
 */

/** @param {number} pages @returns {Search} */
export const begun = (pages) => ({ pages, left: 0, right: pages, at: 0, jump: 1, looks: 0 });

/** Whether the border page is reached, or there are no more pages. @param {Search} search */
export const settled = (search) => search.left >= search.right;

/** Whether a page is left to be looked at image by image. @param {Search} search */
export const bordered = (search) => settled(search) && search.right < search.pages;

/** All of the page match. @param {Search} search @returns {Search} */
export function matched(search) {
  if (settled(search)) return search;
  return aimed({ ...search, left: search.at + 1, looks: search.looks + 1, jump: search.jump * 2 });
}

/** Not all of the page match. @param {Search} search @returns {Search} */
export function unmatched(search) {
  if (settled(search)) return search;
  return aimed({ ...search, right: search.at, looks: search.looks + 1 });
}

function aimed(search) {
  const jumping = search.right === search.pages;
  const middle = Math.floor((search.left + search.right) / 2);
  const at = jumping ? Math.min(search.left + search.jump - 1, search.pages - 1) : middle;
  return { ...search, at: Math.max(search.left, at) };
}

/**
 * Positions that join the group: those of the matching pages, and of the border page what was accepted.
 * @param {Search} search @param {number} limit images on a page @param {number} total images
 * @param {ReadonlySet<number>} [accepted] positions on the border page
 * @returns {number[]}
 */
export function joining(search, limit, total, accepted = new Set()) {
  const whole = Math.min(search.left * limit, total);
  const border = [...accepted].filter((at) => at >= whole && at < Math.min(whole + limit, total));
  return [...Array(whole).keys(), ...border.sort((a, b) => a - b)];
}
