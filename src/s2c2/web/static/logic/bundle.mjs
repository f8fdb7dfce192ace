/**
 * Many pictures in one answer: before each come the number of its image, its kind and its length in bytes, as
 * big-endian numbers of 32 bits.
 *
 * @typedef {{id: number, type: string|null, data: Uint8Array}} Arrived  without a type: the file is broken
 */

const HEAD = 12;
const TYPES = [null, "image/webp", "image/png", "image/jpeg"];

/** An answer that arrives in parts, which end anywhere. */
export class Bundle {
  constructor() {
    this.rest = new Uint8Array(0);
  }

  /** The pictures that a part makes whole. @param {Uint8Array} part @returns {Arrived[]} */
  take(part) {
    const bytes = new Uint8Array(this.rest.length + part.length);
    bytes.set(this.rest);
    bytes.set(part, this.rest.length);
    const numbers = new DataView(bytes.buffer);
    const found = [];
    let at = 0;
    while (at + HEAD <= bytes.length) {
      const end = at + HEAD + numbers.getUint32(at + 8);
      if (end > bytes.length) break;
      found.push({ id: numbers.getUint32(at), type: TYPES[numbers.getUint32(at + 4)] ?? null, data: bytes.slice(at + HEAD, end) });
      at = end;
    }
    this.rest = bytes.slice(at);
    return found;
  }
}

/** Ids in portions. @param {number[]} ids @param {number} most in one @returns {number[][]} */
export const portions = (ids, most) => Array.from({ length: Math.ceil(ids.length / most) }, (_, at) => ids.slice(at * most, (at + 1) * most));
