/** Numbers and times as people read them. */

const whole = new Intl.NumberFormat("en");

/** @param {number} value */
export const number = (value) => whole.format(value);

/** @param {number} count @param {string} one @param {string} [many] */
export const counted = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

/** @param {number} share in [0, 1] */
export const percent = (share) => `${Math.round(100 * share)} %`;

/** How strong a suggestion is, in a word. @param {number} strength in [0, 1] */
export function strength(strength) {
  if (strength >= 0.9) return "very strong";
  if (strength >= 0.7) return "strong";
  return strength >= 0.5 ? "moderate" : "weak";
}

/** @param {number} seconds */
export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return `${Math.floor(seconds)} s`;
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

const DONE = {
  accept: "Accepted", label: "Labeled", ambiguous: "Soft label given to", misfit: "Marked as not fitting:",
  split: "Split off", skip: "Skipped", flag: "Flagged", grow: "Added", decide: "Decided",
};
/** Acts that a sentence names one by one. */
const NAMED = 3;
const WHOLE = { recluster: "Split the group into parts", merge: "Merged the group", finish: "Finished the group" };

/** What was done, in a sentence. @param {string} act @param {number} images @param {string} [label] class name */
export function done(act, images, label = "") {
  if (act === "undo" || act === "redo") return act === "undo" ? "Undone." : "Done again.";
  if (act in WHOLE) return `${WHOLE[act]}.`;
  const as = label && ["accept", "label", "grow", "decide"].includes(act) ? ` as ${label}` : "";
  return `${DONE[act] ?? act} ${counted(images, "image")}${as}.`;
}

/** That others were faster with some images. @param {number} images */
export const leftOut = (images) => `${counted(images, "image")} ${images === 1 ? "was" : "were"} left out: answered or moved meanwhile.`;

/**
 * What is not saved yet: the last acts, and how many others. The images of a whole group are not counted again.
 * @param {{act: string, images: number[]|null, label: number|null}[]} acts @param {{name: string}[]} classes @returns {string}
 */
export function unsaved(acts, classes) {
  const parts = acts.slice(-NAMED).map(({ act, images, label }) => {
    if (act === "undo" || act === "redo") return act === "undo" ? "an act undone" : "an act done again";
    const name = classes[label ?? -1]?.name;
    const group = DONE[act] && `${DONE[act]} a whole group${name ? ` as ${name}` : ""}.`;
    const words = images || !group ? done(act, images?.length ?? 0, name) : group;
    return words[0].toLowerCase() + words.slice(1, -1);
  });
  const others = acts.length - parts.length;
  return [...(others ? [`${counted(others, "act")} before`] : []), ...parts].join("; ");
}

/**
 * Who changed something before an act came that was not recorded.
 * @param {string} who @param {string} me @param {string} act @param {string} time @param {string} what @returns {string}
 */
export function first(who, me, act, time, what) {
  if (who !== me) return `${who} changed ${what} first (${act}${time && `, ${time}`}).`;
  if (act === "misfit") return `You took images out of ${what} as not fitting yourself${time && ` (${time})`}.`;
  return `You changed ${what} yourself before (${act}${time && `, ${time}`}).`;
}

/**
 * What is not saved yet is not lost.
 * @param {number} acts @param {string} then when they are sent @param {string} [who] whose they are, where they are not one's own
 */
export const kept = (acts, then, who = "") => `${counted(acts, "act")}${who && ` of ${who}`} ${acts === 1 ? "is" : "are"} kept in this browser and sent ${then}`;

/** A word of a command line as it can be copied: quoted where a shell would not take it as it is. @param {string} word */
export const quoted = (word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'"'"'`)}'`);

/** Acts that wait until a person is here again. @param {{who: string, acts: number}} one @param {boolean} local whether nobody logs in */
const waits = ({ who, acts }, local) =>
  `${kept(acts, local ? `when the server is started with --annotator ${quoted(who)} and this page opened again` : `when ${who} logs in again in this browser`, who)}.`;

/**
 * Whose acts wait while the server takes those of somebody else, and for what.
 * @param {string} me @param {string} now who that is @param {number} acts @param {boolean} local whether nobody logs in @returns {string}
 */
export function waiting(me, now, acts, local) {
  const words = acts ? ` ${waits({ who: me, acts }, local)}` : "";
  return `The server takes the acts of ${now} now, but this page is that of ${me}.${words} Reload to go on as ${now}.`;
}

/** That acts of people who were here before wait in this browser. @param {{who: string, acts: number}[]} others @param {boolean} local whether nobody logs in */
export const before = (others, local) => others.map((one) => waits(one, local)).join(" ");

/** Progress of a group: an icon and a word. @param {{open: number, size: number, done: boolean}} group */
export function status(group) {
  if (group.done) return { icon: "done", word: "done" };
  return group.open < group.size ? { icon: "begun", word: "begun" } : { icon: "open", word: "open" };
}
