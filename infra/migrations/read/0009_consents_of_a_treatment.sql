-- A discharge and a treatment left early may be told by other consents than the phase. Rows of
-- before knew the last one only: it stands for all.
ALTER TABLE journey_v1 ADD COLUMN discharge_consent UUID;
ALTER TABLE journey_v1 ADD COLUMN left_consent UUID;
UPDATE journey_v1 SET discharge_consent = phase_consent WHERE discharge IS NOT NULL;
UPDATE journey_v1 SET left_consent = phase_consent WHERE left_treatment IS NOT NULL;
