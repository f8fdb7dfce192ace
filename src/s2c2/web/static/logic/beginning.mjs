/**
 * Where a person begins and goes on in a group that several people go through one image at a time.
 *
 * @typedef {import("./acts.mjs").Member} Member
 * @typedef {{annotator: string, scope: string, team: boolean}} Session
 */

import { open } from "./acts.mjs";

/** Whether several people go through a group. @param {Session} session @param {{kind: string}} group */
const shared = ({ scope, team }, { kind }) => team && kind === "plain" && scope.startsWith("shared/");

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
 * @param {Session} session @param {{kind: string, size: number}} group @returns {number}
 */
export function beginning(session, group) {
  return shared(session, group) ? Math.floor(share(session.annotator) * group.size) : 0;
}

/**
 * The position to go on at: the next open image. Behind images that others of a team answered it is the one in the middle of the open
 * ones that follow: the first of these is the next one of who answered there, and both would answer the same images from then on. So it
 * is after an answer that was given now, behind an image that another person was faster with.
 * @param {Session} session @param {{kind: string, members: (Member|undefined)[]}} group one that is not loaded may be open
 * @param {number} from @returns {number|null} null when all have an answer
 */
export function onward(session, group, from) {
  const { members } = group;
  const place = (steps) => (from + steps + members.length) % members.length;
  const free = (steps) => steps <= members.length && (!members[place(steps)] || open(members[place(steps)]));
  const whose = (steps) => members[place(steps)]?.answer?.annotator;
  const anothers = (steps) => ![undefined, session.annotator].includes(whose(steps));
  let met = anothers(0) || (whose(0) === undefined && anothers(-1));
  let first = 1;
  for (; first <= members.length && !free(first); first += 1) met ||= anothers(first);
  if (first > members.length) return null;
  if (!met || !shared(session, group)) return place(first);
  let last = first;
  while (free(last + 1)) last += 1;
  return place(Math.ceil((first + last) / 2));
}
