/** What each action does in the view that is open. */

import { neighbour } from "../logic/board.mjs";
import { mean } from "../logic/distribution.mjs";
import { resized } from "../logic/geometry.mjs";
import { labeled, motion } from "../logic/keys.mjs";
import { choices } from "../logic/search.mjs";
import { cleared, everything, inverted, only, pointed, positions, ranged, spanning, target, toggled } from "../logic/selection.mjs";
import { counted } from "../logic/words.mjs";
import { choose, compare, parts, softLabel } from "./dialogs.mjs";
import { answered } from "./grid.mjs";
import { help } from "./help.mjs";

const CHANGES = { only, extends: ranged, nothing: pointed };

/** @param {any} app @returns {Record<string, () => any>} */
export function commands(app) {
  const { store, doing } = app;
  const select = (change) => doing.select(change(store.state.selection));
  return {
    groups: () => app.enter("groups"), single: () => app.enter("single"), review: () => app.enter("review"),
    dashboard: () => app.enter("dashboard"), people: () => app.enter("people"), grow: () => grow(app), help: () => help(app),
    undo: () => doing.undo(), redo: () => doing.redo(),
    accept: () => act(app, "accept"), skip: () => act(app, "skip"), flag: () => act(app, "flag"), finish: () => doing.do("finish", { images: null }),
    misfit: () => misfit(app), ambiguous: () => ambiguous(app), search: () => search(app), split: () => split(app), merge: () => merge(app),
    all: () => selectAll(app), invert: () => select(inverted), range: () => select(spanning), clear: () => select(cleared), toggle: () => select((one) => toggled(one, one.cursor)),
    compare: () => sideBySide(app), zoom: () => zoom(app), larger: () => resize(app, 1), smaller: () => resize(app, -1),
    next: () => step(app, 1), previous: () => step(app, -1),
    match: () => app.views.grow.matched(), nomatch: () => app.views.grow.unmatched(), decide: () => app.views.review.leave(),
  };
}

/**
 * Label the selection, the image on the screen, or decide in review.
 * @param {any} app @param {number} index @param {any} [aim] what it is about, if that was settled before
 */
export function label(app, index, aim) {
  const { session, view } = app.store.state;
  if (index >= session.classes.length) return;
  if (view === "review") app.views.review.decide({ label: index }, aim);
  else act(app, "label", { label: index, ...(aim ? app.doing.still(aim) : {}) });
}

function act(app, name, more = {}) {
  if (app.store.state.view !== "single") return app.doing.do(name, name === "accept" ? { ...more, images: null } : more);
  const { member } = app.views.single;
  if (!member) return undefined;
  const done = app.doing.do(name, { images: [member.id], ...more });
  return !done || name === "flag" || app.views.single.onward();
}

/** What an act is about that a window asks for: settled before the window opens, for the page goes on behind it. */
function aimed(app) {
  const { view } = app.store.state;
  if (view === "review") return app.views.review.item;
  if (view !== "single") return app.doing.aim();
  const { member } = app.views.single;
  return member && app.doing.aim([member.id]);
}

function misfit(app) {
  const { group, view } = app.store.state;
  const ids = new Set(view === "single" ? [app.views.single.member?.id] : app.doing.chosen());
  const members = group?.members.filter((one) => one && ids.has(one.id)) ?? [];
  const fits = members.length > 0 && members.every((one) => one.misfit);
  return fits ? app.doing.do("grow", { images: members.map((one) => one.id) }) : act(app, "misfit");
}

/** What the next act is about, in words. */
function subject(app) {
  const { view, selection, group, queue } = app.store.state;
  if (view === "single" || view === "review") return "this image";
  const chosen = selection.chosen.size;
  return chosen ? counted(chosen, "image") : `all ${queue.find((one) => one.group === group?.id)?.open ?? 0} open`;
}

