/** Finding by typing: the names that match best come first. */

import { percent } from "./words.mjs";

/**
 * How well a name matches: 0 the same, 1 starts so, 2 a word starts so, 3 contains, 4 the letters in this order,
 * null not at all.
 * @param {string} name @param {string} typed @returns {number|null}
 */
export function closeness(name, typed) {
  const [text, query] = [name.toLowerCase(), typed.trim().toLowerCase()];
  if (text === query) return 0;
  if (text.startsWith(query)) return 1;
  if (text.split(/[\s_\-/.]+/).some((word) => word.startsWith(query))) return 2;
  if (text.includes(query)) return 3;
  return inOrder(text, query) ? 4 : null;
}

function inOrder(text, query) {
  let from = 0;
  for (const letter of query) {
    from = text.indexOf(letter, from) + 1;
    if (!from) return false;
  }
  return true;
}

/**
 * @template {{name: string}} T
 * @param {readonly T[]} items @param {string} typed nothing typed leaves all, in their order @returns {T[]}
 */
export function matching(items, typed) {
  if (!typed.trim()) return [...items];
  return items.map((item, at) => ({ item, at, rank: closeness(item.name, typed) }))
    .filter(({ rank }) => rank !== null)
    .sort((a, b) => a.rank - b.rank || a.at - b.at).map(({ item }) => item);
}

/**
 * The classes as a search lists them: those that somebody said come first, the likeliest one before the others.
 * @param {readonly {name: string}[]} classes @param {(index: number) => string} key of a class, "" for none
 * @param {readonly number[]} [shares] of the answers, in review @returns {{name: string, index: number, said: boolean, detail: string}[]}
 */
export function choices(classes, key, shares = []) {
  const share = (index) => shares[index] ?? 0;
  const all = classes.map(({ name }, index) => ({ name, index, said: share(index) > 0, detail: share(index) > 0 ? `${percent(share(index))} of the answers` : key(index) }));
  return [...all.filter(({ said }) => said).sort((a, b) => share(b.index) - share(a.index)), ...all.filter(({ said }) => !said)];
}
