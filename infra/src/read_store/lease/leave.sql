-- $1 the node, $2 now: and with it those that left without a word
DELETE FROM node_v1 WHERE node = $1 OR expires <= $2
