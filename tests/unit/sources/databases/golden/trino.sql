-- batch
SELECT
  "t1"."dqm_period",
  COUNT(*) AS "dqm_rows",
  MAX(CAST("t1"."at" AS TIMESTAMP)) AS "dqm_newest",
  CAST(SUM(CAST("t1"."id" IS NULL AS INTEGER)) AS DOUBLE) AS "m0",
  CAST(APPROX_DISTINCT("t1"."id") AS DOUBLE) AS "m1",
  CAST(SUM(CAST("t1"."id" = 0 AS INTEGER)) AS DOUBLE) AS "m2",
  CAST(SUM(CAST("t1"."id" < 0 AS INTEGER)) AS DOUBLE) AS "m3",
  MIN(CAST("t1"."id" AS DOUBLE)) AS "m4",
  MAX(CAST("t1"."id" AS DOUBLE)) AS "m5",
  SUM(CAST("t1"."id" AS DOUBLE)) AS "m6",
  AVG(CAST("t1"."id" AS DOUBLE)) AS "m7",
  STDDEV_SAMP(CAST("t1"."id" AS DOUBLE)) AS "m8",
  CAST(SUM(CAST("t1"."amount" IS NULL AS INTEGER)) AS DOUBLE) AS "m9",
  CAST(APPROX_DISTINCT("t1"."amount") AS DOUBLE) AS "m10",
  CAST(SUM(CAST("t1"."amount" = 0 AS INTEGER)) AS DOUBLE) AS "m11",
  CAST(SUM(CAST("t1"."amount" < 0 AS INTEGER)) AS DOUBLE) AS "m12",
  MIN(CAST("t1"."amount" AS DOUBLE)) AS "m13",
  MAX(CAST("t1"."amount" AS DOUBLE)) AS "m14",
  SUM(CAST("t1"."amount" AS DOUBLE)) AS "m15",
  AVG(CAST("t1"."amount" AS DOUBLE)) AS "m16",
  STDDEV_SAMP(CAST("t1"."amount" AS DOUBLE)) AS "m17",
  CAST(SUM(CAST("t1"."weight" IS NULL AS INTEGER)) AS DOUBLE) AS "m18",
  CAST(APPROX_DISTINCT("t1"."weight") AS DOUBLE) AS "m19",
  CAST(SUM(CAST("t1"."weight" = 0 AS INTEGER)) AS DOUBLE) AS "m20",
  CAST(SUM(CAST("t1"."weight" < 0 AS INTEGER)) AS DOUBLE) AS "m21",
  MIN(
    IF(
      IS_NAN("t1"."weight") OR IS_INFINITE("t1"."weight"),
      CAST(NULL AS DOUBLE),
      "t1"."weight"
    )
  ) AS "m22",
  MAX(
    IF(
      IS_NAN("t1"."weight") OR IS_INFINITE("t1"."weight"),
      CAST(NULL AS DOUBLE),
      "t1"."weight"
    )
  ) AS "m23",
  SUM(
    IF(
      IS_NAN("t1"."weight") OR IS_INFINITE("t1"."weight"),
      CAST(NULL AS DOUBLE),
      "t1"."weight"
    )
  ) AS "m24",
  AVG(
    IF(
      IS_NAN("t1"."weight") OR IS_INFINITE("t1"."weight"),
      CAST(NULL AS DOUBLE),
      "t1"."weight"
    )
  ) AS "m25",
  STDDEV_SAMP(
    IF(
      IS_NAN("t1"."weight") OR IS_INFINITE("t1"."weight"),
      CAST(NULL AS DOUBLE),
      "t1"."weight"
    )
  ) AS "m26",
  CAST(SUM(CAST("t1"."name" IS NULL AS INTEGER)) AS DOUBLE) AS "m27",
  CAST(APPROX_DISTINCT("t1"."name") AS DOUBLE) AS "m28",
  CAST(MIN(LENGTH("t1"."name")) AS DOUBLE) AS "m29",
  CAST(MAX(LENGTH("t1"."name")) AS DOUBLE) AS "m30",
  AVG(CAST(LENGTH("t1"."name") AS DOUBLE)) AS "m31",
  CAST(SUM(CAST("t1"."name" = '' AS INTEGER)) AS DOUBLE) AS "m32",
  CAST(SUM(CAST("t1"."paid" IS NULL AS INTEGER)) AS DOUBLE) AS "m33",
  CAST(SUM(CAST("t1"."paid" AS INTEGER)) AS DOUBLE) AS "m34",
  CAST(SUM(1 - CAST("t1"."paid" AS INTEGER)) AS DOUBLE) AS "m35",
  AVG(CAST(CAST("t1"."paid" AS INTEGER) AS DOUBLE)) AS "m36",
  CAST(SUM(CAST("t1"."day" IS NULL AS INTEGER)) AS DOUBLE) AS "m37",
  CAST(APPROX_DISTINCT("t1"."day") AS DOUBLE) AS "m38",
  CAST(SUM(CAST("t1"."op" IS NULL AS INTEGER)) AS DOUBLE) AS "m39",
  CAST(APPROX_DISTINCT("t1"."op") AS DOUBLE) AS "m40",
  CAST(MIN(LENGTH("t1"."op")) AS DOUBLE) AS "m41",
  CAST(MAX(LENGTH("t1"."op")) AS DOUBLE) AS "m42",
  AVG(CAST(LENGTH("t1"."op") AS DOUBLE)) AS "m43",
  CAST(SUM(CAST("t1"."op" = '' AS INTEGER)) AS DOUBLE) AS "m44"
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
    "t0"."at" >= CAST(FROM_ISO8601_TIMESTAMP('2026-03-01T00:00:00') AS TIMESTAMP)
) AS "t1"
GROUP BY
  1;

