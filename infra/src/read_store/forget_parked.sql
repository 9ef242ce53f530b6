DELETE FROM parked_v1
