/**
 * The key map: which keys do what, and where.
 *
 * A combination is written in lower case, `ctrl+shift+z`; a printed sign stands for itself (`?`, `+`).
 *
 * @typedef {"everywhere"|"groups"|"grow"|"single"|"review"} Place
 * @typedef {object} Action
 * @property {Place[]} places  views in which it works
 * @property {string} words    what it does, for people
 * @property {string[]} keys   combinations
 * @typedef {Record<string, string[]>} KeyMap
 */

const grid = ["groups"];
const labeling = ["groups", "single"];
const beside = ["groups", "grow", "single"];
const around = ["groups", "grow"];

/** Actions that move the cursor: alone they select, with shift they extend, with ctrl they only move. @type {Record<string, Action>} */
const MOVING = {
  left: { places: beside, words: "Move left", keys: ["arrowleft"] },
  right: { places: beside, words: "Move right", keys: ["arrowright"] },
  up: { places: around, words: "Move up", keys: ["arrowup"] },
  down: { places: around, words: "Move down", keys: ["arrowdown"] },
  home: { places: around, words: "Move to the first image", keys: ["home"] },
  end: { places: around, words: "Move to the last image", keys: ["end"] },
  pageup: { places: around, words: "Move up a screen", keys: ["pageup"] },
  pagedown: { places: around, words: "Move down a screen", keys: ["pagedown"] },
};

/** Their names. */
export const MOVES = Object.keys(MOVING);

/** @type {Record<string, Action>} */
export const ACTIONS = {
  accept: { places: labeling, words: "Accept the suggestion", keys: ["enter", "a"] },
  misfit: { places: labeling, words: "Does not fit (again: fits)", keys: ["x"] },
  skip: { places: labeling, words: "Skip", keys: ["space"] },
  ambiguous: { places: ["groups", "single", "review"], words: "Truly ambiguous: give a soft label", keys: ["u"] },
  split: { places: grid, words: "Split: the selection, or into parts", keys: ["s"] },
  merge: { places: grid, words: "Merge into another group", keys: ["m"] },
  flag: { places: labeling, words: "Flag", keys: ["f"] },
  finish: { places: grid, words: "Finish the group as it is", keys: ["e"] },
  search: { places: ["groups", "single", "review"], words: "Search a class and label", keys: ["/"] },
  all: { places: grid, words: "Select all", keys: ["ctrl+a"] },
  invert: { places: grid, words: "Invert the selection", keys: ["i"] },
  clear: { places: grid, words: "Clear the selection", keys: ["escape"] },
  toggle: { places: grid, words: "Add the image to the selection, or take it out", keys: ["ctrl+space"] },
  zoom: { places: ["groups", "grow"], words: "Hold: see the image large", keys: ["z"] },
  compare: { places: grid, words: "Compare 2 to 4 selected images", keys: ["c"] },
  larger: { places: ["groups", "grow"], words: "Larger thumbnails", keys: ["+", "="] },
  smaller: { places: ["groups", "grow"], words: "Smaller thumbnails", keys: ["-"] },
  undo: { places: ["everywhere"], words: "Undo", keys: ["ctrl+z"] },
  redo: { places: ["everywhere"], words: "Redo", keys: ["ctrl+shift+z", "ctrl+y"] },
  next: { places: ["groups", "single", "review"], words: "Next", keys: ["n"] },
  previous: { places: ["groups", "single", "review"], words: "Previous", keys: ["p"] },
  groups: { places: ["everywhere"], words: "Groups", keys: ["b"] },
  grow: { places: grid, words: "Grow the group by similar images", keys: ["g"] },
  single: { places: ["everywhere"], words: "One image at a time", keys: ["o"] },
  review: { places: ["everywhere"], words: "Review disagreements", keys: ["v"] },
  dashboard: { places: ["everywhere"], words: "Dashboard", keys: ["d"] },
  people: { places: ["everywhere"], words: "People, for owners of a team", keys: ["t"] },
  help: { places: ["everywhere"], words: "All keys", keys: ["?"] },
  match: { places: ["grow"], words: "All of this page match", keys: ["f"] },
  nomatch: { places: ["grow"], words: "Not all of this page match", keys: ["j"] },
  decide: { places: ["review"], words: "Leave as a distribution", keys: ["l"] },
  ...MOVING,
};

const DIGITS = ["1", "2", "3", "4", "5", "6", "7", "8", "9", "0"];

/** Classes that have a button, and may have a key; the others are found by typing. */
export const SHOWN = 12;

/** Name of the action that labels as a class, by its index. @param {number} index */
export const labeled = (index) => `class${index + 1}`;

/** Labeling as the n-th class: a digit for the first ten, for the others none until a person gives one. @type {Record<string, Action>} */
const LABELS = Object.fromEntries(Array.from({ length: SHOWN }, (_, index) => [
  labeled(index),
  { places: ["groups", "single", "review"], words: `Label as class ${index + 1}`, keys: DIGITS.slice(index, index + 1) },
]));

const BOUND = { ...ACTIONS, ...LABELS };

/** Actions that a held key repeats: each press is meant. */
const REPEATED = ["next", "previous", "larger", "smaller", "undo", "redo"];

/** Whether an action is done again by a key that stays down. @param {string} action */
export const repeats = (action) => REPEATED.includes(action);

