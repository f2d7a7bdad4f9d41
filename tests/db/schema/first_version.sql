-- The schema of version 0.1.0, as its migration 0001 made it.
CREATE TABLE alembic_version (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES ('0001');
CREATE TABLE assessment (
    photo_id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    status VARCHAR NOT NULL,
    k INTEGER NOT NULL,
    assessed_at DATETIME NOT NULL,
    CONSTRAINT pk_assessment PRIMARY KEY (photo_id, model_id),
    CONSTRAINT ck_assessment_status CHECK (status IN ('tagged', 'none')),
    CONSTRAINT fk_assessment_photo_id FOREIGN KEY(photo_id) REFERENCES photo (id),
    CONSTRAINT fk_assessment_model_id FOREIGN KEY(model_id) REFERENCES model (id),
    CONSTRAINT fk_assessment_run_id FOREIGN KEY(run_id) REFERENCES run (id)
)
WITHOUT ROWID;
CREATE TABLE decision (
    id INTEGER NOT NULL,
    photo_id INTEGER NOT NULL,
    verdict VARCHAR NOT NULL,
    landmark_id INTEGER,
    who VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    decided_at DATETIME NOT NULL,
    revoked_at DATETIME,
    CONSTRAINT pk_decision PRIMARY KEY (id),
    CONSTRAINT ck_decision_verdict CHECK (verdict IN ('shows', 'not', 'none')),
    CONSTRAINT ck_decision_landmark CHECK ((verdict = 'none') = (landmark_id IS NULL)),
    CONSTRAINT fk_decision_photo_id FOREIGN KEY(photo_id) REFERENCES photo (id),
    CONSTRAINT fk_decision_landmark_id FOREIGN KEY(landmark_id) REFERENCES landmark (id)
);
CREATE TABLE failure (
    file_id INTEGER NOT NULL,
    kind VARCHAR NOT NULL,
    message VARCHAR NOT NULL,
    attempts INTEGER NOT NULL,
    first_at DATETIME NOT NULL,
    last_at DATETIME NOT NULL,
    run_id INTEGER NOT NULL,
    CONSTRAINT pk_failure PRIMARY KEY (file_id),
    CONSTRAINT fk_failure_file_id FOREIGN KEY(file_id) REFERENCES file (id),
    CONSTRAINT fk_failure_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);
CREATE TABLE file (
    id INTEGER NOT NULL,
    path BLOB NOT NULL,
    photo_id INTEGER,
    size_bytes INTEGER,
    mtime_ns INTEGER,
    first_seen_at DATETIME NOT NULL,
    gone_at DATETIME,
    CONSTRAINT pk_file PRIMARY KEY (id),
    CONSTRAINT uq_file_path UNIQUE (path),
    CONSTRAINT fk_file_photo_id FOREIGN KEY(photo_id) REFERENCES photo (id)
);
CREATE TABLE landmark (
    id INTEGER NOT NULL,
    "key" VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    aliases JSON NOT NULL,
    country VARCHAR NOT NULL,
    city VARCHAR,
    lat FLOAT NOT NULL,
    lon FLOAT NOT NULL,
    wikidata VARCHAR,
    CONSTRAINT pk_landmark PRIMARY KEY (id),
    CONSTRAINT uq_landmark_key UNIQUE ("key")
);
CREATE TABLE model (
    id INTEGER NOT NULL,
    model_id VARCHAR NOT NULL,
    weights_sha256 VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    version VARCHAR NOT NULL,
    card JSON NOT NULL,
    added_at DATETIME NOT NULL,
    CONSTRAINT pk_model PRIMARY KEY (id),
    CONSTRAINT uq_model_model_id UNIQUE (model_id)
);
CREATE TABLE photo (
    id INTEGER NOT NULL,
    sha256 VARCHAR NOT NULL,
    size_bytes INTEGER NOT NULL,
    width INTEGER NOT NULL,
    height INTEGER NOT NULL,
    format VARCHAR NOT NULL,
    taken_at DATETIME NOT NULL,
    taken_from VARCHAR NOT NULL,
    added_at DATETIME NOT NULL,
    current_model_id INTEGER,
    CONSTRAINT pk_photo PRIMARY KEY (id),
    CONSTRAINT uq_photo_sha256 UNIQUE (sha256),
    CONSTRAINT ck_photo_taken_from CHECK (taken_from IN ('exif', 'mtime')),
    CONSTRAINT fk_photo_current_model_id FOREIGN KEY(current_model_id) REFERENCES model (id)
);
CREATE TABLE run (
    id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    started_at DATETIME NOT NULL,
    finished_at DATETIME,
    status VARCHAR NOT NULL,
    engine VARCHAR NOT NULL,
    device VARCHAR NOT NULL,
    precision VARCHAR NOT NULL,
    reason VARCHAR NOT NULL,
    roots JSON NOT NULL,
    k INTEGER NOT NULL,
    tagger_version VARCHAR NOT NULL,
    tagged INTEGER NOT NULL,
    none INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    unchanged INTEGER NOT NULL,
    inherited INTEGER NOT NULL,
    gone INTEGER NOT NULL,
    error VARCHAR,
    CONSTRAINT pk_run PRIMARY KEY (id),
    CONSTRAINT ck_run_status CHECK (status IN ('running', 'done', 'interrupted', 'failed')),
    CONSTRAINT fk_run_model_id FOREIGN KEY(model_id) REFERENCES model (id)
);
CREATE TABLE suggestion (
    photo_id INTEGER NOT NULL,
    model_id INTEGER NOT NULL,
    rank INTEGER NOT NULL,
    run_id INTEGER NOT NULL,
    landmark_id INTEGER NOT NULL,
    score FLOAT NOT NULL,
    is_tag BOOLEAN NOT NULL,
    CONSTRAINT pk_suggestion PRIMARY KEY (photo_id, model_id, rank),
    CONSTRAINT fk_suggestion_photo_id_model_id FOREIGN KEY(photo_id, model_id) REFERENCES assessment (photo_id, model_id),
    CONSTRAINT fk_suggestion_run_id FOREIGN KEY(run_id) REFERENCES run (id),
    CONSTRAINT fk_suggestion_landmark_id FOREIGN KEY(landmark_id) REFERENCES landmark (id)
)
WITHOUT ROWID;
CREATE INDEX ix_photo_taken_at ON photo (taken_at);
CREATE INDEX ix_file_photo_id ON file (photo_id);
CREATE INDEX ix_assessment_run_id ON assessment (run_id);
CREATE INDEX ix_assessment_assessed_at ON assessment (assessed_at);
CREATE INDEX ix_assessment_status_model_id ON assessment (status, model_id);
CREATE INDEX ix_suggestion_tag ON suggestion (landmark_id, is_tag, photo_id, model_id, score) WHERE is_tag = 1;
CREATE UNIQUE INDEX ix_decision_photo_id_landmark_id ON decision (photo_id, landmark_id) WHERE revoked_at IS NULL;
CREATE INDEX ix_decision_landmark_id ON decision (landmark_id) WHERE revoked_at IS NULL;
CREATE VIEW machine_tag AS
    SELECT s.photo_id, s.landmark_id, 'machine' AS source, s.rank, s.score, s.model_id, s.run_id,
           (SELECT a.assessed_at FROM assessment a
            WHERE a.photo_id = s.photo_id AND a.model_id = s.model_id) AS tagged_at,
           s.model_id = (SELECT p.current_model_id FROM photo p WHERE p.id = s.photo_id) AS is_current
    FROM suggestion s
    WHERE s.is_tag = 1 AND NOT EXISTS (
        SELECT 1 FROM decision d
        WHERE d.photo_id = s.photo_id AND d.revoked_at IS NULL
          AND (d.verdict <> 'not' OR d.landmark_id = s.landmark_id));
CREATE VIEW person_tag AS
    SELECT d.photo_id, d.landmark_id, 'person' AS source, NULL AS rank, NULL AS score, NULL AS model_id, NULL AS run_id,
           d.decided_at AS tagged_at, 1 AS is_current
    FROM decision d
    WHERE d.verdict = 'shows' AND d.revoked_at IS NULL;
CREATE VIEW tag AS SELECT * FROM machine_tag UNION ALL SELECT * FROM person_tag;
