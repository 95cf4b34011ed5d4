// WGS-84 to GCJ-02 and BD-09, as public re-implementations have it (domain sheet 8). Only for outside tile sources:
// everything of ours is WGS-84. Outside China there is no shift.
window.gridaudit = window.gridaudit || {};
(function (ga) {
  "use strict";
  const A = 6378245.0;
  const EE = 0.00669342162296594323;
  const { PI, sin, cos, sqrt, abs, atan2 } = Math;

  const inChina = (lat, lon) => lon >= 72.004 && lon <= 137.8347 && lat >= 0.8293 && lat <= 55.8271;

  function northing(x, y) {
    return (
      -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) +
      ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3 +
      ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3 +
      ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3
    );
  }

  function easting(x, y) {
    return (
      300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) +
      ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3 +
      ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3 +
      ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3
    );
  }

  function toGcj02(lat, lon) {
    if (!inChina(lat, lon)) return [lat, lon];
    const radians = (lat / 180) * PI;
    const magic = 1 - EE * sin(radians) ** 2;
    const north = (northing(lon - 105, lat - 35) * 180) / (((A * (1 - EE)) / (magic * sqrt(magic))) * PI);
    const east = (easting(lon - 105, lat - 35) * 180) / ((A / sqrt(magic)) * cos(radians) * PI);
    return [lat + north, lon + east];
  }

  function toBd09(lat, lon) {
    const [y, x] = toGcj02(lat, lon);
    const z = sqrt(x * x + y * y) + 0.00002 * sin((y * PI * 3000) / 180);
    const theta = atan2(y, x) + 0.000003 * cos((x * PI * 3000) / 180);
    return [z * sin(theta) + 0.006, z * cos(theta) + 0.0065];
  }

  /** [latitude, longitude] in WGS-84 → the same place in `system` ("wgs84", "gcj02", "bd09"). */
  ga.toSystem = function (system, lat, lon) {
    if (system === "gcj02") return toGcj02(lat, lon);
    if (system === "bd09") return toBd09(lat, lon);
    return [lat, lon];
  };
})(window.gridaudit);
