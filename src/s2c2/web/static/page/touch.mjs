/** A finger on an image: a tap, or one that stays, for which the image is seen large. */

/** Milliseconds after which a touch is no tap any more. */
const LONG = 500;

/**
 * Follow a touch that has begun.
 * @param {PointerEvent} event of its beginning
 * @param {{tapped?: () => void, held: () => void, released: () => void}} then what it is: a tap, or held and then released; neither where it scrolled
 */
export function follow({ pointerId }, { tapped = () => undefined, held, released }) {
  const stop = new AbortController();
  let long = false;
  const timer = setTimeout(() => { long = true; held(); }, LONG);
  const end = (event) => {
    if (event.pointerId !== pointerId) return;
    clearTimeout(timer);
    stop.abort();
    if (long) released();
    else if (event.type === "pointerup") tapped();
  };
  for (const kind of ["pointerup", "pointercancel"]) addEventListener(kind, end, { signal: stop.signal });
  addEventListener("contextmenu", (event) => event.preventDefault(), { signal: stop.signal });
}
