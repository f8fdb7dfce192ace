/** Where a person begins in a group that several people go through one image at a time. */

/**
 * A number in [0, 1) of a name, the same everywhere and always: FNV-1a, whose bits are then mixed as in MurmurHash3, since names are short.
 * @param {string} name @returns {number}
 */
function share(name) {
  let hash = 2166136261;
  for (const letter of name) hash = Math.imul(hash ^ (letter.codePointAt(0) ?? 0), 16777619);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}

/**
 * The position to begin at: several people who share a plain group begin apart, or they would all answer the same images. Others begin at the
 * first image; in a study everybody has an order of their own.
 * @param {{annotator: string, scope: string, team: boolean}} session @param {{kind: string, size: number}} group @returns {number}
 */
export function beginning({ annotator, scope, team }, { kind, size }) {
  const meet = team && kind === "plain" && scope.startsWith("shared/");
  return meet ? Math.floor(share(annotator) * size) : 0;
}
