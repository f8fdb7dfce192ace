/** What the words and buttons of the page mean, for people. */

import { counted, number } from "./words.mjs";

/** Kinds of groups: what they are called, and what that means. @type {Record<string, [string, string]>} */
export const KINDS = {
  class: ["certain class", "images that the network is certain about"], cluster: ["ambiguous cluster", "ambiguous images that look alike"],
  plain: ["all images", "no proposals"], split: ["split off", "images that were split off another group"], misfits: ["left over", "images that did not fit their group"],
};

/** What the mark of an image says. */
export const EDGE = ["edge", "far from the centre of the group: here a mixed group shows first"];

/** Words that the page uses. @type {string[][]} */
export const WORDS = [
  ...Object.values(KINDS), EDGE, ["open", "without an answer so far"], ["suggested", "what the network takes the images for, and how strongly; it is often wrong"],
  ["soft label", "a share of each class, for an image that is truly between them"],
];

/** What a finger does with an image. */
export const TOUCHES = [
  ["Tap", "Select an image, or take it out of the selection"],
  ["Hold", "See an image large, while the finger stays"],
  ["Range", "Tap the first and the last image: they are selected, with all between them"],
  ["−  +", "Smaller and larger thumbnails"],
];

/** Buttons of the page: what they are called, and what they do. @type {Record<string, [string, string]>} */
export const BUTTONS = {
  accept: ["Accept", "All open images of the group are what is suggested"],
  misfit: ["Not fitting", "The selected images do not belong here; again takes them back"],
  split: ["Split", "The selected images become a group; with none selected, the group is split by likeness"],
  merge: ["Merge", "The group becomes one with another"],
  ambiguous: ["Ambiguous", "The images are truly between classes: give each class a share"],
  skip: ["Skip", "I cannot tell: seen, but without a label"],
  flag: ["Flag", "Somebody should look at this; beside any answer"],
  finish: ["Finish", "Enough of this group: what is open stays without an answer"],
  grow: ["Grow", "Look for more of this group among the images of the others"],
  decide: ["Leave as a distribution", "In review: the answers stay together, each class with its share"],
  search: ["Search", "Find a class by its name and label"],
  all: ["Select all", "All images of the group"],
  invert: ["Invert", "Select what is not selected, and the other way round"],
  previous: ["Previous", "Go to the group or image before this one"],
  next: ["Next", "Go to the one after it"],
  compare: ["Compare", "See 2 to 4 selected images side by side"],
  undo: ["Undo", "Take back your last act, as often as you like"],
  redo: ["Redo", "Do again what was taken back"],
};

/**
 * What the next act is for.
 * @param {{chosen: number, out: boolean, open: number, size: number}} facts how many images are selected, whether these were taken out, and how many are open and there
 * @param {boolean} touch whether a finger works here, without keys @returns {string}
 */
export function aim({ chosen, out, open, size }, touch) {
  if (chosen) return `${counted(chosen, "image")} ${out ? "taken out as not fitting" : "selected"}`;
  if (open) return `Nothing selected: ${touch ? "buttons" : "keys"} act on all ${number(open)} open`;
  return `Nothing selected, ${size ? "every image has an answer" : "no image is left"}`;
}

/** What a finger does next with the images. @param {number|null} range of the selection @returns {string} */
export function tapping(range) {
  if (range === null) return "Tap to select, hold to see large.";
  return range < 0 ? "Range: tap its first image." : "Range: tap its last image.";
}
