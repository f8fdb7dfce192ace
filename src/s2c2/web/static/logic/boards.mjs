/**
 * The boards of a study: when one is done, and what is next.
 *
 * @typedef {{name: string, rounds: number, board: number, boards: number, left: number, waits: string|null, finished: boolean}} Study
 * @typedef {{scope: string, round: number, study: Study|null}} Session
 */

/** Whether all groups of a board are done. @param {{groups: number, done: number}|null} progress */
export const over = (progress) => Boolean(progress?.groups) && progress.done === progress.groups;

/** Whether the server has another board, or none yet. @param {Session} before @param {Session} now @returns {boolean} */
export const moved = (before, now) =>
  Boolean(now.study) && (now.scope !== before.scope || now.study.finished || Boolean(now.study.waits));

/**
 * What to say between two boards; no button when nothing follows.
 * @param {Session} session @returns {{title: string, text: string, button: string|null}}
 */
export function said({ round, study }) {
  const { board, boards, rounds, left, waits, finished } = study;
  if (finished) return { title: "The study is done.", text: `All ${boards} boards are answered. Thank you.`, button: null };
  if (waits) return { title: `Board ${board} of ${boards} is done.`, text: `${waits[0].toUpperCase()}${waits.slice(1)}.`, button: "Look again" };
  const next = `Next: board ${board}, round ${round} of ${rounds}, ${left} images.`;
  return { title: `Board ${board - 1} of ${boards} is done.`, text: `${next} Time counts again when you go on.`, button: "Go on" };
}
