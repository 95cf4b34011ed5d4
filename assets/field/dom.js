// Elements without a framework: `h("p", { class: "quiet" }, "text")`. Text is always set as text, never as HTML.

const SVG = "http://www.w3.org/2000/svg";

function fill(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  for (const child of children.flat(Infinity)) {
    if (child !== null && child !== undefined && child !== false && child !== "") element.append(child);
  }
  return element;
}

export const h = (tag, attributes, ...children) => fill(document.createElement(tag), attributes, children);
export const s = (tag, attributes, ...children) => fill(document.createElementNS(SVG, tag), attributes, children);
export const icon = (name) => h("span", { class: `icon icon-${name}`, "aria-hidden": "true" });
export const byId = (id) => document.getElementById(id);

/** Shows these children in place of whatever was there. */
export function show(element, ...children) {
  element.replaceChildren(...children.flat(Infinity).filter((child) => child));
  return element;
}

/** Reads a sentence to whoever can't see it appear. */
export function announce(text) {
  byId("said").textContent = "";
  requestAnimationFrame(() => {
    byId("said").textContent = text;
  });
}
