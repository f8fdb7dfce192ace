/** Growing the open group: pages of similar images, all match or not, and the border image by image. */

import { common, listed } from "../logic/board.mjs";
import { begun, bordered, joining, matched, settled, unmatched } from "../logic/growing.mjs";
import { nothing, pointed, target } from "../logic/selection.mjs";
import { counted, number } from "../logic/words.mjs";
import { sentence } from "./api.mjs";
import { fill, h, icon, text, trait } from "./dom.mjs";
import { follow } from "./touch.mjs";

/** Images looked at together. */
const LIMIT = 24;

/** Images asked for at a time. */
const CHUNK = 80 * LIMIT;

export class Growing {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.title = h("h1");
    this.facts = h("p", { class: "facts quiet", role: "status" });
    this.sheet = h("div", { class: "page", role: "list", "aria-label": "Similar images", onpointermove: () => { this.pointing = true; }, onpointerleave: () => { this.pointing = false; }, onfocusin: (event) => this.#rove(event.target), onpointerdown: (event) => this.#pressed(event), ontouchmove: (event) => app.zoom.still(event) });
    this.answers = h("div", { class: "answers" });
    const back = h("button", { class: "plain", onclick: () => app.run("groups") }, icon("previous"), "Back", h("kbd", {}, "Esc"));
    this.element = h("section", { class: "view growing", "aria-label": "Grow the group" }, h("header", { class: "head" }, back, h("div", { class: "what" }, this.title, this.facts)), this.sheet, h("footer", { class: "bar-area" }, this.answers));
  }

  /** @param {any} state */
  show(state) {
    text(this.title, `Grow ${state.group?.name ?? ""}`);
    this.sheet.style.setProperty("--thumb", `${state.size}px`);
    if (state.group?.id !== this.group) this.begin(state.group);
  }

  /** Forget the search, so that the next visit starts again. */
  leave() {
    this.group = null;
  }

  /** @param {any} group */
  async begin(group) {
    Object.assign(this, { group: group?.id, images: [], total: 0, chosen: new Set(), search: null, label: null, pointing: false });
    if (!group) return;
    text(this.facts, "Loading …");
    fill(this.sheet);
    fill(this.answers);
    const reply = await this.#fetch(0);
    if (this.group !== group.id) return;
    if (reply.status !== 200) return text(this.facts, sentence(reply));
    this.search = begun(Math.ceil(this.total / LIMIT));
    this.draw();
  }

  /** The image under the pointer, where that moved after the focus; else the one that has the focus or gets it next. @returns {number|undefined} */
  get looked() {
    const under = this.pointing ? this.sheet.querySelector(".cell:hover") : null;
    const cell = under ?? this.sheet.querySelector("[tabindex='0']");
    return cell ? Number(cell.querySelector("img").dataset.image) : undefined;
  }

  /** Move the focus over the images. @param {string} direction */
  move(direction) {
    this.pointing = false;
    const cells = [...this.sheet.querySelectorAll(".cell")];
    const cursor = cells.indexOf(document.activeElement);
    const columns = getComputedStyle(this.sheet).gridTemplateColumns.split(" ").length;
    const to = cursor < 0 ? cells.findIndex((one) => one.tabIndex === 0) : target(pointed(nothing(cells.length), cursor), direction, columns);
    cells[to]?.focus();
  }

  /** One image alone is reached by Tab: the one that had the focus last. */
  #rove(cell) {
    for (const one of this.sheet.querySelectorAll(".cell")) trait(one, "tabindex", one === cell ? "0" : "-1");
  }

  matched() {
    if (this.search && !settled(this.search)) this.#go(matched(this.search));
  }

  unmatched() {
    if (this.search && !settled(this.search)) this.#go(unmatched(this.search));
  }

