/** What the page can do: all keys, and a way to change them; on a tablet first what fingers and buttons do. */

import { ACTIONS, MOVES, SHOWN, combination, conflicts, defaults, labeled, rebound, shown } from "../logic/keys.mjs";
import { BUTTONS, TOUCHES, WORDS } from "../logic/terms.mjs";
import { dialog } from "./dialogs.mjs";
import { fill, h, icon, text } from "./dom.mjs";

const PLACES = [["groups", "Images and groups"], ["grow", "Growing"], ["review", "Review"], ["everywhere", "Everywhere"]];
const FIXED = [["Shift+a key that moves", "Extend the selection"], ["Ctrl+a key that moves", "Move without selecting"], ["Click, Ctrl+click, Shift+click", "Select one, add one, select a range"]];

/** @param {any} app */
export async function help(app) {
  const waiting = { name: null, stop: () => undefined };
  const { touch } = app.store.state;
  await dialog(touch ? "Help" : "Keys", "help", () => {
    const says = h("p", { class: "conflict", role: "alert" });
    const lists = h("div", { class: "lists" });
    const draw = () => {
      const map = app.store.state.keys;
      const parts = [...PLACES.map(([place, words]) => [words, actions(place)]), ["Moving", moving], ["Label the selection, or all open images, as", labels(app.store.state.session.classes)]];
      fill(lists, [...parts.map(([words, rows]) => section(app, words, rows, map, waiting, draw)), fixed(), touch ? null : explained("Words", WORDS)]);
      text(says, conflicts(map).join(" "));
    };
    draw();
    const reset = h("button", { type: "button", onclick: () => { app.rekey(defaults()); draw(); } }, "All keys as they were");
    const how = h("p", { class: "quiet" }, `Press a key's button, then the new key${touch ? " of a keyboard; again to leave it" : ""}. Kept in this browser.`);
    const keys = [how, says, lists, h("div", { class: "answers" }, reset)];
    return touch ? [fingers(), h("details", {}, h("summary", {}, "Keys, with a keyboard"), keys)] : keys;
  });
  waiting.stop();
}

/** Name and words of the actions of a view, but for those that move. @returns {[string, string][]} */
const actions = (place) => Object.entries(ACTIONS).filter(([name, { places }]) => places[0] === place && !MOVES.includes(name)).map(([name, { words }]) => [name, words]);

/** The same of those that move. @type {[string, string][]} */
const moving = MOVES.map((name) => [name, ACTIONS[name].words]);

/** The same of the classes that have a button. @returns {[string, string][]} */
const labels = (classes) => classes.slice(0, SHOWN).map((one, index) => [labeled(index), one.name]);

function section(app, title, rows, map, waiting, draw) {
  return h("section", {}, h("h3", {}, title), h("dl", {}, rows.map(([name, words]) =>
    h("div", {}, h("dt", {}, changer(app, name, words, map, waiting, draw)), h("dd", {}, words)))));
}

function changer(app, name, what, map, waiting, draw) {
  const words = waiting.name === name ? "press a key" : map[name].map(shown).join("  ") || "none";
  const button = h("button", { type: "button", class: "key", "data-key": name, "aria-label": `Key of “${what}”: ${words}`, onclick: begin }, words);
  function begin() {
    const again = waiting.name === name;
    waiting.stop();
    waiting.name = again ? null : name;
    waiting.stop = () => removeEventListener("keydown", heard, { capture: true });
    if (!again) addEventListener("keydown", heard, { capture: true });
    draw();
    focused();
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
    focused();
  }
  const focused = () => document.querySelector(`[data-key="${name}"]`)?.focus();
  return button;
}

const fixed = () => h("section", {}, h("h3", {}, "Always"), h("dl", {}, FIXED.map(([keys, words]) => h("div", {}, h("dt", {}, h("kbd", {}, keys)), h("dd", {}, words)))));

/** What fingers and buttons do, and what the words mean. */
const fingers = () => h("div", { class: "lists fingers" }, explained("Images", TOUCHES), explained("Words", WORDS),
  explained("Buttons", Object.entries(BUTTONS).map(([name, [words, does]]) => [[icon(name === "accept" ? "check" : name), words], does])));

const explained = (title, rows) => h("section", {}, h("h3", {}, title), h("dl", {}, rows.map(([words, means]) => h("div", {}, h("dt", {}, words), h("dd", {}, means)))));
