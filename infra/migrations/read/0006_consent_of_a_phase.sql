ALTER TABLE journey_v1 ADD COLUMN phase_consent UUID;
