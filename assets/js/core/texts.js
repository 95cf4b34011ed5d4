// Texts and numbers in the page's language. Times are shown in Asia/Shanghai, whatever the machine's zone.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  const ZONE = "Asia/Shanghai";
  let catalogue = {};
  let language = "en";
  let formats = {};

  function makeFormats() {
    const locale = language === "zh" ? "zh-CN" : "en-GB";
    const number = (digits) => new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const time = (options) => new Intl.DateTimeFormat(locale, { timeZone: ZONE, hourCycle: "h23", ...options });
    formats = {
      integer: number(0),
      one: number(1),
      two: number(2),
      percent: new Intl.NumberFormat(locale, { style: "percent", maximumFractionDigits: 0 }),
      minute: time({ hour: "2-digit", minute: "2-digit" }),
      second: time({ hour: "2-digit", minute: "2-digit", second: "2-digit" }),
      day: time({ weekday: "short", day: "numeric", month: "short", year: "numeric" }),
      short: time({ day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
      date: new Intl.DateTimeFormat("en-CA", { timeZone: ZONE, year: "numeric", month: "2-digit", day: "2-digit" }),
    };
  }
  makeFormats();

  ga.texts = {
    /** Loads the catalogue of `chosen` ("en" or "zh"); resolves when texts can be asked for. */
    async load(chosen) {
      language = chosen === "zh" ? "zh" : "en";
      makeFormats();
      catalogue = await ga.untilDone(() => ga.request(`/texts/${language}.json`));
    },
    get language() {
      return language;
    },
  };

  /** The text for `key` with `{name}` filled in; the key itself where the catalogue has none. */
  ga.text = function (key, values) {
    const text = catalogue[key];
    if (text === undefined) return key;
    return values ? text.replace(/\{(\w+)(?::[^}]*)?\}/g, (whole, name) => (name in values ? values[name] : whole)) : text;
  };
  ga.hasText = (key) => key in catalogue;

  const format = {
    integer: (value) => (value === null || value === undefined ? "–" : formats.integer.format(value)),
    one: (value) => formats.one.format(value),
    percent: (share) => (share === null ? "–" : formats.percent.format(share)),
    minute: (ms) => formats.minute.format(ms),
    second: (ms) => formats.second.format(ms),
    day: (ms) => formats.day.format(ms),
    short: (ms) => formats.short.format(ms),
    /** Calendar day in Asia/Shanghai as YYYY-MM-DD. */
    isoDay: (ms) => formats.date.format(ms),

    /** A large amount in the words of the language: 1.28 M, 128.4 万. Returns [number, unit word]. */
    large(value) {
      const size = Math.abs(value);
      if (language === "zh") {
        if (size >= 1e8) return [formats.two.format(value / 1e8), "亿"];
        if (size >= 1e6) return [formats.one.format(value / 1e4), "万"];
        return [formats.integer.format(value), ""];
      }
      if (size >= 1e6) return [formats.two.format(value / 1e6), "M"];
      return [formats.integer.format(value), ""];
    },

    /** Seconds as the largest fitting unit: "42 s", "3 min", "2 h". */
    age(seconds) {
      const s = Math.max(0, seconds);
      if (s < 10) return ga.text("common.seconds", { n: formats.one.format(s) });
      if (s < 90) return ga.text("common.seconds", { n: formats.integer.format(s) });
      if (s < 5400) return ga.text("common.minutes", { n: formats.integer.format(s / 60) });
      if (s < 172800) return ga.text("common.hours", { n: formats.integer.format(s / 3600) });
      return ga.text("common.days", { n: formats.integer.format(s / 86400) });
    },

    distance(metres) {
      return metres < 1000
        ? ga.text("common.metres", { n: formats.integer.format(metres) })
        : ga.text("common.kilometres", { n: formats.one.format(metres / 1000) });
    },
  };
  ga.format = format;
})(window.gridaudit);
