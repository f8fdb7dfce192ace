/**
 * Active and wall time between two acts, in seconds.
 *
 * Active time is the sum of the gaps between inputs, each at most `idle`; it stands while the page is hidden.
 * Only differences of a clock that never goes back are used, so a change of the system's time does no harm.
 */
export class Clock {
  /**
   * @param {() => number} now  milliseconds of a clock that never goes back (performance.now)
   * @param {number} idle       seconds after which a person counts as away
   * @param {{active?: number, wall?: number}} [carried]  seconds of before a reload
   */
  constructor(now, idle, carried = {}) {
    this.now = now;
    this.idle = idle;
    this.active = seconds(carried.active);
    this.wall = seconds(carried.wall);
    this.hidden = false;
    this.input = now();
    this.started = this.input;
  }

  /** A key, a click, a touch or a turn of the wheel. */
  touch() {
    if (this.hidden) return;
    const now = this.now();
    this.active += this.#gap(now);
    this.input = now;
  }

  /** The page is no longer seen. */
  hide() {
    this.touch();
    this.hidden = true;
  }

  /** The page is seen again. */
  show() {
    this.hidden = false;
    this.input = this.now();
  }

  /** Seconds until now, without starting again. @returns {{active: number, wall: number}} */
  read() {
    const now = this.now();
    const active = this.active + (this.hidden ? 0 : this.#gap(now));
    const wall = this.wall + Math.max(0, now - this.started) / 1000;
    return { active: Math.min(active, wall), wall };
  }

  /** Seconds since the last act; counting starts again. @returns {{active: number, wall: number}} */
  take() {
    const taken = this.read();
    this.active = 0;
    this.wall = 0;
    this.started = this.now();
    this.input = this.started;
    return taken;
  }

  #gap(now) {
    return Math.min(this.idle, Math.max(0, now - this.input) / 1000);
  }
}

const seconds = (value) => (Number.isFinite(value) && value > 0 ? value : 0);
