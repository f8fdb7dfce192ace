/** Windows over the page that ask one thing. Each promises the answer, null when it was closed without one. */

import { even, hundredths, likeliest, normalised } from "../logic/distribution.mjs";
import { matching } from "../logic/search.mjs";
import { percent } from "../logic/words.mjs";
import { picture } from "./api.mjs";
import { fill, h, icon, text, trait } from "./dom.mjs";

/**
 * Keys pressed in a window never reach the page behind it.
 * @template T
 * @param {string} title @param {string} kind class of the window
 * @param {(close: (answer: T|null) => void) => (Node|string|null)[]} content
 * @returns {Promise<T|null>}
 */
export function dialog(title, kind, content) {
  return new Promise((answered) => {
    // the browser tells of a closed window a little later, when the next key may have changed the page
    const close = (value = null) => { answered(value); window.close(); };
    const away = h("button", { class: "plain", type: "button", "aria-label": "Close", onclick: () => close() }, icon("close"));
    const window = h("dialog", { class: kind, "aria-label": title, onclose: () => { window.remove(); answered(null); } },
      h("div", { class: "top" }, h("h2", {}, title), away), content(close));
    // a key that closes the window must not act on the page behind it as well
    window.addEventListener("keydown", (event) => event.stopPropagation());
    window.addEventListener("pointerdown", (event) => { if (event.target === window && beside(window, event)) close(); });
    document.body.append(window);
    window.showModal();
    window.querySelector("[autofocus]")?.focus();
  });
}

/** Whether a place is outside of an element; the scroll bar and the margin of a window are its own. */
function beside(element, { clientX, clientY }) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  return clientX < left || clientX > right || clientY < top || clientY > bottom;
}

/**
 * Choose by typing.
 * @template {{name: string, detail?: string, said?: boolean}} T
 * @param {string} title @param {T[]} items @param {boolean} [touch] whether a finger chooses, without keys @returns {Promise<T|null>}
 */
export function choose(title, items, touch = false) {
  return dialog(title, "picker", (close) => {
    let [found, at] = [items, 0];
    const list = h("ul", { id: "choices", role: "listbox", "aria-label": title });
    const input = h("input", {
      type: "text", autofocus: true, role: "combobox", "aria-controls": "choices", "aria-expanded": "true", "aria-autocomplete": "list",
      "aria-label": title, autocomplete: "off", spellcheck: "false", placeholder: "Type to search",
      oninput: () => { found = matching(items, input.value); at = 0; draw(); }, onkeydown: pressed,
    });
    function pressed(event) {
      const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
      if (step && found.length) at = (at + step + found.length) % found.length;
      else if (event.key === "Enter" && found[at]) close(found[at]);
      else return;
      event.preventDefault();
      draw();
    }
    function draw() {
      fill(list, found.slice(0, 200).map((item, index) => h("li", {
        id: `choice-${index}`, role: "option", "aria-selected": String(index === at), "data-said": item.said, onclick: () => close(item),
      }, h("span", {}, item.name), item.detail ? h("span", { class: "quiet" }, item.detail) : null)));
      if (!found.length) fill(list, h("li", { class: "quiet" }, "Nothing has this name."));
      trait(input, "aria-activedescendant", found.length ? `choice-${at}` : null);
      list.children[at]?.scrollIntoView({ block: "nearest" });
    }
    draw();
    return [input, list, h("p", { class: "quiet" }, touch ? "Tap the one that you mean." : "↑ ↓ choose, ⏎ takes it, Esc closes.")];
  });
}

/**
 * Set a soft label: one weight a class, normalised.
 * @param {string} subject what it is for @param {string[]} classes
 * @param {{suggested?: number[]|null, answered?: number[]|null}} [known] what a network suggests, or the share of each class in the answers so far: the window begins with these
 * @returns {Promise<number[]|null>}
 */