  async #go(search) {
    this.search = search;
    this.chosen = new Set();
    await this.draw();
  }

  async #fetch(offset) {
    const reply = await this.app.api.ask(`groups/${encodeURIComponent(this.group)}/similar?offset=${offset}&limit=${CHUNK}&${this.app.loading.board()}`);
    if (reply.status === 200) {
      if (!offset) this.seq = reply.body.seq;
      this.total = reply.body.total;
      reply.body.images.forEach((one, at) => { this.images[offset + at] = one; });
    }
    return reply;
  }

  async #have(first, last) {
    for (let chunk = Math.floor(first / CHUNK) * CHUNK; chunk < Math.min(last, this.total); chunk += CHUNK) {
      if (!this.images[chunk]) await this.#fetch(chunk);
    }
  }

  async draw() {
    const { search } = this;
    const found = joining(search, LIMIT, this.total, this.chosen).length;
    const border = bordered(search);
    const looking = !settled(search) || border;
    const page = settled(search) ? search.left : search.at;
    text(this.facts, `${counted(search.looks, "look")} · ${counted(found, "image")} found · ${number(this.total)} similar images remain`);
    await this.#have(page * LIMIT, (page + 1) * LIMIT);
    if (search !== this.search) return;
    this.#images(looking ? page : -1, border);
    this.#buttons(found, border);
  }

  #images(page, border) {
    const positions = page < 0 ? [] : Array.from({ length: LIMIT }, (_, step) => page * LIMIT + step).filter((at) => this.images[at]);
    const focused = border || this.sheet.contains(document.activeElement);
    trait(this.sheet, "data-border", border);
    fill(this.sheet, positions.map((at) => this.#image(at, border)));
    const [first] = this.sheet.querySelectorAll(".cell");
    if (first) this.#rove(first);
    if (focused) first?.focus();
  }

  #image(at, border) {
    const { id } = this.images[at];
    const look = h("img", { alt: "", "data-image": id });
    this.app.thumbnails.show(look, id, 192);
    if (!border) return h("div", { role: "listitem" }, h("div", { class: "cell", role: "img", "aria-label": `Image ${at + 1}` }, look));
    const chip = h("span", { class: "chip" }, "no");
    const button = h("button", { class: "cell", "aria-pressed": "false", "aria-label": `Image ${at + 1} matches`, onclick: (event) => (event.detail && this.held) || this.#toggle(at, button, chip) }, look, chip);
    return h("div", { role: "listitem" }, button);
  }

  /** A finger that stays sees the image large; what it lies on is not clicked then. */
  #pressed(event) {
    this.held = false;
    const image = event.target.closest(".cell")?.querySelector("img");
    if (!image || event.pointerType !== "touch") return;
    const held = () => { this.held = true; this.app.zoom.open(Number(image.dataset.image)); };
    follow(event, { held, released: () => this.app.zoom.close() });
  }

  #toggle(at, button, chip) {
    if (!this.chosen.delete(at)) this.chosen.add(at);
    trait(button, "aria-pressed", String(this.chosen.has(at)));
    text(chip, this.chosen.has(at) ? "matches" : "no");
    const found = joining(this.search, LIMIT, this.total, this.chosen).length;
    this.#buttons(found, true);
  }

  #buttons(found, border) {
    this.label = this.#given();
    const key = (name) => h("kbd", {}, this.app.key(name));
    const again = h("button", { onclick: () => this.begin(this.app.store.state.group) }, "Start again");
    if (!settled(this.search)) {
      const large = this.app.store.state.touch ? " Hold an image to see it large." : "";
      const words = h("span", { class: "quiet" }, `Do all of these belong to the group?${large}`);
      return fill(this.answers, words, h("button", { class: "primary", "data-action": "match", onclick: (event) => event.detail > 1 || this.matched() }, "All match", key("match")), h("button", { "data-action": "nomatch", onclick: (event) => event.detail > 1 || this.unmatched() }, "Not all match", key("nomatch")));
    }
    const words = border ? `The border lies here: ${this.app.store.state.touch ? "tap" : "click"} each image that matches.` : this.total ? "That was all." : "No other image is open.";
    const name = this.app.store.state.session.classes[this.label ?? -1]?.name;
    const adds = `Add ${counted(found, "image")} ${name ? `as ${name}` : "to the group"}`;
    const join = h("button", { class: "primary", "data-action": "join", disabled: !found, onclick: (event) => event.detail > 1 || this.join() }, found ? adds : "Nothing to add", h("kbd", {}, "⏎"));
    const bare = name && found ? h("button", { "data-action": "join-open", onclick: (event) => event.detail > 1 || this.join(null) }, "Add without a label") : null;
    return fill(this.answers, h("span", { class: "quiet" }, words), join, bare, again);
  }

  /** The class that the whole group was given: what joins is given it too. @returns {number|null} */
  #given() {
    const { group, queue } = this.app.store.state;
    const summary = group && listed(queue, group);
    return summary ? common(summary, group.members) : null;
  }

  /** The images found join the group in one act; the server leaves out what others did something to since they were listed. @param {number|null} [label] class that they are given: the one on the button */
  async join(label = this.label) {
    if (!this.search || !settled(this.search)) return;
    const positions = joining(this.search, LIMIT, this.total, this.chosen);
    if (!positions.length) return;
    const { group } = this;
    await this.#have(0, positions[positions.length - 1] + 1);
    const images = positions.map((at) => this.images[at]?.id).filter((id) => id !== undefined);
    if (this.app.doing.do("grow", { group, version: this.seq, label, images: [...new Set(images)] })) this.app.run("groups");
  }
}
