SELECT u.unit, u.kind, u.offers_individual_tidgiver, u.registered
FROM unit_v1 u
