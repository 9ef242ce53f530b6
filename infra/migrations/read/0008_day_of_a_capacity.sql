ALTER TABLE tidgiver_v1 ADD COLUMN capacity_on DATE;
