/** Elements from plain values. */

/**
 * @param {string} tag
 * @param {Record<string, any>} [traits]  attributes; functions are listeners (`onclick`), `class` and `text` as named
 * @param {...(Node|string|null|undefined|false)} children
 * @returns {any}
 */
export function h(tag, traits = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(traits)) trait(element, name, value);
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** Set an attribute, take it away (null, undefined, false), or listen. */
export function trait(element, name, value) {
  if (typeof value === "function") element.addEventListener(name.slice(2), value);
  else if (name === "text") text(element, value);
  else if (value === null || value === undefined || value === false) element.removeAttribute(name);
  else if (element.getAttribute(name) !== String(value)) element.setAttribute(name, value === true ? "" : value);
}

/** Write text where it differs. */
export function text(element, value) {
  const words = String(value ?? "");
  if (element.textContent !== words) element.textContent = words;
}

/** Put these children into an element in place of what is there. */
export const fill = (element, ...children) =>
  element.replaceChildren(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));

/**
 * Put elements into an order, and take others out. What stays where it is is not touched, and the one that holds the focus never: moving it
 * would lose that.
 * @param {any} parent @param {any[]} order
 */
export function arrange(parent, order) {
  const kept = new Set(order);
  for (const child of [...parent.children]) if (!kept.has(child)) child.remove();
  const fixed = order.find((one) => one.contains(document.activeElement));
  let at = parent.firstElementChild;
  for (const one of order) {
    while (at !== one && (one === fixed || (at !== fixed && at?.nextElementSibling === one))) {
      const next = at.nextElementSibling;
      parent.append(at);
      at = next;
    }
    if (at === one) at = at.nextElementSibling;
    else parent.insertBefore(one, at);
  }
}

const PATHS = {
  done: "M8 1a7 7 0 1 0 0 14A7 7 0 0 0 8 1Zm3.4 5-4.2 4.4L4.6 8",
  begun: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13ZM8 4v4l2.6 1.6",
  open: "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Z",
  check: "M3 8.5 6.4 12 13 4.5", misfit: "M4 4l8 8M12 4l-8 8", skip: "M3 3.5 8.5 8 3 12.5zM12.5 3.5v9",
  flag: "M4 14.5v-13M4 2.5h8l-2 3 2 3H4", ambiguous: "M8 1.5v13M2.5 5 8 3.2 13.5 5M2.5 5 1 9.5h3.2zM13.5 5 12 9.5h3z",
  split: "M8 14.5V9L3 4M8 9l5-5M3 7.5V4h3.5M13 7.5V4H9.5", merge: "M8 14.5V9M3 2.5 8 9l5-6.5M5.5 12 8 14.5 10.5 12",
  grow: "M8 3v10M3 8h10", undo: "M6 3 2.5 6.5 6 10M3 6.5h6a4 4 0 0 1 0 8H7", redo: "M10 3l3.5 3.5L10 10M13 6.5H7a4 4 0 0 0 0 8h2",
  all: "M2.5 2.5h11v11h-11zM5 8.2l2.2 2.3L11 5.8", invert: "M2.5 2.5h11v11h-11zM13.5 2.5l-11 11",
  compare: "M1.5 3h5.5v10H1.5zM9 3h5.5v10H9z", search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.4 10.4 14 14",
  finish: "M2 8.5 5 12l6-7.5M8.5 12l6-7.5", menu: "M2 4h12M2 8h12M2 12h12", warning: "M8 2 1.5 13.5h13zM8 6.5v3.2M8 11.4v.6",
  decide: "M2 13.5h12M4 11V8M8 11V3M12 11V5.5", help: "M5.5 6a2.5 2.5 0 1 1 3.6 2.2c-.8.4-1.1.8-1.1 1.8M8 12.2v.6", close: "M4 4l8 8M12 4l-8 8",
  theme: "M8 1.5a6.5 6.5 0 1 0 0 13zM8 1.5a6.5 6.5 0 0 1 0 13", next: "M6 3l5 5-5 5", previous: "M10 3 5 8l5 5",
  range: "M3 4.5v7M13 4.5v7M3 8h10M5.5 5.5 3 8l2.5 2.5M10.5 5.5 13 8l-2.5 2.5", copy: "M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3", broken: "M2 3h12v10H2zM5 13l2.5-4L6 7l2-4",
};

/** A small picture beside a word; screen readers do not hear it. @param {keyof PATHS & string} name */
export function icon(name) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", `icon icon-${name}`);
  path.setAttribute("d", PATHS[name] ?? PATHS.open);
  svg.append(path);
  return svg;
}

/** A bar that fills to a share. @param {number} share @param {string} label for screen readers @param {string} [kind] */
export function bar(share, label, kind = "") {
  const filled = h("span", {});
  filled.style.width = `${100 * Math.max(0, Math.min(1, share))}%`;
  return h("span", { class: `bar ${kind}`, role: "img", "aria-label": label }, filled);
}
