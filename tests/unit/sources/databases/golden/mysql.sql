-- batch
SELECT
  `t1`.`dqm_period`,
  COUNT(*) AS `dqm_rows`,
  MAX(CAST(`t1`.`at` AS DATETIME)) AS `dqm_newest`,
  CAST(SUM(CAST(`t1`.`id` IS NULL AS SIGNED)) AS DOUBLE) AS `m0`,
  CAST(COUNT(DISTINCT `t1`.`id`) AS DOUBLE) AS `m1`,
  CAST(SUM(CAST(`t1`.`id` = 0 AS SIGNED)) AS DOUBLE) AS `m2`,
  CAST(SUM(CAST(`t1`.`id` < 0 AS SIGNED)) AS DOUBLE) AS `m3`,
  MIN(CAST(`t1`.`id` AS DOUBLE)) AS `m4`,
  MAX(CAST(`t1`.`id` AS DOUBLE)) AS `m5`,
  SUM(CAST(`t1`.`id` AS DOUBLE)) AS `m6`,
  AVG(CAST(`t1`.`id` AS DOUBLE)) AS `m7`,
  STDDEV_SAMP(CAST(`t1`.`id` AS DOUBLE)) AS `m8`,
  CAST(SUM(CAST(`t1`.`amount` IS NULL AS SIGNED)) AS DOUBLE) AS `m9`,
  CAST(COUNT(DISTINCT `t1`.`amount`) AS DOUBLE) AS `m10`,
  CAST(SUM(CAST(`t1`.`amount` = 0 AS SIGNED)) AS DOUBLE) AS `m11`,
  CAST(SUM(CAST(`t1`.`amount` < 0 AS SIGNED)) AS DOUBLE) AS `m12`,
  MIN(CAST(`t1`.`amount` AS DOUBLE)) AS `m13`,
  MAX(CAST(`t1`.`amount` AS DOUBLE)) AS `m14`,
  SUM(CAST(`t1`.`amount` AS DOUBLE)) AS `m15`,
  AVG(CAST(`t1`.`amount` AS DOUBLE)) AS `m16`,
  STDDEV_SAMP(CAST(`t1`.`amount` AS DOUBLE)) AS `m17`,
  CAST(SUM(CAST(`t1`.`weight` IS NULL AS SIGNED)) AS DOUBLE) AS `m18`,
  CAST(COUNT(DISTINCT `t1`.`weight`) AS DOUBLE) AS `m19`,
  CAST(SUM(CAST(`t1`.`weight` = 0 AS SIGNED)) AS DOUBLE) AS `m20`,
  CAST(SUM(CAST(`t1`.`weight` < 0 AS SIGNED)) AS DOUBLE) AS `m21`,
  MIN(`t1`.`weight`) AS `m22`,
  MAX(`t1`.`weight`) AS `m23`,
  SUM(`t1`.`weight`) AS `m24`,
  AVG(`t1`.`weight`) AS `m25`,
  STDDEV_SAMP(`t1`.`weight`) AS `m26`,
  CAST(SUM(CAST(`t1`.`name` IS NULL AS SIGNED)) AS DOUBLE) AS `m27`,
  CAST(COUNT(DISTINCT `t1`.`name`) AS DOUBLE) AS `m28`,
  CAST(MIN(CHAR_LENGTH(`t1`.`name`)) AS DOUBLE) AS `m29`,
  CAST(MAX(CHAR_LENGTH(`t1`.`name`)) AS DOUBLE) AS `m30`,
  AVG(CAST(CHAR_LENGTH(`t1`.`name`) AS DOUBLE)) AS `m31`,
  CAST(SUM(CAST(CAST(`t1`.`name` AS BINARY) = '' AS SIGNED)) AS DOUBLE) AS `m32`,
  CAST(SUM(CAST(`t1`.`paid` IS NULL AS SIGNED)) AS DOUBLE) AS `m33`,
  CAST(SUM(CAST(`t1`.`paid` AS SIGNED)) AS DOUBLE) AS `m34`,
  CAST(SUM(1 - CAST(`t1`.`paid` AS SIGNED)) AS DOUBLE) AS `m35`,
  AVG(CAST(CAST(`t1`.`paid` AS SIGNED) AS DOUBLE)) AS `m36`,
  CAST(SUM(CAST(`t1`.`day` IS NULL AS SIGNED)) AS DOUBLE) AS `m37`,
  CAST(COUNT(DISTINCT `t1`.`day`) AS DOUBLE) AS `m38`,
  CAST(SUM(CAST(`t1`.`op` IS NULL AS SIGNED)) AS DOUBLE) AS `m39`,
  CAST(COUNT(DISTINCT `t1`.`op`) AS DOUBLE) AS `m40`,
  CAST(MIN(CHAR_LENGTH(`t1`.`op`)) AS DOUBLE) AS `m41`,
  CAST(MAX(CHAR_LENGTH(`t1`.`op`)) AS DOUBLE) AS `m42`,
  AVG(CAST(CHAR_LENGTH(`t1`.`op`) AS DOUBLE)) AS `m43`,
  CAST(SUM(CAST(CAST(`t1`.`op` AS BINARY) = '' AS SIGNED)) AS DOUBLE) AS `m44`
