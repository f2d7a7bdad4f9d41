-- Dumped by pg_dump from a store at the first revision that PostgreSQL had.
CREATE FUNCTION public.decision_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = OLD.photo_id / 1024 AND NOT is_stale; RETURN NULL; END $$;
CREATE FUNCTION public.decision_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = NEW.photo_id / 1024 AND NOT is_stale; RETURN NULL; END $$;
CREATE FUNCTION public.decision_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = OLD.photo_id / 1024 AND NOT is_stale;UPDATE photo_block SET is_stale = true WHERE id = NEW.photo_id / 1024 AND NOT is_stale; RETURN NULL; END $$;
CREATE FUNCTION public.file_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = OLD.photo_id / 1024 AND NOT is_stale; RETURN NULL; END $$;
CREATE FUNCTION public.file_inserted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        INSERT INTO photo_block AS b (id, first_path, last_path, first_taken_at, last_taken_at, has_gps)
        SELECT p.id / 1024, NEW.path, NEW.path, p.taken_at, p.taken_at, p.lat IS NOT NULL
        FROM photo p WHERE p.id = NEW.photo_id
        ON CONFLICT (id) DO UPDATE SET
            first_path = least(b.first_path, excluded.first_path),
            last_path = greatest(b.last_path, excluded.last_path),
            first_taken_at = least(b.first_taken_at, excluded.first_taken_at),
            last_taken_at = greatest(b.last_taken_at, excluded.last_taken_at),
            has_gps = b.has_gps OR excluded.has_gps,
            is_stale = true
        WHERE NOT b.is_stale OR excluded.first_path < b.first_path OR excluded.last_path > b.last_path
            OR excluded.first_taken_at < b.first_taken_at OR excluded.last_taken_at > b.last_taken_at
            OR excluded.has_gps > b.has_gps;
         RETURN NULL; END $$;
CREATE FUNCTION public.file_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = OLD.photo_id / 1024 AND NOT is_stale;
        INSERT INTO photo_block AS b (id, first_path, last_path, first_taken_at, last_taken_at, has_gps)
        SELECT p.id / 1024, NEW.path, NEW.path, p.taken_at, p.taken_at, p.lat IS NOT NULL
        FROM photo p WHERE p.id = NEW.photo_id
        ON CONFLICT (id) DO UPDATE SET
            first_path = least(b.first_path, excluded.first_path),
            last_path = greatest(b.last_path, excluded.last_path),
            first_taken_at = least(b.first_taken_at, excluded.first_taken_at),
            last_taken_at = greatest(b.last_taken_at, excluded.last_taken_at),
            has_gps = b.has_gps OR excluded.has_gps,
            is_stale = true
        WHERE NOT b.is_stale OR excluded.first_path < b.first_path OR excluded.last_path > b.last_path
            OR excluded.first_taken_at < b.first_taken_at OR excluded.last_taken_at > b.last_taken_at
            OR excluded.has_gps > b.has_gps;
         RETURN NULL; END $$;
CREATE FUNCTION public.photo_answered() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = NEW.id / 1024 AND NOT is_stale; RETURN NULL; END $$;
CREATE FUNCTION public.photo_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN 
        UPDATE photo_block SET
            first_taken_at = least(first_taken_at, NEW.taken_at),
            last_taken_at = greatest(last_taken_at, NEW.taken_at),
            has_gps = has_gps OR NEW.lat IS NOT NULL
        WHERE id = NEW.id / 1024;
         RETURN NULL; END $$;
