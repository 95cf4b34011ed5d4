// The clock in the head: weekday, date and time of Asia/Shanghai, by the server's clock.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";

  ga.startClock = function () {
    const day = ga.byId("clock-day");
    const time = ga.byId("clock-time");
    const tick = () => {
      const now = ga.clock.now();
      ga.setText(day, ga.format.day(now));
      ga.setText(time, ga.format.second(now));
    };
    tick();
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  };
})(window.gridaudit);
