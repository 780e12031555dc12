-- People: accounts, sessions, failed logins.

CREATE TABLE account (
    id            integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    login         text NOT NULL UNIQUE CHECK (login ~ '^[a-z0-9][a-z0-9._-]{1,62}$'),
    display_name  text NOT NULL,
    role          text NOT NULL CHECK (role IN ('admin', 'operator', 'worker', 'viewer')),
    post_id       integer REFERENCES post (id),
    password_hash text NOT NULL,
    must_change   boolean NOT NULL DEFAULT false,
    disabled      boolean NOT NULL DEFAULT false,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CHECK (role <> 'worker' OR post_id IS NOT NULL)
);
COMMENT ON TABLE account IS 'One person, one account';
COMMENT ON COLUMN account.id IS 'Internal key';
COMMENT ON COLUMN account.login IS 'Login name, lower case';
COMMENT ON COLUMN account.display_name IS 'Name as shown';
COMMENT ON COLUMN account.role IS 'admin (accounts), operator (triage, dispatch, check), worker (own tasks), viewer (reads)';
COMMENT ON COLUMN account.post_id IS 'The post the person holds; a worker sees only its grid';
COMMENT ON COLUMN account.password_hash IS 'scrypt, PHC string with its parameters';
COMMENT ON COLUMN account.must_change IS 'True: the password was given by somebody else and is good for choosing an own one only';
COMMENT ON COLUMN account.disabled IS 'True: cannot log in';
COMMENT ON COLUMN account.created_at IS 'When it was made';

CREATE TABLE session (
    token_hash bytea PRIMARY KEY CHECK (octet_length (token_hash) = 32),
    account_id integer NOT NULL REFERENCES account (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL DEFAULT now(),
    seen_at    timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL
);
COMMENT ON TABLE session IS 'Open sessions; the token itself is only with the browser';
COMMENT ON COLUMN session.token_hash IS 'SHA-256 of the 256-bit session token';
COMMENT ON COLUMN session.account_id IS 'Whose session';
COMMENT ON COLUMN session.created_at IS 'Login';
COMMENT ON COLUMN session.seen_at IS 'Last request';
COMMENT ON COLUMN session.expires_at IS 'Absolute end';
CREATE INDEX session_account ON session (account_id);

CREATE TABLE login_failure (
    login     text NOT NULL,
    peer      text NOT NULL,
    failed_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE login_failure IS 'Failed logins of the last hours, for the lock-out';
COMMENT ON COLUMN login_failure.login IS 'Login name that was tried, cut to 64 characters';
COMMENT ON COLUMN login_failure.peer IS 'Address it came from';
COMMENT ON COLUMN login_failure.failed_at IS 'When';
CREATE INDEX login_failure_login ON login_failure (login, failed_at);
CREATE INDEX login_failure_peer ON login_failure (peer, failed_at);
