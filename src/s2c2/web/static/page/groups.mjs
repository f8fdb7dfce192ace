/** The view of one group: head, grid, bar. */

import { picture } from "./api.mjs";
import { h, text } from "./dom.mjs";
import { Grid } from "./grid.mjs";
import { Header } from "./header.mjs";
import { large, load } from "./large.mjs";
import { Toolbar } from "./toolbar.mjs";

export class Groups {
  /** @param {any} app */
  constructor(app) {
    this.header = new Header(app);
    this.grid = new Grid(app);
    this.toolbar = new Toolbar(app);
    this.empty = h("p", { class: "empty" });
    this.element = h("section", { class: "view groups", "aria-label": "Group" }, this.header.element, this.empty, this.grid.element, this.toolbar.element);
  }

  /** @param {any} state */
  show(state) {
    const words = emptiness(state);
    text(this.empty, words);
    this.empty.hidden = !words;
    this.grid.element.hidden = Boolean(words);
    this.header.show(state);
    this.grid.show(state);
    this.toolbar.show(state);
  }

  focus() {
    this.grid.focus();
  }
}

function emptiness({ group, opening, queue, trouble, unsaved, elsewhere }) {
  if (elsewhere && !group) return "Reload to see what the server shows now.";
  if (trouble && !group) return "The images are shown as soon as the server answers.";
  if (opening && !group) return "Loading …";
  if (!group) return queue.length ? "Choose a group from the list." : "There is no group.";
  if (!group.members.length && unsaved) return "Rearranging …";
  return group.members.length ? "" : "This group has no images any more.";
}

/** The large picture of an image, while a key or a finger is held. */
export class Zoom {
  constructor() {
    this.image = large();
    this.element = h("div", { class: "zoom", hidden: true }, this.image);
    document.body.append(this.element);
  }

  /** @param {number} id */
  open(id) {
    load(this.image, picture(id));
    this.element.hidden = false;
  }

  close() {
    this.element.hidden = true;
  }

  /** A finger that stays must not begin to scroll. @param {TouchEvent} event */
  still(event) {
    if (!this.element.hidden && event.cancelable) event.preventDefault();
  }
}