-- cdc
SELECT
  "t1"."dqm_period",
  COUNT(*) AS "dqm_rows",
  MAX(CAST("t1"."at" AS TIMESTAMP)) AS "dqm_newest",
  SUM(CAST("t1"."op" IN ('I', 'c', 'r', 'insert', 'INSERT') AS INTEGER)) AS "inserts",
  SUM(CAST("t1"."op" IN ('U', 'u', 'update', 'UPDATE') AS INTEGER)) AS "updates",
  SUM(CAST("t1"."op" IN ('D', 'd', 'delete', 'DELETE') AS INTEGER)) AS "deletes"
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
    "t0"."at" >= CAST(FROM_ISO8601_TIMESTAMP('2026-03-01T00:00:00') AS TIMESTAMP)
) AS "t1"
GROUP BY
  1;

-- sample
SELECT
  "t3"."dqm_period",
  COUNT(*) AS "dqm_rows",
  MAX(CAST("t3"."day" AS TIMESTAMP)) AS "dqm_newest",
  CAST(SUM(CAST("t3"."name" IS NULL AS INTEGER)) AS DOUBLE) AS "m0",
  CAST(APPROX_DISTINCT("t3"."name") AS DOUBLE) AS "m1",
  CAST(MIN(LENGTH("t3"."name")) AS DOUBLE) AS "m2",
  CAST(MAX(LENGTH("t3"."name")) AS DOUBLE) AS "m3",
  AVG(CAST(LENGTH("t3"."name") AS DOUBLE)) AS "m4",
  CAST(SUM(CAST("t3"."name" = '' AS INTEGER)) AS DOUBLE) AS "m5"
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
        "t0"."day" >= FROM_ISO8601_DATE('2026-03-01')
    ) AS "t1" TABLESAMPLE bernoulli (10.0)
  ) AS "t2"
) AS "t3"
GROUP BY
  1;

-- stream
SELECT
  "t0"."id",
  CAST("t0"."amount" AS DOUBLE) AS "amount",
  "t0"."weight",
  "t0"."name",
  "t0"."paid",
  "t0"."day",
  "t0"."op",
  CAST(DATE_TRUNC('DAY', CAST("t0"."at" AS TIMESTAMP)) AS VARCHAR) AS "dqm_period"
FROM "shop"."orders" AS "t0"
WHERE
  "t0"."at" >= CAST(FROM_ISO8601_TIMESTAMP('2026-03-01T00:00:00') AS TIMESTAMP);
