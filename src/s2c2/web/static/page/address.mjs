/** The address of the page: a view, and a group in it. */

/** View and group of an address; one that cannot be read has none. @param {string} hash @returns {string[]} */
function read(hash) {
  try {
    return hash.slice(1).split("/").map(decodeURIComponent);
  } catch {
    return [""];
  }
}

export class Address {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.followed = true;
    app.store.listen((state) => this.#write(state));
    addEventListener("hashchange", () => this.#changed());
  }

  /** Show what it says: its group, else the one on the screen, else the first open one. */
  async follow() {
    const { queue, group, opening, session } = this.app.store.state;
    const [view, named] = read(location.hash);
    const here = group?.id ?? opening;
    const wanted = queue.find((one) => one.group === named)?.group ?? here ?? this.app.loading.after(null) ?? queue[0]?.group;
    const plain = session.arm === "none" || queue.every((one) => one.kind === "plain");
    const home = !session.board ? "dashboard" : plain ? "single" : "groups";
    const known = Object.hasOwn(this.app.views, view) && view !== "between" && this.app.may(view);
    this.followed = true;
    this.app.enter(known ? view : home);
    if (wanted && wanted !== group?.id) await this.app.open(wanted);
  }

  #changed() {
    const { queue } = this.app.store.state;
    const [, named] = read(location.hash);
    if (named && queue.length && !queue.some((one) => one.group === named)) this.app.doing.say("The group of this address is not there any more.");
    return this.follow();
  }

  /** What is shown is another entry of the browser's history, unless the address led there. */
  #write({ view, group }) {
    if (!group || view === "between") return;
    const place = `#${view}/${encodeURIComponent(group.id)}`;
    if (place !== location.hash) history[this.followed ? "replaceState" : "pushState"](null, "", place);
    this.followed = false;
  }
}
