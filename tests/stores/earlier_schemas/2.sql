-- A store of schema version 2, as the release of its time made it, with a row of everything.
CREATE TABLE totals (key TEXT PRIMARY KEY, value NOT NULL, expires INTEGER) WITHOUT ROWID;
CREATE TABLE sets (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires INTEGER);
CREATE TABLE members (set_id INTEGER, value TEXT, PRIMARY KEY (set_id, value)) WITHOUT ROWID;
CREATE TABLE ended_sets (id INTEGER PRIMARY KEY);
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL);
CREATE TABLE tokens (digest TEXT PRIMARY KEY, identifier TEXT NOT NULL, user INTEGER NOT NULL,
    scopes TEXT NOT NULL, admin INTEGER NOT NULL, expires TEXT, created TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE flags (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE payload (one INTEGER PRIMARY KEY CHECK (one = 1), recorded_at TEXT NOT NULL,
    payload TEXT NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
PRAGMA application_id = 1296329059;
PRAGMA user_version = 2;
INSERT INTO totals VALUES ('{event_counters}_push', 12, NULL), ('{event_counters}_push-2026-53', 5, 1802174400);
INSERT INTO sets VALUES (1, '{hll_counters}_push-user-2026-53', 1802174400);
INSERT INTO members VALUES (1, '7'), (1, '8');
INSERT INTO outbox VALUES (1, '{"event": "push"}');
INSERT INTO tokens VALUES ('digest', 'a1', 7, 'api', 0, NULL, '2026-12-30T09:30:00+00:00');
INSERT INTO flags VALUES ('usage_data_queries_api', 1);
INSERT INTO payload VALUES (1, '2026-12-30T09:30:00+00:00', '{"counts": {"push": 12}}', '{"metrics": []}');
INSERT INTO state VALUES ('instance_uuid', 'f2f1f9a4-6a5c-4c1e-9f57-1d2a3b4c5d6e'), ('trusted_time', '{"time": 1798623000.0}'),
  ('payload_saved_at', '1798623000.0');
