/** The state of the page: one value, replaced in parts; listeners hear of it once a turn. */
export class Store {
  /** @param {Record<string, any>} state */
  constructor(state) {
    this.state = state;
    this.listeners = new Set();
    this.due = false;
  }

  /** @param {Record<string, any>} part */
  set(part) {
    this.state = { ...this.state, ...part };
    if (this.due) return;
    this.due = true;
    queueMicrotask(() => {
      this.due = false;
      for (const listener of this.listeners) listener(this.state);
    });
  }

  /** @param {(state: any) => void} listener */
  listen(listener) {
    this.listeners.add(listener);
    listener(this.state);
  }
}
