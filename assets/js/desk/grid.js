// What the tables run in the browser: theme from our tokens, numbers, links and states in cells.
window.dashAgGridFunctions = window.dashAgGridFunctions || {};
window.dashAgGridComponentFunctions = window.dashAgGridComponentFunctions || {};
(function (functions, components) {
  "use strict";
  let theme = null;

  /** Quartz in our colours. Custom properties follow the page's theme, so one object serves both. */
  functions.deskTheme = function (quartz) {
    theme = theme || quartz.withParams({
      backgroundColor: "var(--panel)",
      foregroundColor: "var(--ink)",
      textColor: "var(--ink)",
      accentColor: "var(--accent)",
      borderColor: "var(--panel-edge)",
      chromeBackgroundColor: "var(--raised)",
      headerBackgroundColor: "var(--panel)",
      headerTextColor: "var(--quiet)",
      headerFontWeight: 500,
      headerFontSize: "calc(12px * var(--s, 1))",
      headerColumnResizeHandleColor: "transparent",
      subtleTextColor: "var(--quiet)",
      rowHoverColor: "var(--raised)",
      selectedRowBackgroundColor: "color-mix(in srgb, var(--accent) 12%, transparent)",
      oddRowBackgroundColor: "var(--panel)",
      menuBackgroundColor: "var(--panel)",
      tooltipBackgroundColor: "var(--raised)",
      tooltipTextColor: "var(--ink)",
      inputBackgroundColor: "var(--panel)",
      inputTextColor: "var(--ink)",
      browserColorScheme: "inherit",
      fontFamily: "var(--font)",
      fontSize: "calc(13px * var(--s, 1))",
      spacing: 6,
      wrapperBorderRadius: 6,
      borderRadius: 4,
      wrapperBorder: false,
      cellHorizontalPadding: 12,
      iconSize: 14,
      focusShadow: "none",
    });
    return theme;
  };

  const locale = () => (document.getElementById("desk")?.dataset.language === "zh" ? "zh-CN" : "en-GB");
  const formats = new Map();
  functions.deskNumber = function (value, digits) {
    if (value === null || value === undefined || value === "") return "–";
    const key = `${locale()} ${digits}`;
    if (!formats.has(key)) formats.set(key, new Intl.NumberFormat(locale(), { minimumFractionDigits: digits, maximumFractionDigits: digits }));
    // A decimal text is formatted as it stands: Intl takes texts without turning them into binary floats.
    return formats.get(key).format(value);
  };

  functions.deskCompareNumbers = (a, b) => {
    const [x, y] = [a, b].map((v) => (v === null || v === undefined || v === "" ? -Infinity : Number(v)));
    return x === y ? 0 : x < y ? -1 : 1;
  };

  const element = (...parts) => window.React.createElement(...parts);

  /** A cell that leads to its thing. `href` holds `{field}` places, filled from the row. */
  components.DeskLink = function (props) {
    if (!props.data || props.value === null || props.value === undefined) return null;
    const href = props.href.replace(/\{(\w+)\}/g, (_, name) => encodeURIComponent(props.data[name] ?? ""));
    return element("a", { href, className: "cell-link", onClick: follow }, String(props.value));
  };

  // Within the product without loading everything anew: Dash's page switch listens to popstate.
  function follow(event) {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    const href = event.currentTarget.getAttribute("href");
    if (href.split("?")[0] === "/") return;
    event.preventDefault();
    window.history.pushState({}, "", href);
    window.dispatchEvent(new CustomEvent("_dashprivate_pushstate"));
    window.scrollTo(0, 0);
  }

  const SIGNS = { good: "circle-check", warn: "alert-triangle", late: "clock-exclamation", off: "minus" };
  components.DeskPill = function (props) {
    if (props.value === null || props.value === undefined || props.value === "") return null;
    const kind = (props.data && props.data[props.kind]) || "plain";
    const sign = SIGNS[kind] ? element("span", { className: `icon icon-${SIGNS[kind]}`, "aria-hidden": true, key: "sign" }) : null;
    return element("span", { className: `state-word state-word--${kind}` }, sign, element("span", { key: "word" }, String(props.value)));
  };
})(window.dashAgGridFunctions, window.dashAgGridComponentFunctions);
