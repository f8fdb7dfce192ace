/** A large picture whose image changes: nothing is seen until the next one is there. */

import { h, trait } from "./dom.mjs";

/** @returns {HTMLImageElement} */
export function large() {
  const image = h("img", { alt: "", onload: shown, onerror: shown });
  function shown() {
    trait(image, "data-loading", !image.complete);
  }
  return image;
}

/** @param {HTMLImageElement} image made by `large` @param {string|null} source address, null for none */
export function load(image, source) {
  if (image.getAttribute("src") === source) return;
  trait(image, "src", source);
  trait(image, "data-loading", source !== null && !image.complete);
}

/**
 * Notice large pictures that do not come.
 * @param {() => void} missed told of each @returns {() => void} asks for them again
 */
export function recovering(missed) {
  const lost = new Set();
  addEventListener("error", ({ target }) => {
    if (!target.matches?.("img[src*='/full?']")) return;
    lost.add(target);
    missed();
  }, { capture: true });
  return () => {
    const broken = [...lost].filter((image) => image.isConnected && image.hasAttribute("src") && !image.naturalWidth);
    lost.clear();
    for (const image of broken) image.setAttribute("src", image.getAttribute("src"));
  };
}
