/** Finding by typing: the names that match best come first. */

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
