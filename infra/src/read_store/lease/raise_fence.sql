UPDATE fence_v1 SET last = last + 1 RETURNING last
