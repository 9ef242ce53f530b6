SELECT count(*) AS entries FROM entries
