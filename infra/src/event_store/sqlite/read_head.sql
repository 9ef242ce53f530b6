SELECT MAX(position) FROM events
