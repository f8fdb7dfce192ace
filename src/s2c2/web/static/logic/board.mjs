/**
 * What acts look like before the server has answered: members and counts of a group after an act.
 *
 * @typedef {import("./acts.mjs").Act} Act
 * @typedef {import("./acts.mjs").Member} Member
 * @typedef {{size: number, open: number, done: boolean}} Counts
 */

import { open } from "./acts.mjs";

const ANSWERS = {
  accept: (act, suggestion) => ({ label: act.label ?? suggestion }),
  label: (act) => ({ label: act.label }),
  ambiguous: (act) => ({ distribution: act.distribution }),
  decide: (act) => (act.distribution ? { distribution: act.distribution } : { label: act.label }),
  skip: () => ({ skip: true }),
};
const GONE = ["split", "merge", "recluster"];

/**
 * One image after an act, null when it leaves the group.
 * @param {Member} member @param {Act} act @param {number|null} suggestion class index @returns {Member|null}
 */
export function after(member, act, suggestion) {
  if (act.act in ANSWERS) return { ...member, misfit: false, answer: ANSWERS[act.act](act, suggestion) };
  if (act.act === "flag") return { ...member, flag: true };
  if (act.act === "grow") return { ...member, misfit: false, answer: act.label == null ? member.answer : { label: act.label } };
  if (act.act === "misfit") return { ...member, misfit: true, answer: null };
  return GONE.includes(act.act) ? null : member;
}

/**
 * The members after an act; places not yet loaded stay empty.
 * @param {(Member|undefined)[]} members @param {Act} act @param {number|null} suggestion
 * @returns {(Member|undefined)[]}
 */
export function membersAfter(members, act, suggestion) {
  const chosen = act.images && new Set(act.images);
  const meant = (member) => member && (chosen ? chosen.has(member.id) : GONE.includes(act.act) || open(member));
  const next = members.map((member) => (meant(member) ? after(member, act, suggestion) : member));
  return next.includes(null) ? next.filter((member) => member !== null) : next;
}

/**
 * Counts of a group after an act.
 * @template {Counts} T
 * @param {T} group @param {Act} act @param {number} wereOpen how many of the act's images were open @returns {T}
 */
export function countsAfter(group, act, wereOpen) {
  const left = act.images ? Math.max(0, group.open - wereOpen) : 0;
  if (act.act === "finish") return { ...group, done: true };
  if (act.act in ANSWERS) return { ...group, open: left, done: left === 0 };
  if (act.act === "misfit") return { ...group, open: left, done: left === 0, size: Math.max(0, group.size - (act.images?.length ?? 0)) };
  if (act.act === "split") return { ...group, open: left, size: Math.max(0, group.size - (act.images?.length ?? 0)) };
  if (act.act === "grow") return grown(group, act.images?.length ?? 0, act.label != null);
  if (act.act === "merge" || act.act === "recluster") return { ...group, open: 0, size: 0, done: true };
  return group;
}

const grown = (group, joined, labeled) =>
  ({ ...group, size: group.size + joined, ...(labeled ? {} : { open: group.open + joined, done: false }) });

/**
 * The class that every image of a group was given, null where one has another answer, or none.
 * Images that are not loaded yet are taken to be like the others: they have an answer where none is open.
 * @param {Counts} group @param {(Member|undefined)[]} members @returns {number|null}
 */
export function common(group, members) {
  const [first, ...others] = members.filter((member) => member && !member.misfit).map((member) => member.answer?.label ?? null);
  return group.open || first === undefined || others.some((label) => label !== first) ? null : first;
}

/**
 * How many more images have an answer after an act; one that only changes its group has as much of one as before.
 * @param {Counts} group @param {(Member|undefined)[]} members @param {Act} act @returns {number}
 */
export function answersGained(group, members, act) {
  if (act.act in ANSWERS) return act.images ? openOf(members, act) : group.open;
  if (act.act === "grow") return act.label == null ? 0 : act.images?.length ?? 0;
  if (act.act !== "misfit") return 0;
  const chosen = new Set(act.images);
  return 0 - members.filter((member) => member?.answer && chosen.has(member.id)).length;
}

/** How many images of an act are open. @param {(Member|undefined)[]} members @param {Act} act @returns {number} */
export function openOf(members, act) {
  const chosen = act.images && new Set(act.images);
  return members.filter((member) => member && open(member) && (!chosen || chosen.has(member.id))).length;
}

/**
 * The group to open after one: the next open one in the order on the screen, from the start again at the end.
 * One that another person works on comes only where no other is open.
 * @param {{group: string, done: boolean, open: number, lease?: {who: string}|null}[]} queue @param {string|null} group
 * @param {string} annotator who asks
 * @returns {string|null} null when all are done
 */
export function nextOpen(queue, group, annotator) {
  const at = queue.findIndex((one) => one.group === group);
  const round = [...queue.slice(at + 1), ...queue.slice(0, Math.max(0, at))];
  const open = round.filter((one) => !one.done && one.open > 0);
  const free = open.find((one) => (one.lease?.who ?? annotator) === annotator);
  return (free ?? open[0])?.group ?? null;
}

/**
 * The group before or after in the list, whatever its state; the first or the last one from a group that is not in it.
 * @param {{group: string}[]} queue @param {string|null} group @param {number} step
 */
export function neighbour(queue, group, step) {
  if (!queue.length) return null;
  const at = queue.findIndex((one) => one.group === group);
  const from = at < 0 && step < 0 ? 0 : at;
  return queue[(from + step + queue.length) % queue.length].group;
}

/**
 * What the list says of the group on the screen; one that is in it no more, by an own act or another's, is as it was seen.
 * @template {{group: string}} T
 * @param {T[]} queue @param {any} group @returns {T|any}
 */
export function listed(queue, group) {
  const found = queue.find((one) => one.group === group?.id);
  if (found || !group) return found;
  const inside = group.members.filter((one) => !one?.misfit);
  const left = inside.filter((one) => !one || open(one)).length;
  return { group: group.id, name: group.name, kind: group.kind, version: group.version, size: inside.length, open: left, done: false };
}