CREATE FUNCTION public.suggestion_deleted() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = OLD.photo_id / 1024 AND NOT is_stale; RETURN NULL; END $$;
CREATE FUNCTION public.suggestion_updated() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN UPDATE photo_block SET is_stale = true WHERE id = OLD.photo_id / 1024 AND NOT is_stale;UPDATE photo_block SET is_stale = true WHERE id = NEW.photo_id / 1024 AND NOT is_stale; RETURN NULL; END $$;
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
COMMENT ON TABLE public.alembic_version IS 'landmark-tagger 821558788';
CREATE TABLE public.assessment (
    photo_id bigint NOT NULL,
    model_id bigint NOT NULL,
    run_id bigint NOT NULL,
    status character varying NOT NULL COLLATE pg_catalog."C",
    k bigint NOT NULL,
    assessed_at timestamp without time zone NOT NULL,
    look character varying DEFAULT 'full'::character varying NOT NULL COLLATE pg_catalog."C",
    CONSTRAINT ck_assessment_status CHECK (((status)::text = ANY ((ARRAY['tagged'::character varying, 'none'::character varying, 'undone'::character varying])::text[])))
);
CREATE TABLE public.block_count (
    block_id bigint NOT NULL,
    landmark_id bigint NOT NULL,
    photos bigint NOT NULL
);
CREATE TABLE public.canary (
    sha256 character varying NOT NULL COLLATE pg_catalog."C",
    model_id bigint NOT NULL,
    label character varying NOT NULL COLLATE pg_catalog."C",
    expected character varying NOT NULL COLLATE pg_catalog."C",
    found character varying COLLATE pg_catalog."C",
    score double precision,
    checked_at timestamp without time zone NOT NULL
);
CREATE TABLE public.decision (
    id bigint NOT NULL,
    photo_id bigint NOT NULL,
    verdict character varying NOT NULL COLLATE pg_catalog."C",
    landmark_id bigint,
    who character varying NOT NULL COLLATE pg_catalog."C",
    source character varying NOT NULL COLLATE pg_catalog."C",
    decided_at timestamp without time zone NOT NULL,
    revoked_at timestamp without time zone,
    is_trusted boolean DEFAULT true NOT NULL,
    answer_id bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_decision_landmark CHECK ((((verdict)::text = 'none'::text) = (landmark_id IS NULL))),
    CONSTRAINT ck_decision_verdict CHECK (((verdict)::text = ANY ((ARRAY['shows'::character varying, 'not'::character varying, 'none'::character varying])::text[])))
);
CREATE SEQUENCE public.decision_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.decision_id_seq OWNED BY public.decision.id;
CREATE TABLE public.failure (
    file_id bigint NOT NULL,
    kind character varying NOT NULL COLLATE pg_catalog."C",
    message character varying NOT NULL COLLATE pg_catalog."C",
    attempts bigint NOT NULL,
    first_at timestamp without time zone NOT NULL,
    last_at timestamp without time zone NOT NULL,
    run_id bigint NOT NULL,
    next_at timestamp without time zone,
    quarantined_at timestamp without time zone,
    size_bytes bigint,
    mtime_ns bigint,
    ctime_ns bigint
);
CREATE TABLE public.file (
    id bigint NOT NULL,
    path bytea NOT NULL,
    photo_id bigint,
    size_bytes bigint,
    mtime_ns bigint,
    first_seen_at timestamp without time zone NOT NULL,
    gone_at timestamp without time zone,
    ctime_ns bigint
);
CREATE SEQUENCE public.file_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.file_id_seq OWNED BY public.file.id;
CREATE TABLE public.job_run (
    id bigint NOT NULL,
    job character varying NOT NULL COLLATE pg_catalog."C",
    due_at timestamp without time zone,
    started_at timestamp without time zone NOT NULL,
    finished_at timestamp without time zone,
    status character varying NOT NULL COLLATE pg_catalog."C",
    message character varying COLLATE pg_catalog."C",
    CONSTRAINT ck_job_run_status CHECK (((status)::text = ANY ((ARRAY['running'::character varying, 'done'::character varying, 'stopped'::character varying, 'failed'::character varying, 'died'::character varying])::text[])))
);
CREATE SEQUENCE public.job_run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.job_run_id_seq OWNED BY public.job_run.id;
CREATE TABLE public.landmark (
    id bigint NOT NULL,
    key character varying NOT NULL COLLATE pg_catalog."C",
    name character varying NOT NULL COLLATE pg_catalog."C",
    aliases json NOT NULL,
    country character varying COLLATE pg_catalog."C",
    city character varying COLLATE pg_catalog."C",
    lat double precision,
    lon double precision,
    wikidata character varying COLLATE pg_catalog."C",
    names json DEFAULT '{}'::json NOT NULL,
    cities json DEFAULT '{}'::json NOT NULL
);
CREATE SEQUENCE public.landmark_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.landmark_id_seq OWNED BY public.landmark.id;
CREATE TABLE public.lease (
    path bytea NOT NULL,
    run_id bigint NOT NULL,
    taken_at timestamp without time zone NOT NULL,
    attempts bigint NOT NULL,
    worker_id bigint,
    size_bytes bigint,
    mtime_ns bigint,
    ctime_ns bigint
);
CREATE TABLE public.photo (
    id bigint NOT NULL,
    sha256 character varying NOT NULL COLLATE pg_catalog."C",
    size_bytes bigint NOT NULL,
    width bigint NOT NULL,
    height bigint NOT NULL,
    format character varying NOT NULL COLLATE pg_catalog."C",
    taken_at timestamp without time zone NOT NULL,
    taken_from character varying NOT NULL COLLATE pg_catalog."C",
    added_at timestamp without time zone NOT NULL,
    current_model_id bigint,
    lat double precision,
    lon double precision,
    phash bigint,
    group_id bigint,
    picture character varying COLLATE pg_catalog."C",
    metadata_mtime_ns bigint,
    CONSTRAINT ck_photo_taken_from CHECK (((taken_from)::text = ANY ((ARRAY['exif'::character varying, 'xmp'::character varying, 'iptc'::character varying, 'takeout'::character varying, 'name'::character varying, 'gps'::character varying, 'reset'::character varying, 'edit'::character varying, 'mtime'::character varying])::text[])))
);
CREATE TABLE public.suggestion (
    photo_id bigint NOT NULL,
    model_id bigint NOT NULL,
    rank bigint NOT NULL,
    run_id bigint NOT NULL,
    landmark_id bigint NOT NULL,
    score double precision NOT NULL,
    is_tag boolean NOT NULL,
    visual_score double precision NOT NULL,
    reason character varying COLLATE pg_catalog."C"
);
CREATE VIEW public.trusted_decision AS
 SELECT d.id,
    d.photo_id,
    d.verdict,
    d.landmark_id,
    d.decided_at,
    d.who
   FROM public.decision d
  WHERE ((d.revoked_at IS NULL) AND d.is_trusted AND (NOT (EXISTS ( SELECT 1
           FROM public.decision l
          WHERE ((l.photo_id = d.photo_id) AND (ROW(l.decided_at, l.id) > ROW(d.decided_at, d.id)) AND (l.revoked_at IS NULL) AND l.is_trusted AND (((l.source)::text = 'telegram'::text) OR (l.landmark_id = d.landmark_id) OR (((d.verdict)::text <> 'not'::text) AND ((l.verdict)::text <> 'not'::text) AND (('none'::text = (d.verdict)::text) OR ('none'::text = (l.verdict)::text)))))))));
