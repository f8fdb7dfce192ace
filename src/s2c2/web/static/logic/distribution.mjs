/** Soft labels as a person sets them: one weight a class, any unit, normalised to sum to one. */

/** @param {number[]} weights at least zero @returns {number[]|null} probabilities, null when all are zero */
export function normalised(weights) {
  const positive = weights.map((weight) => (Number.isFinite(weight) && weight > 0 ? weight : 0));
  const sum = positive.reduce((total, weight) => total + weight, 0);
  return sum > 0 ? positive.map((weight) => weight / sum) : null;
}

/** Equal weights for some classes. @param {number} count classes @param {number[]} chosen @returns {number[]} */
export const even = (count, chosen) =>
  Array.from({ length: count }, (_, index) => (chosen.includes(index) ? Math.round(100 / chosen.length) : 0));

/** The most probable classes, first first. @param {number[]} distribution @param {number} count @returns {number[]} */
export const likeliest = (distribution, count) =>
  distribution.map((share, index) => [share, index]).sort((a, b) => b[0] - a[0] || a[1] - b[1])
    .slice(0, count).map(([, index]) => index);

/** Whole weights out of 100. @param {number[]} distribution @returns {number[]} */
export const hundredths = (distribution) => distribution.map((share) => Math.round(share * 100));

/**
 * The distribution of several answers, each a label or a distribution itself; answers without either do not count.
 * @param {{label?: number|null, distribution?: number[]|null}[]} answers @param {number} count classes
 * @returns {number[]|null}
 */
export function mean(answers, count) {
  const sum = Array(count).fill(0);
  for (const answer of answers) {
    if (answer.distribution) answer.distribution.forEach((share, index) => { sum[index] += share; });
    else if (answer.label != null) sum[answer.label] += 1;
  }
  return normalised(sum);
}