FROM (
  SELECT
    `t0`.`id`,
    `t0`.`at`,
    `t0`.`amount`,
    `t0`.`weight`,
    `t0`.`name`,
    `t0`.`paid`,
    `t0`.`day`,
    `t0`.`op`,
    DATE_FORMAT(CAST(`t0`.`at` AS DATETIME), '%Y-%m-%d') AS `dqm_period`
  FROM `shop`.`orders` AS `t0`
  WHERE
    `t0`.`at` >= TIMESTAMP('2026-03-01T00:00:00')
) AS `t1`
GROUP BY
  1;

-- cdc
SELECT
  `t1`.`dqm_period`,
  COUNT(*) AS `dqm_rows`,
  MAX(CAST(`t1`.`at` AS DATETIME)) AS `dqm_newest`,
  SUM(CAST(`t1`.`op` IN ('I', 'c', 'r', 'insert', 'INSERT') AS SIGNED)) AS `inserts`,
  SUM(CAST(`t1`.`op` IN ('U', 'u', 'update', 'UPDATE') AS SIGNED)) AS `updates`,
  SUM(CAST(`t1`.`op` IN ('D', 'd', 'delete', 'DELETE') AS SIGNED)) AS `deletes`
FROM (
  SELECT
    `t0`.`id`,
    `t0`.`at`,
    `t0`.`amount`,
    `t0`.`weight`,
    `t0`.`name`,
    `t0`.`paid`,
    `t0`.`day`,
    `t0`.`op`,
    DATE_FORMAT(CAST(`t0`.`at` AS DATETIME), '%Y-%m-%d %H:00:00') AS `dqm_period`
  FROM `shop`.`orders` AS `t0`
  WHERE
    `t0`.`at` >= TIMESTAMP('2026-03-01T00:00:00')
) AS `t1`
GROUP BY
  1;

-- sample
SELECT
  `t3`.`dqm_period`,
  COUNT(*) AS `dqm_rows`,
  MAX(CAST(`t3`.`day` AS DATETIME)) AS `dqm_newest`,
  CAST(SUM(CAST(`t3`.`name` IS NULL AS SIGNED)) AS DOUBLE) AS `m0`,
  CAST(COUNT(DISTINCT `t3`.`name`) AS DOUBLE) AS `m1`,
  CAST(MIN(CHAR_LENGTH(`t3`.`name`)) AS DOUBLE) AS `m2`,
  CAST(MAX(CHAR_LENGTH(`t3`.`name`)) AS DOUBLE) AS `m3`,
  AVG(CAST(CHAR_LENGTH(`t3`.`name`) AS DOUBLE)) AS `m4`,
  CAST(SUM(CAST(CAST(`t3`.`name` AS BINARY) = '' AS SIGNED)) AS DOUBLE) AS `m5`
FROM (
  SELECT
    `t2`.`id`,
    `t2`.`at`,
    `t2`.`amount`,
    `t2`.`weight`,
    `t2`.`name`,
    `t2`.`paid`,
    `t2`.`day`,
    `t2`.`op`,
    DATE_FORMAT(CAST(`t2`.`day` AS DATETIME), '%Y-%m-%d') AS `dqm_period`
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM `shop`.`orders` AS `t0`
      WHERE
        `t0`.`day` >= DATE('2026-03-01')
    ) AS `t1`
    WHERE
      RAND() <= 0.1
  ) AS `t2`
) AS `t3`
GROUP BY
  1;

-- stream
SELECT
  `t0`.`id`,
  CAST(`t0`.`amount` AS DOUBLE) AS `amount`,
  `t0`.`weight`,
  `t0`.`name`,
  `t0`.`paid`,
  `t0`.`day`,
  `t0`.`op`,
  CAST(DATE_FORMAT(CAST(`t0`.`at` AS DATETIME), '%Y-%m-%d') AS CHAR) AS `dqm_period`
FROM `shop`.`orders` AS `t0`
WHERE
  `t0`.`at` >= TIMESTAMP('2026-03-01T00:00:00');
