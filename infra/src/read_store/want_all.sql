UPDATE parked_v1 SET wanted = TRUE
