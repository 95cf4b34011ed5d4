// Who wants to know what became of a change: the screen that is open, and the ear.

import { announce } from "./dom.js";
import { say } from "./words.js";

const listeners = new Set();

/** `listener(item)`, `item.state` sent, stale or refused; returns the way to stop. */
export const whenAnswered = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function tellAnswered(item) {
  announce(item.state === "sent" ? say("sent", { what: item.title }) : `${item.title}: ${say(`item_${item.state}`)}`);
  for (const listener of listeners) listener(item);
}