CREATE VIEW public.machine_tag AS
 SELECT s.photo_id,
    s.landmark_id,
    'machine'::text AS source,
    s.rank,
    s.score,
    s.model_id,
    ( SELECT a.run_id
           FROM public.assessment a
          WHERE ((a.photo_id = s.photo_id) AND (a.model_id = s.model_id))) AS run_id,
    ( SELECT a.assessed_at
           FROM public.assessment a
          WHERE ((a.photo_id = s.photo_id) AND (a.model_id = s.model_id))) AS tagged_at,
    (s.model_id = ( SELECT p.current_model_id
           FROM public.photo p
          WHERE (p.id = s.photo_id))) AS is_current,
    s.visual_score,
    s.reason
   FROM public.suggestion s
  WHERE (s.is_tag AND (NOT (EXISTS ( SELECT 1
           FROM public.trusted_decision d
          WHERE ((d.photo_id = s.photo_id) AND (((d.verdict)::text <> 'not'::text) OR (d.landmark_id = s.landmark_id)))))));
CREATE TABLE public.model (
    id bigint NOT NULL,
    model_id character varying NOT NULL COLLATE pg_catalog."C",
    weights_sha256 character varying NOT NULL COLLATE pg_catalog."C",
    name character varying NOT NULL COLLATE pg_catalog."C",
    version character varying NOT NULL COLLATE pg_catalog."C",
    card json NOT NULL,
    added_at timestamp without time zone NOT NULL,
    min_score double precision DEFAULT 0 NOT NULL
);
CREATE SEQUENCE public.model_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.model_id_seq OWNED BY public.model.id;
CREATE VIEW public.person_tag AS
 SELECT d.photo_id,
    d.landmark_id,
    'person'::text AS source,
    NULL::bigint AS rank,
    NULL::double precision AS score,
    NULL::bigint AS model_id,
    NULL::bigint AS run_id,
    d.decided_at AS tagged_at,
    true AS is_current,
    NULL::double precision AS visual_score,
    NULL::character varying AS reason
   FROM public.trusted_decision d
  WHERE ((d.verdict)::text = 'shows'::text);
CREATE TABLE public.photo_block (
    id bigint NOT NULL,
    first_path bytea NOT NULL,
    last_path bytea NOT NULL,
    first_taken_at timestamp without time zone NOT NULL,
    last_taken_at timestamp without time zone NOT NULL,
    has_gps boolean NOT NULL,
    is_stale boolean DEFAULT true NOT NULL
);
CREATE SEQUENCE public.photo_block_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.photo_block_id_seq OWNED BY public.photo_block.id;
CREATE SEQUENCE public.photo_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.photo_id_seq OWNED BY public.photo.id;
CREATE VIEW public.rejected_tag AS
 SELECT s.photo_id,
    s.landmark_id,
    'machine'::text AS source,
    s.rank,
    s.score,
    s.model_id,
    ( SELECT a.run_id
           FROM public.assessment a
          WHERE ((a.photo_id = s.photo_id) AND (a.model_id = s.model_id))) AS run_id,
    ( SELECT a.assessed_at
           FROM public.assessment a
          WHERE ((a.photo_id = s.photo_id) AND (a.model_id = s.model_id))) AS tagged_at,
    (s.model_id = ( SELECT p.current_model_id
           FROM public.photo p
          WHERE (p.id = s.photo_id))) AS is_current,
    s.visual_score,
    s.reason
   FROM public.suggestion s
  WHERE (s.is_tag AND (EXISTS ( SELECT 1
           FROM public.trusted_decision d
          WHERE ((d.photo_id = s.photo_id) AND (((d.verdict)::text <> 'not'::text) OR (d.landmark_id = s.landmark_id))))) AND (NOT (EXISTS ( SELECT 1
           FROM public.trusted_decision d
          WHERE ((d.photo_id = s.photo_id) AND ((d.verdict)::text = 'shows'::text) AND (d.landmark_id = s.landmark_id))))));
