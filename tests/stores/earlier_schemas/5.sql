-- A store of schema version 5, as the release of its time made it, with a row of everything.
CREATE TABLE totals (key TEXT PRIMARY KEY, value NOT NULL, expires INTEGER) WITHOUT ROWID;
CREATE TABLE sets (id INTEGER PRIMARY KEY AUTOINCREMENT, key TEXT NOT NULL UNIQUE, expires INTEGER);
CREATE TABLE members (set_id INTEGER, value TEXT, PRIMARY KEY (set_id, value)) WITHOUT ROWID;
CREATE TABLE ended_sets (id INTEGER PRIMARY KEY);
CREATE TABLE outbox (id INTEGER PRIMARY KEY AUTOINCREMENT, text TEXT NOT NULL, added INTEGER);
CREATE TABLE refused (id INTEGER PRIMARY KEY, text TEXT NOT NULL, added INTEGER, tries INTEGER NOT NULL,
    reason TEXT NOT NULL, retry_at INTEGER);
CREATE INDEX refused_retry_at ON refused (retry_at);
CREATE TABLE outbox_counts (one INTEGER PRIMARY KEY CHECK (one = 1), kept INTEGER NOT NULL, dropped INTEGER NOT NULL);
CREATE TABLE tokens (digest TEXT PRIMARY KEY, identifier TEXT NOT NULL, user INTEGER NOT NULL,
    scopes TEXT NOT NULL, admin INTEGER NOT NULL, expires TEXT, created TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE flags (name TEXT PRIMARY KEY, enabled INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE payload (one INTEGER PRIMARY KEY CHECK (one = 1), recorded_at TEXT NOT NULL,
    payload TEXT NOT NULL, metadata TEXT NOT NULL);
CREATE TABLE leases (name TEXT PRIMARY KEY, holder TEXT NOT NULL, expires REAL NOT NULL) WITHOUT ROWID;
CREATE TABLE state (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE ids_0 (id BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ids_1 (id BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE ids_2 (id BLOB PRIMARY KEY, digest BLOB NOT NULL) WITHOUT ROWID;
PRAGMA application_id = 1296329059;
CREATE TABLE probe (one INTEGER PRIMARY KEY CHECK (one = 1), number INTEGER NOT NULL);
INSERT INTO probe VALUES (1, 0);
PRAGMA user_version = 5;
INSERT INTO totals VALUES ('{event_counters}_push', 12, NULL), ('{event_counters}_push-2026-53', 5, 1802174400);
INSERT INTO sets VALUES (1, '{hll_counters}_push-user-2026-53', 1802174400);
INSERT INTO members VALUES (1, '7'), (1, '8');
INSERT INTO outbox VALUES (1, '{"event": "push"}', 1798623000);
INSERT INTO refused VALUES (2, '{"event": "pull"}', 1798623000, 5, 'HTTP 400', NULL);
INSERT INTO outbox_counts VALUES (1, 2, 3);
INSERT INTO tokens VALUES ('digest', 'a1', 7, 'api', 0, NULL, '2026-12-30T09:30:00+00:00');
INSERT INTO flags VALUES ('usage_data_queries_api', 1);
INSERT INTO payload VALUES (1, '2026-12-30T09:30:00+00:00', '{"counts": {"push": 12}}', '{"metrics": []}');
INSERT INTO state VALUES ('instance_uuid', 'f2f1f9a4-6a5c-4c1e-9f57-1d2a3b4c5d6e'), ('trusted_time', '{"time": 1798623000.0}'),
  ('payload_saved_at', '1798623000.0'), ('store_identifier', '0b8f5ed4-1c43-4a51-8f0e-5a1f2c3d4e5f');
INSERT INTO ids_0 VALUES (x'000102030405060708090a0b0c0d0e0f', x'');
INSERT OR REPLACE INTO state VALUES ('known_ids', '{"current": 0, "since": 1798623000, "ids": 1}');
