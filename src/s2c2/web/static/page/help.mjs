/** All keys, and a way to change them. */

import { ACTIONS, combination, conflicts, defaults, rebound, shown } from "../logic/keys.mjs";
import { dialog } from "./dialogs.mjs";
import { fill, h, text } from "./dom.mjs";

const PLACES = [["groups", "Images and groups"], ["grow", "Growing"], ["review", "Review"], ["everywhere", "Everywhere"]];
const FIXED = [["1 – 9, 0", "Label the selection, or all open images, as the n-th class"], ["← ↑ → ↓", "Move and select"], ["Shift+arrows", "Extend the selection"], ["Ctrl+arrows", "Move without selecting"], ["Home, End, Page ↑ ↓", "Move far"], ["Click, Ctrl+click, Shift+click", "Select one, add one, select a range"]];

/** @param {any} app */
export async function help(app) {
  const waiting = { name: null, stop: () => undefined };
  await dialog("Keys", "help", () => {
    const says = h("p", { class: "conflict", role: "alert" });
    const lists = h("div", { class: "lists" });
    const draw = () => {
      const map = app.store.state.keys;
      fill(lists, [...PLACES.map(([place, words]) => section(app, place, words, map, waiting, draw)), fixed()]);
      text(says, conflicts(map).join(" "));
    };
    draw();
    const reset = h("button", { type: "button", onclick: () => { app.rekey(defaults()); draw(); } }, "All keys as they were");
    return [h("p", { class: "quiet" }, "Press a key's button, then the new key. Kept in this browser."), says, lists, h("div", { class: "answers" }, reset)];
  });
  waiting.stop();
}

function section(app, place, words, map, waiting, draw) {
  const names = Object.keys(ACTIONS).filter((name) => ACTIONS[name].places[0] === place);
  return h("section", {}, h("h3", {}, words), h("dl", {}, names.map((name) =>
    h("div", {}, h("dt", {}, changer(app, name, map, waiting, draw)), h("dd", {}, ACTIONS[name].words)))));
}

function changer(app, name, map, waiting, draw) {
  const words = waiting.name === name ? "press a key" : map[name].map(shown).join("  ");
  const button = h("button", { type: "button", class: "key", "data-key": name, "aria-label": `Key of “${ACTIONS[name].words}”: ${words}`, onclick: begin }, words);
  function begin() {
    waiting.stop();
    waiting.name = name;
    waiting.stop = () => removeEventListener("keydown", heard, { capture: true });
    text(button, "press a key");
    addEventListener("keydown", heard, { capture: true });
  }
  function heard(event) {
    const keys = combination(event);
    event.preventDefault();
    event.stopPropagation();
    if (!keys) return;
    waiting.stop();
    waiting.name = null;
    if (keys !== "escape" || name === "clear") app.rekey(rebound(app.store.state.keys, name, keys));
    draw();
    document.querySelector(`[data-key="${name}"]`)?.focus();
  }
  return button;
}

const fixed = () => h("section", {}, h("h3", {}, "Always"), h("dl", {}, FIXED.map(([keys, words]) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, words)))));