CREATE TABLE public.run (
    id bigint NOT NULL,
    model_id bigint NOT NULL,
    started_at timestamp without time zone NOT NULL,
    finished_at timestamp without time zone,
    status character varying NOT NULL COLLATE pg_catalog."C",
    engine character varying NOT NULL COLLATE pg_catalog."C",
    device character varying NOT NULL COLLATE pg_catalog."C",
    "precision" character varying NOT NULL COLLATE pg_catalog."C",
    reason character varying NOT NULL COLLATE pg_catalog."C",
    roots json NOT NULL,
    k bigint NOT NULL,
    tagger_version character varying NOT NULL COLLATE pg_catalog."C",
    tagged bigint NOT NULL,
    "none" bigint NOT NULL,
    failed bigint NOT NULL,
    unchanged bigint NOT NULL,
    inherited bigint NOT NULL,
    gone bigint NOT NULL,
    error character varying COLLATE pg_catalog."C",
    set_aside bigint NOT NULL,
    job character varying NOT NULL COLLATE pg_catalog."C",
    pid bigint,
    host character varying COLLATE pg_catalog."C",
    settings_hash character varying COLLATE pg_catalog."C",
    report json,
    undone_at timestamp without time zone,
    moved bigint DEFAULT 0 NOT NULL,
    excluded bigint DEFAULT 0 NOT NULL,
    CONSTRAINT ck_run_status CHECK (((status)::text = ANY ((ARRAY['running'::character varying, 'done'::character varying, 'stopped'::character varying, 'interrupted'::character varying, 'failed'::character varying, 'died'::character varying])::text[])))
);
CREATE SEQUENCE public.run_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.run_id_seq OWNED BY public.run.id;
CREATE TABLE public.run_lock (
    name character varying NOT NULL COLLATE pg_catalog."C",
    holder character varying NOT NULL COLLATE pg_catalog."C",
    expires_at timestamp without time zone NOT NULL
);
CREATE TABLE public.sidecar (
    path bytea NOT NULL,
    photo_path bytea NOT NULL,
    landmarks json NOT NULL,
    added json NOT NULL,
    fingerprint character varying COLLATE pg_catalog."C",
    with_gps boolean NOT NULL,
    written_at timestamp without time zone,
    sha256 character varying COLLATE pg_catalog."C",
    before bytea,
    next_sha256 character varying COLLATE pg_catalog."C",
    next_before bytea
);
CREATE TABLE public.sidecar_request (
    photo_path bytea NOT NULL,
    landmarks json NOT NULL,
    naming character varying NOT NULL COLLATE pg_catalog."C",
    with_gps boolean DEFAULT false NOT NULL
);
CREATE TABLE public.skip (
    photo_id bigint NOT NULL,
    who character varying NOT NULL COLLATE pg_catalog."C",
    skipped_at timestamp without time zone NOT NULL
);
CREATE VIEW public.tag AS
 SELECT machine_tag.photo_id,
    machine_tag.landmark_id,
    machine_tag.source,
    machine_tag.rank,
    machine_tag.score,
    machine_tag.model_id,
    machine_tag.run_id,
    machine_tag.tagged_at,
    machine_tag.is_current,
    machine_tag.visual_score,
    machine_tag.reason
   FROM public.machine_tag
UNION ALL
 SELECT person_tag.photo_id,
    person_tag.landmark_id,
    person_tag.source,
    person_tag.rank,
    person_tag.score,
    person_tag.model_id,
    person_tag.run_id,
    person_tag.tagged_at,
    person_tag.is_current,
    person_tag.visual_score,
    person_tag.reason
   FROM public.person_tag;
