import { counted } from "./words.mjs";

/**
 * What a person did, as it is sent to the server.
 *
 * @typedef {object} Member
 * @property {number} id
 * @property {number} typicality
 * @property {boolean} extreme
 * @property {Answer|null} answer
 * @property {boolean} misfit
 * @property {boolean} broken
 * @property {boolean} flag  marked; a flag is no answer
 *
 * @typedef {{label?: number|null, distribution?: number[]|null, skip?: boolean, annotator?: string|null}} Answer
 *   annotator: null for somebody else, undefined for an own one that the server has not told yet
 *
 * @typedef {object} Act
 * @property {string} key  the same act has the same key, however often it is sent
 * @property {string} act
 * @property {string|null} group
 * @property {number|null} version  of the group that the person saw
 * @property {number[]|null} images  null: all images of the group that are open
 * @property {number|null} label
 * @property {number[]|null} distribution
 * @property {string|null} target
 * @property {number|null} parts
 * @property {number|null} target_seq
 * @property {string|null} target_key  of an undo: the act, while it has no number yet; not sent
 * @property {number} selected
 * @property {{label: number, strength: number}|null} shown
 * @property {{active: number, wall: number}} seconds
 * @property {string} at
 * @property {string} scope
 * @property {string} tab
 * @property {string} dataset
 * @property {string} annotator  who did it
 */

/** Acts that settle every open image of a group when no image is selected. */
export const WHOLE = ["accept", "label", "ambiguous", "skip", "flag"];

/** Acts after which the next group is opened when they meant the whole group. */
export const LEAVING = ["accept", "label", "ambiguous", "skip", "merge", "finish"];

/**
 * @param {Partial<Act> & {act: string}} what
 * @param {{key: string, at: string, scope: string, tab: string, dataset: string, annotator: string, seconds: {active: number, wall: number}}} when
 * @returns {Act}
 */
export function made(what, when) {
  const images = what.images ? [...what.images] : null;
  return {
    group: null, version: null, label: null, distribution: null, target: null, parts: null, target_seq: null,
    target_key: null, shown: null, selected: images?.length ?? 0, ...what, images, ...when,
  };
}

/** Acts on acts. */
export const TURNING = ["undo", "redo"];

/** What the server gets; it finds the group of an act on an act itself. @param {Act} act */
export function body(act) {
  const { target_key: _, ...sent } = act;
  return TURNING.includes(act.act) ? { ...sent, group: null, version: null } : sent;
}

/**
 * A member as the server sends it, with nothing left out.
 * @param {any} sent @returns {Member}
 */
export function member(sent) {
  const { label = null, distribution = null, skip = false, flag = false, annotator } = sent.answer ?? {};
  const answer = label !== null || distribution || skip ? { label, distribution, skip, annotator } : null;
  return { typicality: 0, extreme: false, misfit: false, broken: false, ...sent, flag: sent.flag ?? flag, answer };
}

/** Whether an image still wants an answer. @param {Member} member */
export const open = (member) => !member.answer && !member.misfit;

/** Whether images are no longer in their group, as a sentence that says why. @param {number[]} images @param {(Member|undefined)[]} members @returns {string|null} */
export function departed(images, members) {
  const ids = new Set(images);
  if (!members.some((one) => one?.misfit && ids.has(one.id))) return null;
  const [these, them] = images.length === 1 ? ["this image", "it"] : ["these images", "them"];
  return `You took ${these} out of the group as not fitting. Not fitting again takes ${them} back.`;
}

/**
 * Whether an act can be made, as a sentence that says why not.
 * @param {string} act @param {number[]|null} images
 * @param {{suggestion: object|null, open: number, size?: number, kind: string, members?: (Member|undefined)[]}} group @returns {string|null}
 */
export function hindrance(act, images, group) {
  if (act === "accept" && !group.suggestion) return "This group has no suggestion to accept. Label it instead.";
  if (act === "misfit" && !images?.length) return "Select the images that do not fit first.";
  if (act === "misfit" && group.kind === "misfits") return `${counted(images.length, "image")} ${images.length === 1 ? "is" : "are"} left over already. Label or skip what fits no group.`;
  if (act !== "grow" && images) return departed(images, group.members ?? []);
  if (act === "split" && !images?.length) return "Select the images to split off first.";
  if (WHOLE.includes(act) && !images && group.size === 0) return "No image is left in this group. Go on with another one.";
  if (WHOLE.includes(act) && !images && !group.open) return "Every image of this group has an answer. Select images to change it.";
  return null;
}
