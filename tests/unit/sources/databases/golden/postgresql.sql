-- batch
SELECT
  "t1"."dqm_period",
  COUNT(*) AS "dqm_rows",
  MAX(CAST("t1"."at" AS TIMESTAMP)) AS "dqm_newest",
  CAST(SUM(CAST(CAST("t1"."id" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m0",
  CAST(COUNT(DISTINCT "t1"."id") AS DOUBLE PRECISION) AS "m1",
  CAST(SUM(CAST(CAST("t1"."id" = 0 AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m2",
  CAST(SUM(CAST(CAST("t1"."id" < 0 AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m3",
  MIN(CAST("t1"."id" AS DOUBLE PRECISION)) AS "m4",
  MAX(CAST("t1"."id" AS DOUBLE PRECISION)) AS "m5",
  SUM(CAST("t1"."id" AS DOUBLE PRECISION)) AS "m6",
  AVG(CAST("t1"."id" AS DOUBLE PRECISION)) AS "m7",
  STDDEV_SAMP(CAST("t1"."id" AS DOUBLE PRECISION)) AS "m8",
  CAST(SUM(CAST(CAST("t1"."amount" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m9",
  CAST(COUNT(DISTINCT "t1"."amount") AS DOUBLE PRECISION) AS "m10",
  CAST(SUM(CAST(CAST("t1"."amount" = 0 AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m11",
  CAST(SUM(CAST(CAST("t1"."amount" < 0 AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m12",
  MIN(CAST("t1"."amount" AS DOUBLE PRECISION)) AS "m13",
  MAX(CAST("t1"."amount" AS DOUBLE PRECISION)) AS "m14",
  SUM(CAST("t1"."amount" AS DOUBLE PRECISION)) AS "m15",
  AVG(CAST("t1"."amount" AS DOUBLE PRECISION)) AS "m16",
  STDDEV_SAMP(CAST("t1"."amount" AS DOUBLE PRECISION)) AS "m17",
  CAST(SUM(CAST(CAST("t1"."weight" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m18",
  CAST(COUNT(DISTINCT "t1"."weight") AS DOUBLE PRECISION) AS "m19",
  CAST(SUM(CAST(CAST("t1"."weight" = 0 AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m20",
  CAST(SUM(CAST(CAST("t1"."weight" < 0 AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m21",
  MIN(
    CASE
      WHEN (
        "t1"."weight" = CAST('NaN' AS DOUBLE PRECISION)
      )
      OR "t1"."weight" IN (CAST('Inf' AS DOUBLE PRECISION), -CAST('Inf' AS DOUBLE PRECISION))
      THEN CAST(NULL AS DOUBLE PRECISION)
      ELSE "t1"."weight"
    END
  ) AS "m22",
  MAX(
    CASE
      WHEN (
        "t1"."weight" = CAST('NaN' AS DOUBLE PRECISION)
      )
      OR "t1"."weight" IN (CAST('Inf' AS DOUBLE PRECISION), -CAST('Inf' AS DOUBLE PRECISION))
      THEN CAST(NULL AS DOUBLE PRECISION)
      ELSE "t1"."weight"
    END
  ) AS "m23",
  SUM(
    CASE
      WHEN (
        "t1"."weight" = CAST('NaN' AS DOUBLE PRECISION)
      )
      OR "t1"."weight" IN (CAST('Inf' AS DOUBLE PRECISION), -CAST('Inf' AS DOUBLE PRECISION))
      THEN CAST(NULL AS DOUBLE PRECISION)
      ELSE "t1"."weight"
    END
  ) AS "m24",
  AVG(
    CASE
      WHEN (
        "t1"."weight" = CAST('NaN' AS DOUBLE PRECISION)
      )
      OR "t1"."weight" IN (CAST('Inf' AS DOUBLE PRECISION), -CAST('Inf' AS DOUBLE PRECISION))
      THEN CAST(NULL AS DOUBLE PRECISION)
      ELSE "t1"."weight"
    END
  ) AS "m25",
  STDDEV_SAMP(
    CASE
      WHEN (
        "t1"."weight" = CAST('NaN' AS DOUBLE PRECISION)
      )
      OR "t1"."weight" IN (CAST('Inf' AS DOUBLE PRECISION), -CAST('Inf' AS DOUBLE PRECISION))
      THEN CAST(NULL AS DOUBLE PRECISION)
      ELSE "t1"."weight"
    END
  ) AS "m26",
  CAST(SUM(CAST(CAST("t1"."name" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m27",
  CAST(COUNT(DISTINCT "t1"."name") AS DOUBLE PRECISION) AS "m28",
  CAST(MIN(LENGTH("t1"."name")) AS DOUBLE PRECISION) AS "m29",
  CAST(MAX(LENGTH("t1"."name")) AS DOUBLE PRECISION) AS "m30",
  AVG(CAST(LENGTH("t1"."name") AS DOUBLE PRECISION)) AS "m31",
  CAST(SUM(CAST(CAST("t1"."name" = '' AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m32",
  CAST(SUM(CAST(CAST("t1"."paid" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m33",
  CAST(SUM(CAST("t1"."paid" AS INT)) AS DOUBLE PRECISION) AS "m34",
  CAST(SUM(1 - CAST("t1"."paid" AS INT)) AS DOUBLE PRECISION) AS "m35",
  AVG(CAST(CAST("t1"."paid" AS INT) AS DOUBLE PRECISION)) AS "m36",
  CAST(SUM(CAST(CAST("t1"."day" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m37",
  CAST(COUNT(DISTINCT "t1"."day") AS DOUBLE PRECISION) AS "m38",
  CAST(SUM(CAST(CAST("t1"."op" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m39",
  CAST(COUNT(DISTINCT "t1"."op") AS DOUBLE PRECISION) AS "m40",
  CAST(MIN(LENGTH("t1"."op")) AS DOUBLE PRECISION) AS "m41",
  CAST(MAX(LENGTH("t1"."op")) AS DOUBLE PRECISION) AS "m42",
  AVG(CAST(LENGTH("t1"."op") AS DOUBLE PRECISION)) AS "m43",
  CAST(SUM(CAST(CAST("t1"."op" = '' AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m44"
FROM (
  SELECT
    "t0"."id",
    "t0"."at",
    "t0"."amount",
    "t0"."weight",
    "t0"."name",
    "t0"."paid",
    "t0"."day",
    "t0"."op",
    DATE_TRUNC('DAY', CAST("t0"."at" AS TIMESTAMP)) AS "dqm_period"
  FROM "shop"."orders" AS "t0"
  WHERE
    "t0"."at" >= CAST('2026-03-01T00:00:00' AS TIMESTAMP)
) AS "t1"
GROUP BY
  1;

-- cdc
SELECT
  "t1"."dqm_period",
  COUNT(*) AS "dqm_rows",
  MAX(CAST("t1"."at" AS TIMESTAMP)) AS "dqm_newest",
  SUM(CAST(CAST("t1"."op" IN ('I', 'c', 'r', 'insert', 'INSERT') AS INT) AS BIGINT)) AS "inserts",
  SUM(CAST(CAST("t1"."op" IN ('U', 'u', 'update', 'UPDATE') AS INT) AS BIGINT)) AS "updates",
  SUM(CAST(CAST("t1"."op" IN ('D', 'd', 'delete', 'DELETE') AS INT) AS BIGINT)) AS "deletes"
FROM (
  SELECT
    "t0"."id",
    "t0"."at",
    "t0"."amount",
    "t0"."weight",
    "t0"."name",
    "t0"."paid",
    "t0"."day",
    "t0"."op",
    DATE_TRUNC('HOUR', CAST("t0"."at" AS TIMESTAMP)) AS "dqm_period"
  FROM "shop"."orders" AS "t0"
  WHERE
    "t0"."at" >= CAST('2026-03-01T00:00:00' AS TIMESTAMP)
) AS "t1"
GROUP BY
  1;

-- sample
SELECT
  "t3"."dqm_period",
  COUNT(*) AS "dqm_rows",
  MAX(CAST("t3"."day" AS TIMESTAMP)) AS "dqm_newest",
  CAST(SUM(CAST(CAST("t3"."name" IS NULL AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m0",
  CAST(COUNT(DISTINCT "t3"."name") AS DOUBLE PRECISION) AS "m1",
  CAST(MIN(LENGTH("t3"."name")) AS DOUBLE PRECISION) AS "m2",
  CAST(MAX(LENGTH("t3"."name")) AS DOUBLE PRECISION) AS "m3",
  AVG(CAST(LENGTH("t3"."name") AS DOUBLE PRECISION)) AS "m4",
  CAST(SUM(CAST(CAST("t3"."name" = '' AS INT) AS BIGINT)) AS DOUBLE PRECISION) AS "m5"
FROM (
  SELECT
    "t2"."id",
    "t2"."at",
    "t2"."amount",
    "t2"."weight",
    "t2"."name",
    "t2"."paid",
    "t2"."day",
    "t2"."op",
    DATE_TRUNC('DAY', CAST("t2"."day" AS TIMESTAMP)) AS "dqm_period"
  FROM (
    SELECT
      *
    FROM (
      SELECT
        *
      FROM "shop"."orders" AS "t0"
      WHERE
        "t0"."day" >= MAKE_DATE(2026, 3, 1)
    ) AS "t1"
    WHERE
      RANDOM() <= 0.1
  ) AS "t2"
) AS "t3"
GROUP BY
  1;

-- stream
SELECT
  "t0"."id",
  CAST("t0"."amount" AS DOUBLE PRECISION) AS "amount",
  "t0"."weight",
  "t0"."name",
  "t0"."paid",
  "t0"."day",
  "t0"."op",
  CAST(DATE_TRUNC('DAY', CAST("t0"."at" AS TIMESTAMP)) AS VARCHAR) AS "dqm_period"
FROM "shop"."orders" AS "t0"
WHERE
  "t0"."at" >= CAST('2026-03-01T00:00:00' AS TIMESTAMP);
