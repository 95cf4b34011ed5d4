// Who wants to know that something was sent: the screen that is open, and the ear.

import { announce } from "./dom.js";
import { say } from "./words.js";

const listeners = new Set();

export const whenSent = (listener) => {
  listeners.add(listener);
  return () => listeners.delete(listener);
};

export function announceSent(item) {
  announce(say("sent", { what: item.title }));
  for (const listener of listeners) listener(item);
}
