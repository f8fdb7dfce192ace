/** The grid of thumbnails: elements only for the rows in sight, keys move a roving focus, roles of an ARIA grid. */

import { layout, rowsInSight, rowsSeen, scrolledTo, thumbnail } from "../logic/geometry.mjs";
import { only, ranged, tapped, toggled } from "../logic/selection.mjs";
import { EDGE } from "../logic/terms.mjs";
import { percent } from "../logic/words.mjs";
import { fill, h, icon, text, trait } from "./dom.mjs";
import { follow } from "./touch.mjs";

const GAP = 8;

export class Grid {
  /** @param {any} app */
  constructor(app) {
    this.app = app;
    this.rows = new Map();
    this.sheet = h("div", { class: "sheet", role: "presentation" });
    this.element = h("div", {
      class: "grid", role: "grid", "aria-multiselectable": "true", "aria-label": "Images of the group",
      onscroll: () => this.draw(), onpointerdown: (event) => this.#pressed(event),
      onpointermove: () => { this.pointing = true; }, onpointerleave: () => { this.pointing = false; }, onfocusin: (event) => this.#focused(event),
      ontouchmove: (event) => app.zoom.still(event),
    }, this.sheet);
    new ResizeObserver(() => this.draw()).observe(this.element);
  }

  /** @param {any} state */
  show(state) {
    const group = state.group?.id ?? null;
    const left = group !== this.group;
    if (left) {
      this.focused = this.#holds() || (this.group === null && this.focused);
      this.element.scrollTop = 0;
      this.group = group;
    }
    const moved = state.selection.cursor !== this.state?.selection.cursor && this.state?.group?.id === group;
    this.state = state;
    if (moved || left) this.pointing = false;
    this.draw();
    if (moved) this.#follow();
    else if (left && this.focused) this.#refocus();
  }

  /** Columns and rows of the screen. */
  get span() {
    const grid = this.#layout();
    return { columns: grid.columns, rows: rowsSeen(grid, this.element.clientHeight) };
  }

  /** The image under the pointer, where that moved after the cursor; else the one at the cursor. @returns {number|undefined} */
  get looked() {
    const { group, selection } = this.state;
    const under = this.pointing ? this.element.querySelector("[data-position]:hover") : null;
    return group?.members[under ? Number(under.dataset.position) : selection.cursor]?.id;
  }

  draw() {
    if (!this.state || !this.element.clientHeight) return;
    const grid = this.#layout();
    this.sheet.style.height = `${grid.height}px`;
    trait(this.element, "aria-rowcount", grid.rows);
    trait(this.element, "aria-colcount", grid.columns);
    const [first, last] = rowsInSight(grid, this.element.scrollTop, this.element.clientHeight);
    const wanted = this.#wanted(grid, first, last);
    for (const [row, element] of this.rows) {
      if (wanted.has(row)) continue;
      element.remove();
      this.rows.delete(row);
    }
    for (const row of wanted) this.#row(row, grid);
    if (last > first) this.app.loading.see(first * grid.columns, last * grid.columns);
  }

  /** Put the focus on the image under the cursor. */
  focus() {
    this.sheet.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  }

  #layout() {
    const style = getComputedStyle(this.element);
    const width = this.element.clientWidth - Number.parseFloat(style.paddingLeft) - Number.parseFloat(style.paddingRight);
    const phone = width < 480 ? Math.min(this.state.size, Math.floor((width - 2 * GAP) / 3)) : this.state.size;
    const columns = layout(this.#count(), width, phone, GAP).columns;
    const size = Math.floor((width - (columns - 1) * GAP) / columns);
    const full = this.#count() >= columns ? Math.min(size, phone * 1.25) : phone;
    this.cell = full;
    return layout(this.#count(), width, full, GAP);
  }

  #count() {
    return this.state.group?.members.length ?? 0;
  }

