/** Cards and tables of the pages that show figures. */

import { number } from "../logic/words.mjs";
import { h } from "./dom.mjs";

/** A titled part of a page. @param {string} title @param {...any} children */
export const card = (title, ...children) => h("section", { class: "card" }, h("h2", {}, title), children);

const cell = (value) => (typeof value === "number" ? number(Math.round(value * 100) / 100) : String(value ?? "–"));

/** A table that scrolls in its card; the first column names the row. @param {string[]} head @param {any[][]} rows */
export function table(head, rows) {
  return h("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": head.filter(Boolean).join(", ") }, h("table", {}, h("thead", {}, h("tr", {}, head.map((name) => (name ? h("th", { scope: "col" }, name) : h("td"))))),
    h("tbody", {}, rows.map((row) => h("tr", {}, row.map((value, at) => (at ? h("td", {}, value instanceof Node ? value : cell(value)) : h("th", { scope: "row" }, value instanceof Node ? value : cell(value)))))))));
}
