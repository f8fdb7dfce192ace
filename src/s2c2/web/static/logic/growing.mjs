/**
 * Growing a group: where in a list of images, the most similar first, do they stop matching?
 *
 * Pages below `left` match. The first look is at the most alike, which are often all there are. Each further one
 * narrows the range, until the bounds meet: page `left` then holds the border and is looked at image by image.
 * The page in the middle of the range is not the arithmetic one: a small group is as likely as one ten times as
 * large, so that near pages weigh more than far ones. Both small and large groups so take few looks, also where a
 * hundred thousand images remain.
 *
 * @typedef {object} Search
 * @property {number} pages  pages there are
 * @property {number} left   pages known to match, counted from the first
 * @property {number} right  first page known not to match wholly, `pages` while there is none
 * @property {number} at     page to look at
 * @property {number} looks  pages looked at so far
 */

/** Pages below which sizes of groups are taken for equally likely; beyond, one ten times as large is. */
const NEAR = 4;

/** @param {number} pages @returns {Search} */
export const begun = (pages) => aimed({ pages, left: 0, right: pages, at: 0, looks: 0 });

/** Whether the border page is reached, or there are no more pages. @param {Search} search */
export const settled = (search) => search.left >= search.right;

/** Whether a page is left to be looked at image by image. @param {Search} search */
export const bordered = (search) => settled(search) && search.right < search.pages;

/** All of the page match. @param {Search} search @returns {Search} */
export function matched(search) {
  if (settled(search)) return search;
  return aimed({ ...search, left: search.at + 1, looks: search.looks + 1 });
}

/** Not all of the page match. @param {Search} search @returns {Search} */
export function unmatched(search) {
  if (settled(search)) return search;
  return aimed({ ...search, right: search.at, looks: search.looks + 1 });
}

/** Aim at the first page, then at the one that parts what the border may be into two halves of equal weight. */
function aimed(search) {
  if (search.looks === 0) return { ...search, at: 0 };
  const middle = Math.sqrt((search.left + NEAR) * (search.right + 1 + NEAR)) - NEAR;
  return { ...search, at: settled(search) ? search.left : Math.floor(middle) };
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
