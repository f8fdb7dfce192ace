/** The button that shows the groups and the progress, where there is no room for them. */

import { h, icon } from "./dom.mjs";

/** @param {any} app */
export const menu = (app) =>
  h("button", { class: "plain menu", "aria-label": "Menu: groups and progress", onclick: () => app.store.set({ rail: true }) }, icon("menu"), h("span", {}, "Menu"));
