/** Accounts, links and tokens in words. */

/**
 * A day as people read it, "–" for none. @param {string|null} moment ISO 8601 @param {string} [zone] of the reader when none is given
 */
export function day(moment, zone) {
  return moment ? new Date(moment).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: zone }) : "–";
}

/** A moment to the minute. @param {string} moment ISO 8601 @param {string} [zone] of the reader when none is given */
export function minute(moment, zone) {
  const time = new Date(moment).toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", timeZone: zone });
  return `${day(moment, zone)}, ${time}`;
}

/** Whether an account may log in. @param {{disabled: string|null}} account @param {string} [zone] */
export const standing = ({ disabled }, zone) => (disabled ? `blocked since ${day(disabled, zone)}` : "may log in");

/** Until when a token opens something. @param {{open: boolean, revoked: string|null, expires: string|null}} token @param {string} [zone] */
export function ended({ open, revoked, expires }, zone) {
  if (revoked) return `revoked on ${day(revoked, zone)}`;
  if (!expires) return "no end";
  return open ? `on ${day(expires, zone)}` : `was on ${day(expires, zone)}`;
}