async function ambiguous(app) {
  const { session, group, view } = app.store.state;
  const aim = aimed(app);
  if (!aim) return;
  const names = session.classes.map((one) => one.name);
  const known = view === "review" ? { answered: mean(aim.answers, names.length) } : { suggested: group?.suggestion?.distribution };
  const distribution = await softLabel(subject(app), names, known);
  if (!distribution) return;
  if (view === "review") app.views.review.decide({ distribution }, aim);
  else act(app, "ambiguous", { distribution, ...app.doing.still(aim) });
}

async function search(app) {
  const aim = aimed(app);
  if (!aim) return;
  const { session, touch, view } = app.store.state;
  const shares = view === "review" ? mean(aim.answers, session.classes.length) ?? [] : [];
  const classes = choices(session.classes, (index) => (touch ? "" : app.key(labeled(index))), shares);
  const found = await choose(`Label ${subject(app)}`, classes, touch);
  if (found) label(app, found.index, aim);
}

const UNTRAINED = "How alike images are is known once a network is trained: s2c2 train, then annotate the run.";

function grow(app) {
  const { group, session } = app.store.state;
  if (session.arm === "none") return app.doing.say(UNTRAINED);
  return group && app.enter("grow");
}

async function split(app) {
  const { group, queue, selection } = app.store.state;
  if (selection.chosen.size) return app.doing.do("split");
  if (!group) return undefined;
  if (app.store.state.session.arm === "none") return app.doing.say(`Select the images to split off. ${UNTRAINED}`);
  const count = await parts(queue.find((one) => one.group === group?.id)?.open ?? 0);
  return count && app.doing.do("recluster", { group: group.id, version: group.version, images: null, parts: count });
}

async function merge(app) {
  const { group, queue } = app.store.state;
  if (!group) return undefined;
  const others = queue.filter((one) => one.group !== group?.id).map((one) => ({ name: one.name, detail: counted(one.size, "image"), id: one.group }));
  if (!others.length) return app.doing.say("There is no other group to merge into.");
  const found = await choose(`Merge ${group?.name ?? ""} into`, others, app.store.state.touch);
  return found && app.doing.do("merge", { group: group.id, version: group.version, images: null, target: found.id });
}

async function selectAll(app) {
  const { group } = app.store.state;
  if (group?.members.includes(undefined)) app.doing.say("Loading the other images to select them …");
  await app.loading.need(0, group?.members.length ?? 0);
  if (app.store.state.group?.id === group?.id) app.doing.select(everything(app.store.state.selection));
}

function sideBySide(app) {
  const { group, selection, session } = app.store.state;
  const chosen = positions(selection).map((at) => group?.members[at]).filter(Boolean);
  if (chosen.length < 2 || chosen.length > 4) return app.doing.say("Select 2 to 4 images to compare them.");
  return compare(chosen.map((one) => ({ id: one.id, words: answered(one, session.classes) ?? "no answer" })));
}

function zoom(app) {
  const { grow, groups } = app.views;
  const id = (app.store.state.view === "grow" ? grow : groups.grid).looked;
  if (id !== undefined) app.zoom.open(id);
}

function resize(app, by) {
  const size = resized(app.store.state.size, by);
  localStorage.setItem("s2c2.size", String(size));
  app.store.set({ size });
}

function step(app, by) {
  const { view, queue, group } = app.store.state;
  if (view === "single") return app.views.single.step(by);
  if (view === "review") return app.views.review.step(by);
  const to = neighbour(queue, group?.id ?? null, by);
  return to && app.goto(to);
}

/**
 * Keys that move. @param {any} app @param {string} keys a combination @returns {boolean} whether it was one
 */
export function moved(app, keys) {
  const { view, selection } = app.store.state;
  const found = motion(app.store.state.keys, view, keys);
  if (!found) return false;
  const { direction, selects } = found;
  if (view === "single") return app.views.single.step(direction === "left" ? -1 : 1), true;
  if (view === "grow") return app.views.grow.move(direction), true;
  const { columns, rows } = app.views.groups.grid.span;
  const to = target(selection, direction, columns, rows);
  const from = selects === "extends" ? selection.anchor : to;
  app.loading.need(Math.min(from, to), Math.max(from, to) + 1);
  app.doing.select(CHANGES[selects](selection, to));
  return true;
}
