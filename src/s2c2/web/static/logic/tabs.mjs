/**
 * Which tabs of this project are open: each one writes when it was last there.
 *
 * @typedef {import("./outbox.mjs").Storage} Storage
 */

/** Milliseconds between two signs of life. */
export const BEAT = 4000;

/** Milliseconds after which a tab counts as closed. */
export const SILENCE = 15000;

/** @param {Storage} storage @param {string} prefix @param {string} tab @param {number} now milliseconds */
export const beat = (storage, prefix, tab, now) => storage.setItem(`${prefix}tab.${tab}`, String(now));

/** @param {Storage} storage @param {string} prefix @param {string} tab */
export const leave = (storage, prefix, tab) => storage.removeItem(`${prefix}tab.${tab}`);

/** Say which group a tab works on, null for none. @param {Storage} storage @param {string} prefix @param {string} tab @param {string|null} group */
export const work = (storage, prefix, tab, group) =>
  (group === null ? storage.removeItem(`${prefix}work.${tab}`) : storage.setItem(`${prefix}work.${tab}`, group));

/** Whether another tab that is open works on a group. @param {Storage} storage @param {string} prefix @param {string} tab @param {string} group @param {number} now */
export const shared = (storage, prefix, tab, group, now) =>
  others(storage, prefix, tab, now).some((other) => storage.getItem(`${prefix}work.${other}`) === group);

/** Whether a tab is open. @param {Storage} storage @param {string} prefix @param {string} tab @param {number} now */
export function alive(storage, prefix, tab, now) {
  const seen = Number(storage.getItem(`${prefix}tab.${tab}`) ?? Number.NaN);
  return Math.abs(now - seen) < SILENCE;
}

/**
 * The name of a window: the one it had, or a new one where another window that is open has that name, as a copy of it does.
 * @param {Storage} storage @param {string} prefix @param {string|null} last @param {() => string} made @param {number} now
 */
export const own = (storage, prefix, last, made, now) => (last && !alive(storage, prefix, last, now) ? last : made());

/** The other tabs that are open; what has dots is a tab of another person, whose name is as `ann.tab`. @param {Storage} storage @param {string} prefix @param {string} tab @param {number} now @returns {string[]} */
export function others(storage, prefix, tab, now) {
  const start = `${prefix}tab.`;
  return Array.from({ length: storage.length }, (_, at) => storage.key(at) ?? "")
    .filter((name) => name.startsWith(start)).map((name) => name.slice(start.length))
    .filter((other) => !other.includes(".") && other !== tab && alive(storage, prefix, other, now));
}