CREATE TABLE public.task (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    path bytea NOT NULL,
    size_bytes bigint,
    mtime_ns bigint,
    ctime_ns bigint
);
CREATE SEQUENCE public.task_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.task_id_seq OWNED BY public.task.id;
CREATE TABLE public.telegram_answer (
    id bigint NOT NULL,
    chat_id bigint NOT NULL,
    user_id bigint NOT NULL,
    message_id bigint,
    asked_message_id bigint,
    album character varying COLLATE pg_catalog."C",
    shown json NOT NULL
);
CREATE SEQUENCE public.telegram_answer_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.telegram_answer_id_seq OWNED BY public.telegram_answer.id;
CREATE TABLE public.telegram_chat (
    chat_id bigint NOT NULL,
    last_message_id bigint NOT NULL,
    migrated_to bigint
);
CREATE SEQUENCE public.telegram_chat_chat_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.telegram_chat_chat_id_seq OWNED BY public.telegram_chat.chat_id;
CREATE TABLE public.telegram_person (
    user_id bigint NOT NULL,
    language character varying COLLATE pg_catalog."C",
    day character varying COLLATE pg_catalog."C",
    photos bigint NOT NULL
);
CREATE SEQUENCE public.telegram_person_user_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.telegram_person_user_id_seq OWNED BY public.telegram_person.user_id;
CREATE TABLE public.telegram_photo (
    id bigint NOT NULL,
    photo_id bigint NOT NULL,
    answer_id bigint NOT NULL,
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    user_id bigint NOT NULL,
    file_unique_id character varying COLLATE pg_catalog."C",
    landmark_id bigint,
    score double precision,
    received_at timestamp without time zone NOT NULL
);
CREATE SEQUENCE public.telegram_photo_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.telegram_photo_id_seq OWNED BY public.telegram_photo.id;
CREATE TABLE public.telegram_question (
    chat_id bigint NOT NULL,
    message_id bigint NOT NULL,
    user_id bigint NOT NULL,
    answer_id bigint NOT NULL,
    asked_at timestamp without time zone NOT NULL
);
CREATE TABLE public.telegram_update (
    update_id bigint NOT NULL,
    chat_id bigint,
    user_id bigint,
    state character varying NOT NULL COLLATE pg_catalog."C",
    content json,
    reply json,
    received_at timestamp without time zone NOT NULL,
    message_id bigint,
    reply_message_id bigint,
    CONSTRAINT ck_telegram_update_state CHECK (((state)::text = ANY ((ARRAY['pending'::character varying, 'sending'::character varying, 'answered'::character varying])::text[])))
);
CREATE SEQUENCE public.telegram_update_update_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.telegram_update_update_id_seq OWNED BY public.telegram_update.update_id;
CREATE TABLE public.variant (
    sha256 character varying NOT NULL COLLATE pg_catalog."C",
    photo_id bigint NOT NULL
);
CREATE TABLE public.worker (
    id bigint NOT NULL,
    run_id bigint NOT NULL,
    host character varying NOT NULL COLLATE pg_catalog."C",
    pid bigint NOT NULL,
    started_at timestamp without time zone NOT NULL,
    expires_at timestamp without time zone NOT NULL,
    status character varying NOT NULL COLLATE pg_catalog."C",
    memory character varying NOT NULL COLLATE pg_catalog."C",
    engine character varying COLLATE pg_catalog."C",
    tagged bigint DEFAULT 0 NOT NULL,
    "none" bigint DEFAULT 0 NOT NULL,
    failed bigint DEFAULT 0 NOT NULL,
    inherited bigint DEFAULT 0 NOT NULL,
    progress json,
    CONSTRAINT ck_worker_status CHECK (((status)::text = ANY ((ARRAY['running'::character varying, 'done'::character varying, 'stopped'::character varying, 'failed'::character varying, 'died'::character varying])::text[])))
);
CREATE SEQUENCE public.worker_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.worker_id_seq OWNED BY public.worker.id;
ALTER TABLE ONLY public.decision ALTER COLUMN id SET DEFAULT nextval('public.decision_id_seq'::regclass);
ALTER TABLE ONLY public.file ALTER COLUMN id SET DEFAULT nextval('public.file_id_seq'::regclass);
ALTER TABLE ONLY public.job_run ALTER COLUMN id SET DEFAULT nextval('public.job_run_id_seq'::regclass);
ALTER TABLE ONLY public.landmark ALTER COLUMN id SET DEFAULT nextval('public.landmark_id_seq'::regclass);
ALTER TABLE ONLY public.model ALTER COLUMN id SET DEFAULT nextval('public.model_id_seq'::regclass);
ALTER TABLE ONLY public.photo ALTER COLUMN id SET DEFAULT nextval('public.photo_id_seq'::regclass);
ALTER TABLE ONLY public.photo_block ALTER COLUMN id SET DEFAULT nextval('public.photo_block_id_seq'::regclass);
ALTER TABLE ONLY public.run ALTER COLUMN id SET DEFAULT nextval('public.run_id_seq'::regclass);
ALTER TABLE ONLY public.task ALTER COLUMN id SET DEFAULT nextval('public.task_id_seq'::regclass);
ALTER TABLE ONLY public.telegram_answer ALTER COLUMN id SET DEFAULT nextval('public.telegram_answer_id_seq'::regclass);
ALTER TABLE ONLY public.telegram_chat ALTER COLUMN chat_id SET DEFAULT nextval('public.telegram_chat_chat_id_seq'::regclass);
ALTER TABLE ONLY public.telegram_person ALTER COLUMN user_id SET DEFAULT nextval('public.telegram_person_user_id_seq'::regclass);
ALTER TABLE ONLY public.telegram_photo ALTER COLUMN id SET DEFAULT nextval('public.telegram_photo_id_seq'::regclass);
ALTER TABLE ONLY public.telegram_update ALTER COLUMN update_id SET DEFAULT nextval('public.telegram_update_update_id_seq'::regclass);
ALTER TABLE ONLY public.worker ALTER COLUMN id SET DEFAULT nextval('public.worker_id_seq'::regclass);
INSERT INTO public.alembic_version VALUES ('0022');
INSERT INTO public.assessment VALUES (1, 1, 1, 'tagged', 3, '2026-11-29 06:32:29.32523', 'full');
INSERT INTO public.assessment VALUES (2, 1, 1, 'tagged', 3, '2026-11-29 06:32:29.32523', 'full');
INSERT INTO public.assessment VALUES (3, 1, 1, 'none', 3, '2026-11-29 06:32:29.32523', 'full');
INSERT INTO public.block_count VALUES (0, 2, 1);
INSERT INTO public.block_count VALUES (0, 3, 1);
INSERT INTO public.decision VALUES (1, 1, 'shows', 3, 'ann', 'test', '2026-11-29 06:32:29.544708', NULL, true, 0);
INSERT INTO public.file VALUES (1, '\x2f702f612e6a7067', 1, 1000, 1, '2026-11-29 06:32:29.325212', NULL, NULL);
INSERT INTO public.file VALUES (2, '\x2f702f622e6a7067', 1, 1000, 1, '2026-11-29 06:32:29.325212', NULL, NULL);
INSERT INTO public.file VALUES (3, '\x2f702f632e6a7067', 2, 1000, 1, '2026-11-29 06:32:29.325212', NULL, NULL);
INSERT INTO public.file VALUES (4, '\x2f702f642e6a7067', 3, 1000, 1, '2026-11-29 06:32:29.325212', NULL, NULL);
INSERT INTO public.landmark VALUES (1, 'eiffel_tower', 'Eiffel Tower', '["Tour Eiffel"]', 'France', 'Paris', 48.858, 2.294, 'Q243', '{}', '{}');
INSERT INTO public.landmark VALUES (2, 'sacre_coeur', 'Sacré-Cœur', '[]', 'France', 'Paris', 48.886, 2.343, NULL, '{}', '{}');
INSERT INTO public.landmark VALUES (3, 'machu_picchu', 'Machu Picchu', '[]', 'Peru', NULL, -13.163, -72.545, NULL, '{}', '{}');
INSERT INTO public.model VALUES (1, 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'lite', '1', '{"temperature": 1.3}', '2026-11-29 06:32:29.285236', 0);
INSERT INTO public.photo VALUES (2, '92b3b1c43b181905f01d7a411cfec1c08134886791277f535dd62c0a56d53294', 1000, 800, 600, 'JPEG', '2024-05-01 12:30:00', 'exif', '2026-11-29 06:32:29.32523', 1, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.photo VALUES (3, '53e7ce272e98ac48cecaaa2a7f102575663472843f0b835ceb4ac7220f392228', 1000, 800, 600, 'JPEG', '2024-05-01 12:30:00', 'exif', '2026-11-29 06:32:29.32523', 1, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.photo VALUES (1, '509b0d4641a7c3ba088ffa28559d1f57207ea980447bc1773b1d406d788386ee', 1000, 800, 600, 'JPEG', '2024-05-01 12:30:00', 'exif', '2026-11-29 06:32:29.32523', 1, NULL, NULL, NULL, NULL, NULL, 1);
INSERT INTO public.photo_block VALUES (0, '\x2f702f612e6a7067', '\x2f702f642e6a7067', '2024-05-01 12:30:00', '2024-05-01 12:30:00', false, false);
INSERT INTO public.run VALUES (1, 1, '2026-11-29 06:32:29.30866', NULL, 'running', 'openvino', 'CPU', 'bfloat16', 'the default on a CPU', '["/p"]', 3, '0.1.0', 0, 0, 0, 0, 0, 0, NULL, 0, 'tag', NULL, NULL, NULL, NULL, NULL, 0, 0);
INSERT INTO public.suggestion VALUES (1, 1, 1, 1, 1, 0.9, true, 0.9, NULL);
INSERT INTO public.suggestion VALUES (1, 1, 2, 1, 2, 0.45, false, 0.45, NULL);
INSERT INTO public.suggestion VALUES (1, 1, 3, 1, 3, 0.3, false, 0.3, NULL);
INSERT INTO public.suggestion VALUES (2, 1, 1, 1, 2, 0.9, true, 0.9, NULL);
INSERT INTO public.suggestion VALUES (2, 1, 2, 1, 1, 0.45, false, 0.45, NULL);
INSERT INTO public.suggestion VALUES (2, 1, 3, 1, 3, 0.3, false, 0.3, NULL);
INSERT INTO public.suggestion VALUES (3, 1, 1, 1, 1, 0.9, false, 0.9, NULL);
INSERT INTO public.suggestion VALUES (3, 1, 2, 1, 2, 0.45, false, 0.45, NULL);
INSERT INTO public.suggestion VALUES (3, 1, 3, 1, 3, 0.3, false, 0.3, NULL);
SELECT pg_catalog.setval('public.decision_id_seq', 1, true);
SELECT pg_catalog.setval('public.file_id_seq', 4, true);
SELECT pg_catalog.setval('public.job_run_id_seq', 1, false);
SELECT pg_catalog.setval('public.landmark_id_seq', 3, true);
SELECT pg_catalog.setval('public.model_id_seq', 1, true);
SELECT pg_catalog.setval('public.photo_block_id_seq', 1, false);
SELECT pg_catalog.setval('public.photo_id_seq', 3, true);
SELECT pg_catalog.setval('public.run_id_seq', 1, true);
SELECT pg_catalog.setval('public.task_id_seq', 1, false);
SELECT pg_catalog.setval('public.telegram_answer_id_seq', 1, false);
SELECT pg_catalog.setval('public.telegram_chat_chat_id_seq', 1, false);
SELECT pg_catalog.setval('public.telegram_person_user_id_seq', 1, false);
SELECT pg_catalog.setval('public.telegram_photo_id_seq', 1, false);
SELECT pg_catalog.setval('public.telegram_update_update_id_seq', 1, false);
SELECT pg_catalog.setval('public.worker_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT pk_assessment PRIMARY KEY (photo_id, model_id);
ALTER TABLE ONLY public.block_count
    ADD CONSTRAINT pk_block_count PRIMARY KEY (block_id, landmark_id);
ALTER TABLE ONLY public.canary
    ADD CONSTRAINT pk_canary PRIMARY KEY (sha256, model_id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT pk_decision PRIMARY KEY (id);
ALTER TABLE ONLY public.failure
    ADD CONSTRAINT pk_failure PRIMARY KEY (file_id);
ALTER TABLE ONLY public.file
    ADD CONSTRAINT pk_file PRIMARY KEY (id);
ALTER TABLE ONLY public.job_run
    ADD CONSTRAINT pk_job_run PRIMARY KEY (id);
ALTER TABLE ONLY public.landmark
    ADD CONSTRAINT pk_landmark PRIMARY KEY (id);
ALTER TABLE ONLY public.lease
    ADD CONSTRAINT pk_lease PRIMARY KEY (path);
ALTER TABLE ONLY public.model
    ADD CONSTRAINT pk_model PRIMARY KEY (id);
ALTER TABLE ONLY public.photo
    ADD CONSTRAINT pk_photo PRIMARY KEY (id);
ALTER TABLE ONLY public.photo_block
    ADD CONSTRAINT pk_photo_block PRIMARY KEY (id);
ALTER TABLE ONLY public.run
    ADD CONSTRAINT pk_run PRIMARY KEY (id);
ALTER TABLE ONLY public.run_lock
    ADD CONSTRAINT pk_run_lock PRIMARY KEY (name);
ALTER TABLE ONLY public.sidecar
    ADD CONSTRAINT pk_sidecar PRIMARY KEY (path);
ALTER TABLE ONLY public.sidecar_request
    ADD CONSTRAINT pk_sidecar_request PRIMARY KEY (photo_path);
ALTER TABLE ONLY public.skip
    ADD CONSTRAINT pk_skip PRIMARY KEY (photo_id, who);
ALTER TABLE ONLY public.suggestion
    ADD CONSTRAINT pk_suggestion PRIMARY KEY (photo_id, model_id, rank);
ALTER TABLE ONLY public.task
    ADD CONSTRAINT pk_task PRIMARY KEY (id);
ALTER TABLE ONLY public.telegram_answer
    ADD CONSTRAINT pk_telegram_answer PRIMARY KEY (id);
ALTER TABLE ONLY public.telegram_chat
    ADD CONSTRAINT pk_telegram_chat PRIMARY KEY (chat_id);
ALTER TABLE ONLY public.telegram_person
    ADD CONSTRAINT pk_telegram_person PRIMARY KEY (user_id);
ALTER TABLE ONLY public.telegram_photo
    ADD CONSTRAINT pk_telegram_photo PRIMARY KEY (id);
ALTER TABLE ONLY public.telegram_question
    ADD CONSTRAINT pk_telegram_question PRIMARY KEY (chat_id, message_id);
ALTER TABLE ONLY public.telegram_update
    ADD CONSTRAINT pk_telegram_update PRIMARY KEY (update_id);
ALTER TABLE ONLY public.variant
    ADD CONSTRAINT pk_variant PRIMARY KEY (sha256);
ALTER TABLE ONLY public.worker
    ADD CONSTRAINT pk_worker PRIMARY KEY (id);
ALTER TABLE ONLY public.file
    ADD CONSTRAINT uq_file_path UNIQUE (path);
ALTER TABLE ONLY public.landmark
    ADD CONSTRAINT uq_landmark_key UNIQUE (key);
ALTER TABLE ONLY public.model
    ADD CONSTRAINT uq_model_model_id UNIQUE (model_id);
ALTER TABLE ONLY public.photo
    ADD CONSTRAINT uq_photo_sha256 UNIQUE (sha256);
ALTER TABLE ONLY public.task
    ADD CONSTRAINT uq_task_path UNIQUE (path);
CREATE INDEX ix_assessment_assessed_at ON public.assessment USING btree (assessed_at);
CREATE INDEX ix_assessment_run_id ON public.assessment USING btree (run_id);
CREATE INDEX ix_assessment_status_model_id ON public.assessment USING btree (status, model_id);
CREATE INDEX ix_decision_landmark_id ON public.decision USING btree (landmark_id) WHERE (revoked_at IS NULL);
CREATE INDEX ix_decision_photo_id ON public.decision USING btree (photo_id);
CREATE UNIQUE INDEX ix_decision_photo_id_who_answer_id_landmark_id ON public.decision USING btree (photo_id, who, answer_id, landmark_id) WHERE (revoked_at IS NULL);
CREATE INDEX ix_file_photo_id ON public.file USING btree (photo_id);
CREATE INDEX ix_job_run_job_started_at ON public.job_run USING btree (job, started_at);
CREATE INDEX ix_lease_run_id ON public.lease USING btree (run_id);
CREATE INDEX ix_lease_worker_id ON public.lease USING btree (worker_id);
CREATE INDEX ix_photo_group_id ON public.photo USING btree (group_id) WHERE (group_id IS NOT NULL);
CREATE INDEX ix_photo_phash ON public.photo USING btree (phash) WHERE (phash IS NOT NULL);
CREATE UNIQUE INDEX ix_photo_picture ON public.photo USING btree (picture) WHERE (picture IS NOT NULL);
CREATE INDEX ix_photo_position ON public.photo USING btree (lat, lon) WHERE (lat IS NOT NULL);
CREATE INDEX ix_photo_taken_at ON public.photo USING btree (taken_at);
CREATE INDEX ix_sidecar_photo_path ON public.sidecar USING btree (photo_path);
CREATE INDEX ix_sidecar_sha256 ON public.sidecar USING btree (sha256);
CREATE INDEX ix_suggestion_tag ON public.suggestion USING btree (landmark_id, is_tag, photo_id, model_id, score) WHERE is_tag;
CREATE INDEX ix_suggestion_vote ON public.suggestion USING btree (photo_id) WHERE ((reason)::text ~~ '{"kind": "vote"%'::text);
CREATE INDEX ix_task_run_id ON public.task USING btree (run_id);
CREATE INDEX ix_telegram_answer_chat_id_album ON public.telegram_answer USING btree (chat_id, album);
CREATE INDEX ix_telegram_answer_user_id ON public.telegram_answer USING btree (user_id);
CREATE INDEX ix_telegram_chat_last_message_id ON public.telegram_chat USING btree (last_message_id);
CREATE INDEX ix_telegram_photo_answer_id ON public.telegram_photo USING btree (answer_id);
CREATE INDEX ix_telegram_photo_file_unique_id ON public.telegram_photo USING btree (file_unique_id);
CREATE INDEX ix_telegram_photo_photo_id ON public.telegram_photo USING btree (photo_id);
CREATE INDEX ix_telegram_photo_user_id ON public.telegram_photo USING btree (user_id);
CREATE INDEX ix_telegram_question_answer_id ON public.telegram_question USING btree (answer_id);
CREATE INDEX ix_telegram_update_open ON public.telegram_update USING btree (update_id) WHERE ((state)::text <> 'answered'::text);
CREATE INDEX ix_variant_photo_id ON public.variant USING btree (photo_id);
CREATE INDEX ix_worker_run_id ON public.worker USING btree (run_id);
CREATE TRIGGER decision_deleted AFTER DELETE ON public.decision FOR EACH ROW EXECUTE FUNCTION public.decision_deleted();
CREATE TRIGGER decision_inserted AFTER INSERT ON public.decision FOR EACH ROW EXECUTE FUNCTION public.decision_inserted();
CREATE TRIGGER decision_updated AFTER UPDATE ON public.decision FOR EACH ROW EXECUTE FUNCTION public.decision_updated();
CREATE TRIGGER file_deleted AFTER DELETE ON public.file FOR EACH ROW EXECUTE FUNCTION public.file_deleted();
CREATE TRIGGER file_inserted AFTER INSERT ON public.file FOR EACH ROW WHEN ((new.photo_id IS NOT NULL)) EXECUTE FUNCTION public.file_inserted();
CREATE TRIGGER file_updated AFTER UPDATE OF path, photo_id, gone_at ON public.file FOR EACH ROW EXECUTE FUNCTION public.file_updated();
CREATE TRIGGER photo_answered AFTER UPDATE OF current_model_id ON public.photo FOR EACH ROW EXECUTE FUNCTION public.photo_answered();
CREATE TRIGGER photo_updated AFTER UPDATE OF taken_at, lat ON public.photo FOR EACH ROW EXECUTE FUNCTION public.photo_updated();
CREATE TRIGGER suggestion_deleted AFTER DELETE ON public.suggestion FOR EACH ROW EXECUTE FUNCTION public.suggestion_deleted();
CREATE TRIGGER suggestion_updated AFTER UPDATE OF photo_id, landmark_id, is_tag ON public.suggestion FOR EACH ROW EXECUTE FUNCTION public.suggestion_updated();
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT fk_assessment_model_id FOREIGN KEY (model_id) REFERENCES public.model(id);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT fk_assessment_photo_id FOREIGN KEY (photo_id) REFERENCES public.photo(id);
ALTER TABLE ONLY public.assessment
    ADD CONSTRAINT fk_assessment_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.block_count
    ADD CONSTRAINT fk_block_count_block_id FOREIGN KEY (block_id) REFERENCES public.photo_block(id);
ALTER TABLE ONLY public.block_count
    ADD CONSTRAINT fk_block_count_landmark_id FOREIGN KEY (landmark_id) REFERENCES public.landmark(id);
ALTER TABLE ONLY public.canary
    ADD CONSTRAINT fk_canary_model_id FOREIGN KEY (model_id) REFERENCES public.model(id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT fk_decision_landmark_id FOREIGN KEY (landmark_id) REFERENCES public.landmark(id);
ALTER TABLE ONLY public.decision
    ADD CONSTRAINT fk_decision_photo_id FOREIGN KEY (photo_id) REFERENCES public.photo(id);
ALTER TABLE ONLY public.failure
    ADD CONSTRAINT fk_failure_file_id FOREIGN KEY (file_id) REFERENCES public.file(id);
ALTER TABLE ONLY public.failure
    ADD CONSTRAINT fk_failure_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.file
    ADD CONSTRAINT fk_file_photo_id FOREIGN KEY (photo_id) REFERENCES public.photo(id);
ALTER TABLE ONLY public.lease
    ADD CONSTRAINT fk_lease_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.photo
    ADD CONSTRAINT fk_photo_current_model_id FOREIGN KEY (current_model_id) REFERENCES public.model(id);
ALTER TABLE ONLY public.run
    ADD CONSTRAINT fk_run_model_id FOREIGN KEY (model_id) REFERENCES public.model(id);
ALTER TABLE ONLY public.skip
    ADD CONSTRAINT fk_skip_photo_id FOREIGN KEY (photo_id) REFERENCES public.photo(id) ON DELETE CASCADE;
ALTER TABLE ONLY public.suggestion
    ADD CONSTRAINT fk_suggestion_landmark_id FOREIGN KEY (landmark_id) REFERENCES public.landmark(id);
ALTER TABLE ONLY public.suggestion
    ADD CONSTRAINT fk_suggestion_photo_id_model_id FOREIGN KEY (photo_id, model_id) REFERENCES public.assessment(photo_id, model_id);
ALTER TABLE ONLY public.suggestion
    ADD CONSTRAINT fk_suggestion_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.task
    ADD CONSTRAINT fk_task_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.telegram_photo
    ADD CONSTRAINT fk_telegram_photo_answer_id FOREIGN KEY (answer_id) REFERENCES public.telegram_answer(id);
ALTER TABLE ONLY public.telegram_photo
    ADD CONSTRAINT fk_telegram_photo_landmark_id FOREIGN KEY (landmark_id) REFERENCES public.landmark(id);
ALTER TABLE ONLY public.telegram_photo
    ADD CONSTRAINT fk_telegram_photo_photo_id FOREIGN KEY (photo_id) REFERENCES public.photo(id);
ALTER TABLE ONLY public.telegram_question
    ADD CONSTRAINT fk_telegram_question_answer_id FOREIGN KEY (answer_id) REFERENCES public.telegram_answer(id);
ALTER TABLE ONLY public.variant
    ADD CONSTRAINT fk_variant_photo_id FOREIGN KEY (photo_id) REFERENCES public.photo(id);
ALTER TABLE ONLY public.worker
    ADD CONSTRAINT fk_worker_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
