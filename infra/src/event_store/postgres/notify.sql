SELECT pg_backend_pid(), set_config('synchronous_commit', 'off', true), pg_notify('stegspor_log', '')
