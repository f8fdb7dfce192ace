/** What goes on around the page: time, other tabs, other people. */

import { Clock } from "../logic/clock.mjs";
import { ofOthers } from "../logic/outbox.mjs";
import { BEAT, beat, leave as left, others, shared, work } from "../logic/tabs.mjs";

/** Milliseconds between two looks at what others did. */
const LOOK = 5000;

/** Milliseconds after which a lease is renewed. */
const RENEWAL = 300000;

/** The clock of a page, which hears every input and goes on after a reload. @param {number} idle seconds @param {string} name of it in the storage */
export function clock(idle, name) {
  const carried = JSON.parse(sessionStorage.getItem(name) ?? "{}");
  // an act takes it: a page that ends without a word must not find it again
  sessionStorage.removeItem(name);
  const found = new Clock(() => performance.now(), idle, carried);
  if (document.hidden) found.hide();
  for (const kind of ["keydown", "pointerdown", "pointermove", "wheel", "touchmove"]) {
    addEventListener(kind, () => found.touch(), { capture: true, passive: true });
  }
  document.addEventListener("visibilitychange", () => (document.hidden ? found.hide() : found.show()));
  addEventListener("pagehide", () => sessionStorage.setItem(name, JSON.stringify(found.read())));
  return found;
}

/**
 * Tell that acts of people who were here before wait in this browser, in each window until it was read.
 * @param {any} store @param {string} project what the names of all people's acts begin with @param {string} name what was read has in the storage
 * @returns {() => void} called when it was read
 */
export function predecessors(store, project, name) {
  const others = ofOthers(localStorage, project, store.state.session.annotator);
  const what = JSON.stringify(others);
  if (sessionStorage.getItem(name) !== what) store.set({ others });
  return () => { sessionStorage.setItem(name, what); store.set({ others: [] }); };
}

/** Tell other tabs that this one is open, and the page whether there are others. @param {any} store @param {string} prefix @param {string} tab */
export function tabs(store, prefix, tab, outbox) {
  const look = () => {
    const count = others(localStorage, prefix, tab, Date.now()).length;
    if (count !== store.state.tabs) store.set({ tabs: count });
  };
  const sign = () => { beat(localStorage, prefix, tab, Date.now()); look(); };
  sign();
  setInterval(() => { sign(); outbox.flush(); }, BEAT);
  addEventListener("storage", (event) => {
    if (!event.key?.startsWith(prefix)) return;
    look();
    store.set({ unsaved: outbox.unsaved });
  });
  addEventListener("pagehide", () => left(localStorage, prefix, tab));
  addEventListener("pageshow", sign);
}

/**
 * See what others did since the list of groups was read, and to the group on the screen since that was shown; get what did not come
 * while the server was away. @param {any} app
 */
export function neighbours(app) {
  setInterval(async () => {
    if (document.hidden || app.store.state.unsaved || app.store.state.elsewhere) return;
    const { seq, group: shown } = app.store.state;
    const reply = await app.api.ask(`events?after=${Math.min(seq, shown?.version ?? seq)}&tab=${app.doing.tab}&${app.loading.board()}`);
    if (reply.status !== 200) return;
    app.pictures();
    if (app.loading.away) await app.again();
    if (app.store.state.unsaved) return;
    const { changed, last } = reply.body;
    // what else changed is known: the page has read the list since, or did it itself
    if (last > app.store.state.seq) await app.loading.queue();
    const { group, queue } = app.store.state;
    const there = queue.some((one) => one.group === group?.id) || group?.members.some((one) => !one?.misfit);
    if (there && changed.includes(group.id)) await app.loading.open(group.id, { fresh: true });
  }, LOOK);
}

/**
 * Hold the group on the screen, so that others are told to take another one, and give it back with the next one and when the page is left,
 * unless another window of this person works on it.
 * @param {any} app @param {string} prefix @param {string} tab @returns {() => Promise<any>} gives it back
 */
export function lease(app, prefix, tab) {
  let held = null;
  let sent = Promise.resolve();
  const take = async (now) => {
    if (now !== held) return;
    now.asked = true;
    const reply = await app.api.post("lease", { group: now.group, scope: now.scope });
    const { who, until } = reply.body ?? {};
    now.until = reply.status === 200 ? until : null;
    if (now !== held) return;
    const time = until ? new Date(until).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "";
    const words = reply.status === 409 && who ? `${who} works on this group${time ? ` until ${time}` : ""}. Take another one, or go on: nothing is overwritten.` : null;
    if (words !== app.store.state.held) app.store.set({ held: words });
  };
  const place = ({ group, scope }) => `${scope} ${group}`;
  const works = () => held && work(localStorage, prefix, tab, place(held));
  // sent also when the page is gone; who took the group since, this page anew or another device of this person, has a lease that ends later and stays
  const give = async ({ group, scope, until, asked }) => asked && app.api.send("DELETE", "lease", { group, scope, until }, { keepalive: true });
  const part = async (before) => before && !shared(localStorage, prefix, tab, place(before), Date.now()) && give(before);
  app.store.listen(({ group, view, session: { scope } }) => {
    if (!group || (group.id === held?.group && scope === held.scope) || !["groups", "single", "grow"].includes(view)) return;
    const [before, now] = [held, { group: group.id, scope, until: null, asked: false }];
    held = now;
    works();
    // one after the other: a group that is left at once must not stay taken
    sent = sent.then(() => part(before)).then(() => take(now));
  });
  const renew = () => held && !document.hidden && take(held);
  setInterval(renew, RENEWAL);
  // a window that was not looked at for long has lost its group
  document.addEventListener("visibilitychange", renew);
  addEventListener("pagehide", () => { work(localStorage, prefix, tab, null); part(held); });
  addEventListener("pageshow", ({ persisted }) => { if (persisted && held) { works(); take(held); } });
  // another window has left the group: the lease is that of this one now, which can give it back
  addEventListener("storage", ({ key, oldValue }) => key?.startsWith(`${prefix}work.`) && held && oldValue === place(held) && take(held));
  return () => held && give(held);
}
