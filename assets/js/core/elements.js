// Small helpers for building page parts without markup strings: text is always text, never HTML.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  /** An element with a class, attributes and children (elements or texts). */
  ga.el = function (tag, className, attributes, ...children) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === null || value === undefined || value === false) continue;
      if (name === "style") element.style.cssText = value; // set as an attribute, the content policy would refuse it
      else element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children.filter((child) => child !== null && child !== undefined));
    return element;
  };

  ga.icon = (name) => ga.el("span", `icon icon-${name}`, { "aria-hidden": "true" });

  const SVG = "http://www.w3.org/2000/svg";
  ga.svg = function (tag, attributes, ...children) {
    const element = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes || {})) element.setAttribute(name, value);
    element.append(...children);
    return element;
  };

  /** Sets text only where it differs, so that an unchanged screen stays untouched. */
  ga.setText = function (element, text) {
    if (element && element.textContent !== text) element.textContent = text;
  };

  ga.byId = (id) => document.getElementById(id);
})(window.gridaudit);