/** Whether the second of two quick clicks on a button is meant too; on others a double click acts once. @param {string} action */
export const clicksAgain = (action) => action === "range" || repeats(action);

/** @returns {KeyMap} the keys as they come */
export function defaults() {
  return Object.fromEntries(Object.entries(BOUND).map(([name, action]) => [name, [...action.keys]]));
}

/**
 * The combination of a key press, "" for a modifier alone. The command key counts as ctrl.
 * @param {{key: string, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean, shiftKey?: boolean}} event
 * @returns {string}
 */
export function combination(event) {
  const key = event.key === " " ? "space" : event.key.toLowerCase();
  if (["control", "shift", "alt", "meta", "altgraph", "dead"].includes(key)) return "";
  const sign = key.length === 1 && key.toUpperCase() === key;
  const parts = [];
  if (event.ctrlKey || event.metaKey) parts.push("ctrl");
  if (event.altKey) parts.push("alt");
  if (event.shiftKey && !sign) parts.push("shift");
  return [...parts, key].join("+");
}

/** Whether an action works in a view. @param {string} name @param {string} place */
export const works = (name, place) =>
  BOUND[name].places.includes("everywhere") || BOUND[name].places.includes(/** @type {Place} */ (place));

/**
 * What a combination does in a view: the name of an action, `label:N` for the N-th class, null for nothing.
 * @param {KeyMap} map @param {string} place @param {string} keys @returns {string|null}
 */
export function meaning(map, place, keys) {
  const found = Object.keys(BOUND).find((name) => works(name, place) && map[name]?.includes(keys));
  const index = Object.keys(LABELS).indexOf(found);
  return index < 0 ? found ?? null : `label:${index}`;
}

/**
 * Which way a combination moves in a view, and what it does with the selection; null where it moves nothing.
 * @param {KeyMap} map @param {string} place @param {string} keys
 * @returns {{direction: string, selects: "only"|"extends"|"nothing"}|null}
 */
export function motion(map, place, keys) {
  const parts = keys.split("+");
  const plain = parts.filter((part) => part !== "ctrl" && part !== "shift").join("+");
  const direction = meaning(map, place, keys) ?? meaning(map, place, plain);
  if (direction === null || !MOVES.includes(direction)) return null;
  if (map[direction].includes(keys)) return { direction, selects: "only" };
  return { direction, selects: parts.includes("shift") ? "extends" : "nothing" };
}

const meet = (one, other) =>
  BOUND[one].places.some((place) => place === "everywhere" || works(other, place)) ||
  BOUND[other].places.includes("everywhere");

/** Sentences that name keys with two meanings in one view. @param {KeyMap} map @returns {string[]} */
export function conflicts(map) {
  const names = Object.keys(BOUND);
  return names.flatMap((one, at) =>
    names.slice(at + 1).filter((other) => meet(one, other)).flatMap((other) =>
      (map[one] ?? []).filter((keys) => map[other]?.includes(keys))
        .map((keys) => `${shown(keys)} means both “${BOUND[one].words}” and “${BOUND[other].words}”.`)));
}

/** Give an action one key. @param {KeyMap} map @param {string} name @param {string} keys @returns {KeyMap} */
export function rebound(map, name, keys) {
  return { ...map, [name]: [keys] };
}

/**
 * The key map of a person: what was stored over what the server says over the defaults.
 * Anything that is not a key of a known action is left out.
 * @param {Record<string, unknown>} [server] @param {string|null} [stored] JSON @returns {KeyMap}
 */
export function keyMap(server = {}, stored = null) {
  const own = known(parsed(stored));
  const said = Object.entries(known(server)).filter(([name, keys]) => !keys.every((one) => BOUND[name].keys.includes(one)));
  return { ...defaults(), ...Object.fromEntries(said), ...own };
}

/** Names that the server has for some actions. */
const ALIASES = { select_all: "all" };

const written = (keys) => (keys.length === 1 ? keys.toLowerCase() : keys.toLowerCase().replaceAll(" ", ""));

function parsed(text) {
  try {
    return JSON.parse(text ?? "{}") ?? {};
  } catch {
    return {};
  }
}

function known(map) {
  const lists = Object.entries(map).map(([name, keys]) => [ALIASES[name] ?? name, typeof keys === "string" ? [keys] : keys]);
  return Object.fromEntries(lists.filter(([name, keys]) =>
    Object.hasOwn(BOUND, name) && Array.isArray(keys) && keys.length && keys.every((one) => typeof one === "string" && one))
    .map(([name, keys]) => [name, keys.map(written)]));
}

const SIGNS = {
  enter: "⏎", space: "Space", escape: "Esc", ctrl: "Ctrl", shift: "Shift", alt: "Alt", arrowleft: "←",
  arrowright: "→", arrowup: "↑", arrowdown: "↓", home: "Home", end: "End", pageup: "Page ↑", pagedown: "Page ↓",
  backspace: "⌫", delete: "Del", "-": "−",
};

/** A combination as it is printed on a key. @param {string} keys @returns {string} */
export function shown(keys) {
  if (keys === "+") return "+";
  return keys.split("+").map((part) => SIGNS[part] ?? (part.length === 1 ? part.toUpperCase() : part)).join("+");
}