  #wanted(grid, first, last) {
    const rows = new Set(Array.from({ length: Math.max(0, last - first) }, (_, step) => first + step));
    const cursor = Math.floor(this.state.selection.cursor / grid.columns);
    if (cursor >= 0 && cursor < grid.rows) rows.add(cursor);
    return rows;
  }

  #row(row, grid) {
    let element = this.rows.get(row);
    if (!element) {
      element = h("div", { class: "row", role: "row" });
      this.rows.set(row, element);
      const after = [...this.rows.keys()].filter((other) => other > row).sort((a, b) => a - b)[0];
      this.sheet.insertBefore(element, after === undefined ? null : this.rows.get(after));
    }
    trait(element, "aria-rowindex", row + 1);
    element.style.transform = `translateY(${row * grid.pitch}px)`;
    const count = Math.min(grid.columns, this.#count() - row * grid.columns);
    while (element.children.length > count) element.lastChild.remove();
    while (element.children.length < count) element.append(cell());
    [...element.children].forEach((one, column) => this.#cell(one, row * grid.columns + column, column));
  }

  #cell(element, position, column) {
    const { group, selection } = this.state;
    const member = group.members[position];
    const chosen = selection.chosen.has(position);
    const asked = thumbnail(this.cell, devicePixelRatio);
    this.app.loading.side = asked;
    const facts = [member, chosen, position === selection.cursor, position, this.cell, this.state.session, asked];
    if (element.facts?.every((fact, at) => fact === facts[at])) return;
    element.facts = facts;
    element.style.width = element.style.height = `${this.cell}px`;
    element.dataset.position = position;
    trait(element, "aria-colindex", column + 1);
    trait(element, "aria-selected", chosen ? "true" : "false");
    trait(element, "tabindex", position === selection.cursor ? "0" : "-1");
    this.#contents(element, member, position, asked);
  }

  #contents(element, member, position, asked) {
    const [image, chip, marks] = element.children;
    const classes = this.state.session.classes;
    const said = member ? answered(member, classes) : null;
    element.className = ["cell", member?.misfit && "misfit", said && "answered", !member && "absent"].filter(Boolean).join(" ");
    trait(element, "data-image", member ? member.id : null);
    trait(element, "aria-label", described(member, position, said));
    this.app.thumbnails.show(image, member?.id ?? null, asked);
    image.hidden = !member;
    text(chip, said ?? "");
    chip.hidden = !said;
    fill(marks, member?.flag && marked("flag", "flagged"), member?.broken && marked("broken", "broken"), member?.extreme && h("span", { class: "mark", title: EDGE[1] }, EDGE[0]));
  }

  #pressed(event) {
    const element = event.target.closest("[data-position]");
    if (!element || event.button !== 0) return;
    const position = Number(element.dataset.position);
    const { selection } = this.state;
    if (event.pointerType === "touch") return this.#touched(event, position);
    const adds = event.ctrlKey || event.metaKey;
    const next = event.shiftKey ? ranged(selection, position, event.ctrlKey || event.metaKey)
      : adds ? toggled(selection, position) : only(selection, position);
    event.preventDefault();
    this.app.doing.select(next);
    element.focus({ preventScroll: true });
  }

  /** A tap selects; a finger that stays sees the image large. */
  #touched(event, position) {
    const id = this.state.group?.members[position]?.id;
    const held = () => id !== undefined && this.app.zoom.open(id);
    follow(event, { tapped: () => this.#tapped(position, id), held, released: () => this.app.zoom.close() });
  }

  /** A tap on an image, unless another one has come into its place since the finger was put down. */
  #tapped(position, id) {
    const { selection, group } = this.app.store.state;
    if (id !== undefined && group?.members[position]?.id !== id) return;
    if (selection.range !== null && selection.range >= 0) this.app.loading.need(Math.min(selection.range, position), Math.max(selection.range, position) + 1);
    this.app.doing.select(tapped(selection, position));
  }

  #focused(event) {
    const position = event.target.closest("[data-position]")?.dataset.position;
    const { selection } = this.app.store.state;
    if (position === undefined || Number(position) === selection.cursor) return;
    this.app.store.set({ selection: { ...selection, cursor: Number(position) } });
  }

  #follow() {
    const grid = this.#layout();
    const { cursor } = this.state.selection;
    this.element.scrollTop = scrolledTo(grid, cursor, this.element.scrollTop, this.element.clientHeight - 2 * GAP);
    this.draw();
    this.#refocus();
  }

  /** Whether the focus is here, or on the area around. */
  #holds() {
    const at = document.activeElement;
    return this.element.contains(at) || (at !== document.body && Boolean(at?.contains(this.element)));
  }

  /** The cell at the cursor has the focus, unless it is somewhere else on the page. */
  #refocus() {
    if (this.#holds() || document.activeElement === document.body) this.focus();
  }
}

function cell() {
  const image = h("img", { alt: "", decoding: "async", draggable: "false" });
  return h("div", { class: "cell", role: "gridcell" }, image, h("span", { class: "chip" }), h("span", { class: "marks" }));
}

const marked = (name, word) => h("span", { class: "mark", title: word }, icon(name), word);

/** What the chip of an image says, null where there is nothing to say. */
export function answered(member, classes) {
  if (member.misfit) return "does not fit";
  const { label = null, distribution, skip } = member.answer ?? {};
  if (label !== null) return classes[label]?.name ?? "?";
  if (!distribution) return skip ? "skipped" : null;
  const top = distribution.map((share, at) => [share, at]).sort((a, b) => b[0] - a[0]).filter(([share]) => share >= 0.05);
  return top.slice(0, 2).map(([share, at]) => `${classes[at]?.name} ${percent(share)}`).join(" · ");
}

function described(member, position, said) {
  if (!member) return `Image ${position + 1}, loading`;
  const facts = [said ?? "no answer", member.flag && "flagged", member.broken && "broken", member.extreme && "far from the centre"];
  return `Image ${position + 1}, ${facts.filter(Boolean).join(", ")}`;
}
