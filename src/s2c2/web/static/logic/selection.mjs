/**
 * Selection as in a file browser, over the positions 0 … count − 1 of a grid. Every function returns a new value.
 *
 * @typedef {object} Selection
 * @property {number} count   how many images there are
 * @property {ReadonlySet<number>} chosen   selected positions
 * @property {number} cursor  position that the keys act from, −1 when there is none
 * @property {number} anchor  position that a range starts at, −1 when there is none
 * @property {number|null} range  first image of a range by two taps, −1 before the first tap, null when taps select one by one
 */

/** @param {number} count @returns {Selection} nothing selected, the cursor on the first image */
export function nothing(count) {
  return { count, chosen: new Set(), cursor: count ? 0 : -1, anchor: count ? 0 : -1, range: null };
}

const limited = (selection, position) => Math.max(0, Math.min(selection.count - 1, position));
const between = (from, to) => {
  const [first, last] = from < to ? [from, to] : [to, from];
  return Array.from({ length: last - first + 1 }, (_, step) => first + step);
};

/** Select one image only. @param {Selection} selection @param {number} position @returns {Selection} */
export function only(selection, position) {
  if (!selection.count) return selection;
  const at = limited(selection, position);
  return { ...selection, chosen: new Set([at]), cursor: at, anchor: at };
}

/** Add an image, or take it out. @param {Selection} selection @param {number} position @returns {Selection} */
export function toggled(selection, position) {
  if (!selection.count) return selection;
  const at = limited(selection, position);
  const chosen = new Set(selection.chosen);
  if (!chosen.delete(at)) chosen.add(at);
  return { ...selection, chosen, cursor: at, anchor: at };
}

/**
 * Select from the anchor to a position.
 * @param {Selection} selection @param {number} position
 * @param {boolean} [keep] keep what is selected elsewhere (ctrl and shift together)
 * @returns {Selection}
 */
export function ranged(selection, position, keep = false) {
  if (!selection.count) return selection;
  const at = limited(selection, position);
  const anchor = limited(selection, selection.anchor);
  return { ...selection, chosen: new Set([...(keep ? selection.chosen : []), ...between(anchor, at)]), cursor: at, anchor };
}

/** Begin a range by two taps, or give it up. @param {Selection} selection @returns {Selection} */
export const spanning = (selection) => ({ ...selection, range: selection.range === null ? -1 : null });

/**
 * What a tap does: it adds an image or takes it out, or is the first or the last one of a range, which joins what is selected.
 * @param {Selection} selection @param {number} position @returns {Selection}
 */
export function tapped(selection, position) {
  const { range, chosen } = selection;
  if (range === null || !selection.count) return toggled(selection, position);
  const at = limited(selection, position);
  if (range < 0) return { ...selection, chosen: new Set([...chosen, at]), cursor: at, anchor: at, range: at };
  return { ...ranged({ ...selection, anchor: range }, at, true), range: null };
}

/** Move the cursor and leave the selection. @param {Selection} selection @param {number} position @returns {Selection} */
export function pointed(selection, position) {
  if (!selection.count) return selection;
  const at = limited(selection, position);
  return { ...selection, cursor: at, anchor: at };
}

/** @param {Selection} selection @returns {Selection} */
export function everything(selection) {
  return { ...selection, chosen: new Set(between(0, selection.count - 1).slice(0, selection.count)), range: null };
}

/** @param {Selection} selection @returns {Selection} */
export function inverted(selection) {
  const rest = between(0, selection.count - 1).filter((at) => at < selection.count && !selection.chosen.has(at));
  return { ...selection, chosen: new Set(selection.count ? rest : []), range: null };
}

/** @param {Selection} selection @returns {Selection} */
export function cleared(selection) {
  return { ...selection, chosen: new Set(), anchor: selection.cursor, range: null };
}

/**
 * Where a key takes the cursor.
 * @param {Selection} selection @param {string} direction left, right, up, down, home, end, pageup, pagedown
 * @param {number} columns images in a row @param {number} [rows] rows on the screen
 * @returns {number}
 */
export function target(selection, direction, columns, rows = 1) {
  const at = Math.max(0, selection.cursor);
  const steps = {
    left: -1, right: 1, up: -columns, down: columns, home: -at, end: selection.count - 1 - at,
    pageup: -columns * rows, pagedown: columns * rows,
  };
  const to = at + (steps[direction] ?? 0);
  const leaves = to < 0 || to >= selection.count;
  if (leaves && (direction === "up" || direction === "down")) return at;
  return limited(selection, to);
}

/**
 * What was taken out of a group is selected by itself only: beside others it is left out.
 * @param {Selection} selection @param {(position: number) => boolean} out @returns {Selection}
 */
export function apart(selection, out) {
  const inside = [...selection.chosen].filter((at) => !out(at));
  return inside.length && inside.length < selection.chosen.size ? { ...selection, chosen: new Set(inside) } : selection;
}

/** Positions in rising order. @param {Selection} selection @returns {number[]} */
export function positions(selection) {
  return [...selection.chosen].sort((a, b) => a - b);
}

/**
 * The same images selected, and cursor and anchor on the same ones, where a group came anew.
 * @param {Selection} selection
 * @param {({id: number}|undefined)[]} before members that the selection is about @param {({id: number}|undefined)[]} after
 * @returns {Selection} over ``after``; without the images that left
 */
export function carried(selection, before, after) {
  const places = new Map();
  after.forEach((one, at) => one && places.set(one.id, at));
  const chosen = [...selection.chosen].map((at) => places.get(before[at]?.id)).filter((at) => at !== undefined);
  const now = (at) => Math.min(places.get(before[at]?.id) ?? at, after.length - 1);
  const range = selection.range === null || selection.range < 0 ? selection.range : places.get(before[selection.range]?.id) ?? -1;
  return { count: after.length, chosen: new Set(chosen), cursor: now(selection.cursor), anchor: now(selection.anchor), range };
}
