// What this phone keeps: choices of the person, what was typed, the last good list. Each under the owner's name, so that
// another person who signs in on the same phone finds nothing. No names, numbers or addresses of customers.

const owner = document.body.dataset.owner;
const SETTINGS = "gridaudit.field.settings";
const own = (key) => `gridaudit.field.${owner}.${key}`;

function read(key, otherwise) {
  try {
    const text = localStorage.getItem(key);
    return text === null ? otherwise : JSON.parse(text);
  } catch {
    return otherwise;
  }
}

function write(key, value) {
  try {
    if (value === null) localStorage.removeItem(key);
    else localStorage.setItem(key, JSON.stringify(value));
    return true;
  } catch {
    return false; // full or forbidden: the page works on, it only forgets
  }
}

export const settings = {
  get: () => ({ theme: "light", size: "usual", maps: "wgs84", order: "due", ...read(SETTINGS, {}) }),
  set: (change) => write(SETTINGS, { ...settings.get(), ...change }),
};

export const draft = {
  get: (ticket, form) => read(own(`draft.${ticket}.${form}`), {}),
  set: (ticket, form, values) => write(own(`draft.${ticket}.${form}`), values),
  clear: (ticket, form) => write(own(`draft.${ticket}.${form}`), null),
};

/** The last answer, without anybody's name, with the time it was true. */
export const picture = {
  get: (key) => read(own(`picture.${key}`), null),
  set: (key, value) => write(own(`picture.${key}`), { at: Date.now(), value }),
};

export const track = {
  get: () => read(own("fixes"), []),
  set: (fixes) => write(own("fixes"), fixes),
};

/** Forgets everything of this owner. */
export function forget() {
  for (const key of Object.keys(localStorage)) {
    if (key.startsWith(`gridaudit.field.${owner}.`)) localStorage.removeItem(key);
  }
}
