-- Intervals beside results: a trend shows how sure each of its values is, and what it cost to know is in the run's histograms,
-- which no trend reads. Costs up to 16 bytes a result that has an interval, 2 where it has none.
--
-- Twin of postgres/0005_intervals.sql.

-- The 95 % interval of the value; an end that too few samples leave open is NULL, and so is what has no interval.
ALTER TABLE result ADD COLUMN low REAL;
ALTER TABLE result ADD COLUMN high REAL;