export function softLabel(subject, classes, { suggested = null, answered = null } = {}) {
  const known = answered ?? suggested;
  const two = known ? likeliest(known, 2) : [0, 1].filter((index) => index < classes.length);
  let weights = answered ? hundredths(answered) : even(classes.length, two);
  return dialog(`Truly ambiguous: ${subject}`, "soft", (close) => {
    const rows = classes.map((name, index) => weightRow(name, index, (value) => { weights[index] = value; draw(); }));
    const send = h("button", { class: "primary", type: "submit" }, "Give this soft label", h("kbd", {}, "⏎"));
    const says = h("p", { class: "quiet", "aria-live": "polite" });
    function set(next) { weights = [...next]; draw(); }
    function draw() {
      const shares = normalised(weights);
      rows.forEach((row, index) => row.show(weights[index], shares?.[index] ?? 0));
      send.disabled = !shares;
      text(says, shares ? "The shares always add up to 100 %." : "Give at least one class some weight.");
    }
    const presets = h("div", { class: "presets" },
      h("button", { type: "button", onclick: () => set(even(classes.length, two)) }, two.length === 2 ? `50/50 ${two.map((index) => classes[index]).join(" and ")}` : "100 %"),
      known ? h("button", { type: "button", onclick: () => set(hundredths(known)) }, answered ? "As answered" : "As suggested") : null,
      h("button", { type: "button", onclick: () => set(even(classes.length, classes.map((_, index) => index))) }, "All the same"),
      h("button", { type: "button", onclick: () => set(classes.map(() => 0)) }, "All zero"));
    const form = h("form", { onsubmit: (event) => { event.preventDefault(); const found = normalised(weights); if (found) close(found); } },
      presets, h("div", { class: "weights" }, rows.map((row) => row.element)), says, h("div", { class: "answers" }, send));
    rows[two[0]]?.slider.setAttribute("autofocus", "");
    draw();
    return [form];
  });
}

function weightRow(name, index, changed) {
  const traits = { min: 0, max: 100, step: 1, "data-class": index };
  const slider = h("input", { type: "range", "aria-label": `Weight of ${name}`, ...traits, oninput: () => changed(Number(slider.value)) });
  const field = h("input", { type: "number", "aria-label": `Weight of ${name} as a number`, ...traits, oninput: () => changed(Math.min(100, Math.max(0, Number(field.value) || 0))) });
  const share = h("output", {});
  const element = h("div", { class: "weight" }, h("span", { class: "name", title: name }, name), slider, field, share);
  const show = (weight, part) => {
    if (document.activeElement !== field) field.value = String(weight);
    slider.value = String(weight);
    text(share, percent(part));
  };
  return { element, slider, show };
}

/** Into how many parts? @param {number} open @returns {Promise<number|null>} */
export function parts(open) {
  return dialog("Split the group into parts", "parts", (close) => [
    h("p", {}, `The ${open} open images are put into parts that look alike. To split off images that you chose, select them first.`),
    h("div", { class: "numbers" }, [2, 3, 4, 5, 6, 7, 8, 9].filter((count) => count <= Math.max(2, open)).map((count) =>
      h("button", { type: "button", autofocus: count === 2, onclick: () => close(count) }, String(count)))),
    listener((event) => { if (/^[2-9]$/.test(event.key) && Number(event.key) <= Math.max(2, open)) close(Number(event.key)); }),
  ]);
}

/** An invisible element whose window hears keys. */
function listener(heard) {
  const mark = h("span", { hidden: true });
  queueMicrotask(() => mark.closest("dialog")?.addEventListener("keydown", heard));
  return mark;
}

/** Images side by side. @param {{id: number, words: string}[]} images */
export function compare(images) {
  return dialog("Compare", "compare", () => [
    h("div", { class: "beside", "data-count": images.length }, images.map(({ id, words }) =>
      h("figure", {}, h("img", { src: picture(id), alt: `Image ${id}` }), h("figcaption", {}, words)))),
  ]);
}
