SELECT node FROM node_v1 WHERE expires > $1
