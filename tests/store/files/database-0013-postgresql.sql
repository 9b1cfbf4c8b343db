CREATE TABLE public.agent (
    id text NOT NULL,
    sweep_id text NOT NULL,
    host text NOT NULL,
    node text NOT NULL,
    pid bigint NOT NULL,
    slot integer NOT NULL,
    gpus json NOT NULL,
    state text NOT NULL,
    trial_id text,
    trials_done integer NOT NULL,
    registered double precision NOT NULL,
    seen double precision NOT NULL,
    changed double precision,
    spent_s json,
    ready_until double precision
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.api_key (
    id text NOT NULL,
    digest text NOT NULL,
    name text NOT NULL,
    created double precision NOT NULL,
    role text,
    expires double precision
);
CREATE TABLE public.artifact (
    id text NOT NULL,
    project_id text NOT NULL,
    name text NOT NULL,
    version integer NOT NULL,
    kind text NOT NULL,
    digest text NOT NULL,
    size_bytes bigint NOT NULL,
    metadata json NOT NULL,
    created double precision NOT NULL
);
CREATE TABLE public.artifact_alias (
    project_id text NOT NULL,
    name text NOT NULL,
    alias text NOT NULL,
    version integer NOT NULL
);
CREATE TABLE public.artifact_file (
    artifact_id text NOT NULL,
    path text NOT NULL,
    digest text NOT NULL,
    size_bytes bigint NOT NULL
);
CREATE TABLE public.artifact_use (
    journal_id text NOT NULL,
    sequence bigint NOT NULL,
    run_id text NOT NULL,
    artifact_id text NOT NULL,
    role text NOT NULL,
    "time" double precision NOT NULL
);
CREATE TABLE public.aside (
    id bigint NOT NULL,
    journal_id text NOT NULL,
    "offset" bigint NOT NULL,
    size_bytes bigint NOT NULL,
    reason text NOT NULL,
    "time" double precision NOT NULL
);
CREATE SEQUENCE public.aside_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.aside_id_seq OWNED BY public.aside.id;
CREATE TABLE public.audit (
    id bigint NOT NULL,
    "time" double precision NOT NULL,
    key_name text NOT NULL,
    method text NOT NULL,
    path text NOT NULL,
    status integer NOT NULL
);
CREATE SEQUENCE public.audit_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.audit_id_seq OWNED BY public.audit.id;
CREATE TABLE public.blob (
    digest text NOT NULL,
    size_bytes bigint NOT NULL,
    created double precision NOT NULL
);
CREATE TABLE public.column_chunk (
    strand_id bigint NOT NULL,
    number integer NOT NULL,
    data bytea NOT NULL
);
CREATE TABLE public.console (
    id bigint NOT NULL,
    run_id text NOT NULL,
    journal_id text NOT NULL,
    sequence bigint NOT NULL,
    "time" double precision NOT NULL,
    stream text NOT NULL,
    line text NOT NULL
);
CREATE SEQUENCE public.console_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.console_id_seq OWNED BY public.console.id;
CREATE TABLE public.hot (
    id bigint NOT NULL,
    journal_id text NOT NULL,
    rows integer NOT NULL,
    data bytea NOT NULL
);
CREATE SEQUENCE public.hot_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.hot_id_seq OWNED BY public.hot.id;
CREATE TABLE public.journal (
    id text NOT NULL,
    run_id text,
    node_id text,
    rank integer NOT NULL,
    attempt integer NOT NULL,
    "offset" bigint NOT NULL,
    rows bigint NOT NULL,
    damaged bigint NOT NULL,
    header json NOT NULL,
    finish json,
    created double precision NOT NULL,
    updated double precision NOT NULL,
    resumed_step bigint
);
CREATE TABLE public.media (
    id bigint NOT NULL,
    run_id text NOT NULL,
    journal_id text NOT NULL,
    sequence bigint NOT NULL,
    step bigint NOT NULL,
    "time" double precision NOT NULL,
    key text NOT NULL,
    digest text NOT NULL,
    size_bytes bigint NOT NULL,
    mime text NOT NULL,
    caption text,
    "position" integer
);
CREATE SEQUENCE public.media_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.media_id_seq OWNED BY public.media.id;
CREATE TABLE public.node (
    id text NOT NULL,
    host text NOT NULL,
    cpu_count integer NOT NULL,
    memory_bytes bigint NOT NULL,
    gpus json NOT NULL,
    created double precision NOT NULL,
    seen double precision NOT NULL,
    changed double precision
);
CREATE TABLE public.page (
    strand_id bigint NOT NULL,
    level integer NOT NULL,
    number integer NOT NULL,
    data bytea NOT NULL
);
CREATE TABLE public.project (
    id text NOT NULL,
    name text NOT NULL,
    created double precision NOT NULL
);
CREATE TABLE public.report (
    trial_id text NOT NULL,
    number integer NOT NULL,
    step bigint NOT NULL,
    "time" double precision NOT NULL,
    value double precision NOT NULL
);
CREATE TABLE public.run (
    id text NOT NULL,
    project_id text NOT NULL,
    name text NOT NULL,
    "group" text NOT NULL,
    rank integer NOT NULL,
    local_rank integer NOT NULL,
    world_size integer NOT NULL,
    node_rank integer NOT NULL,
    attempt integer NOT NULL,
    mode text NOT NULL,
    job_type text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    exit_code integer,
    signal integer,
    host text NOT NULL,
    node_id text NOT NULL,
    "user" text NOT NULL,
    command json NOT NULL,
    gpus json NOT NULL,
    config json NOT NULL,
    logged json NOT NULL,
    summary json NOT NULL,
    tags json NOT NULL,
    notes text NOT NULL,
    sweep_id text,
    trial_id text,
    created double precision NOT NULL,
    updated double precision NOT NULL,
    ended double precision,
    rows bigint NOT NULL,
    changed double precision
);
CREATE TABLE public.series (
    id bigint NOT NULL,
    owner_kind text NOT NULL,
    owner_id text NOT NULL,
    key text NOT NULL,
    count bigint NOT NULL,
    nonfinite bigint NOT NULL,
    first_step bigint NOT NULL,
    last_step bigint NOT NULL,
    last_time double precision NOT NULL,
    last double precision,
    minimum double precision,
    maximum double precision,
    total double precision NOT NULL,
    first_time double precision,
    last_word text
);
CREATE SEQUENCE public.series_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.series_id_seq OWNED BY public.series.id;
CREATE TABLE public.strand (
    id bigint NOT NULL,
    series_id bigint NOT NULL,
    journal_id text NOT NULL,
    chunks integer NOT NULL,
    paged integer NOT NULL,
    tail bytea
);
CREATE SEQUENCE public.strand_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.strand_id_seq OWNED BY public.strand.id;
CREATE TABLE public.sweep (
    id text NOT NULL,
    project_id text NOT NULL,
    name text NOT NULL,
    description text NOT NULL,
    state text NOT NULL,
    reason text NOT NULL,
    config json NOT NULL,
    source text NOT NULL,
    run_cap integer,
    seed bigint NOT NULL,
    exhausted boolean NOT NULL,
    failures_in_row integer NOT NULL,
    created double precision NOT NULL,
    ended double precision,
    changed double precision,
    prior json
);
CREATE TABLE public.sweep_change (
    id bigint NOT NULL,
    sweep_id text NOT NULL,
    "time" double precision NOT NULL,
    key_name text NOT NULL,
    action text NOT NULL,
    detail json NOT NULL
);
CREATE SEQUENCE public.sweep_change_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;
ALTER SEQUENCE public.sweep_change_id_seq OWNED BY public.sweep_change.id;
CREATE TABLE public.trial (
    id text NOT NULL,
    sweep_id text NOT NULL,
    number integer NOT NULL,
    state text NOT NULL,
    params json NOT NULL,
    point json,
    attempt integer NOT NULL,
    agent_id text,
    lease_expires double precision,
    objective double precision,
    last_objective double precision,
    reports integer NOT NULL,
    reason text NOT NULL,
    exit_code integer,
    stderr_tail text NOT NULL,
    judged json NOT NULL,
    created double precision NOT NULL,
    started double precision,
    ended double precision,
    changed double precision,
    gpus integer,
    start_s double precision,
    gpu_s double precision,
    gang json,
    ignored boolean,
    note text
);
ALTER TABLE ONLY public.aside ALTER COLUMN id SET DEFAULT nextval('public.aside_id_seq'::regclass);
ALTER TABLE ONLY public.audit ALTER COLUMN id SET DEFAULT nextval('public.audit_id_seq'::regclass);
ALTER TABLE ONLY public.console ALTER COLUMN id SET DEFAULT nextval('public.console_id_seq'::regclass);
ALTER TABLE ONLY public.hot ALTER COLUMN id SET DEFAULT nextval('public.hot_id_seq'::regclass);
ALTER TABLE ONLY public.media ALTER COLUMN id SET DEFAULT nextval('public.media_id_seq'::regclass);
ALTER TABLE ONLY public.series ALTER COLUMN id SET DEFAULT nextval('public.series_id_seq'::regclass);
ALTER TABLE ONLY public.strand ALTER COLUMN id SET DEFAULT nextval('public.strand_id_seq'::regclass);
ALTER TABLE ONLY public.sweep_change ALTER COLUMN id SET DEFAULT nextval('public.sweep_change_id_seq'::regclass);
INSERT INTO public.agent VALUES ('aqtw4a37d4', 'zx6g2hy5nm', 'host-1', 'node-1', 7, 0, '["0"]', 'working', '32bajv1qqn', 0, 1700000000, 1700000003, 1795728955.3392782, NULL, NULL);
INSERT INTO public.alembic_version VALUES ('0013');
INSERT INTO public.api_key VALUES ('ppymgbdb3c2fz1h3', '0000000000000000000000000000000000000000000000000000000000000000', 'laptop', 1700000000, 'write', NULL);
INSERT INTO public.artifact VALUES ('re6v2ge8wp', '9hkss6dsch', 'data', 0, 'dataset', '8fb9ad347e729cca13845d2c477e26f776ca261d53befac2391b2889fa4ac404', 1, '{}', 1700000000);
INSERT INTO public.artifact_file VALUES ('re6v2ge8wp', 'a.txt', 'ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb', 1);
INSERT INTO public.artifact_use VALUES ('journal-1', 1104, 'run-1', 're6v2ge8wp', 'output', 1700000000);
INSERT INTO public.aside VALUES (1, 'journal-1', 44852, 167, 'the values are nested more than 32 deep', 1700001000);
INSERT INTO public.column_chunk VALUES (1, 0, '\x0004000000000084010000000000000001000000000000000000000000000000010000000000000040822d18240a060040420f00000000003a0000007801edd3411100300c02309cadd22a6552266d571d0d1ffe3948840001020408105827d0a9be2f0a81152c3cc2a94914022bd877840f6f2c5a8c');
INSERT INTO public.console VALUES (1, 'run-1', 'journal-1', 1101, 1700000000, 'stdout', 'a line');
INSERT INTO public.console VALUES (2, 'run-2', 'journal-2', 3, 1700000000, 'stdout', 'working');
INSERT INTO public.hot VALUES (2, 'journal-2', 2, '\x919691a876616c2f6c6f7373c41001000000000000000200000000000000c41000000000000000000100000000000000c41040822d18240a060080c43c18240a0600c410000000000000e03f000000000000d03fa0');
INSERT INTO public.hot VALUES (3, 'journal-n', 2, '\x929691ab6370752e70657263656e74c4080100000000000000c4080100000000000000c40840822d18240a0600c4080000000000002840a09691a774687265616473c4080200000000000000c40802f1536500000000c40880c43c18240a0600c4080000000000003440ad70726f636573733a72756e2d32');
INSERT INTO public.journal VALUES ('journal-1', 'run-1', NULL, 0, 0, 45058, 1100, 1, '["h","journal-1",1700000000.0,[1,1700000000.0,"node-1","host-1","",[]],["run-1","project-1","a name","group-1",0,0,1,0,0,"single","",{"lr":0.1,"net":{"depth":3}},[],"",null,null,[],null],null,""]', '{"state":"finished","exit_code":0,"signal":null,"reason":"","writer":"run","time":1700001106.0}', 1700000000, 1700001000, NULL);
INSERT INTO public.journal VALUES ('journal-2', 'run-2', NULL, 0, 0, 252, 2, 0, '["h","journal-2",1700000000.0,[1,1700000000.0,"node-1","host-1","",[]],["run-2","project-1","a name","32bajv1qqn",0,0,1,0,0,"single","",{},[],"",null,"32bajv1qqn",[],null],null,""]', NULL, 1700000000, 1700001000, NULL);
INSERT INTO public.journal VALUES ('journal-n', NULL, 'node-1', 0, 0, 183, 1, 0, '["h","journal-n",1700000000.0,[1,1700000000.0,"node-1","host-1","",[]],null,["node-1","host-1",4,17179869184,[],[]],""]', NULL, 1700000000, 1700001000, NULL);
INSERT INTO public.media VALUES (1, 'run-1', 'journal-1', 1103, 3, 1700000000, 'picture', 'a5df3fde7b200c3fa2791144c7e05c5c2bced4c6ad863d3a4cf76c972c1712f9', 8, 'image/png', '', 0);
INSERT INTO public.node VALUES ('node-1', 'host-1', 4, 17179869184, '[]', 1700000000, 1700000002, 1795728955.548633);
INSERT INTO public.page VALUES (1, 1, 0, '\x0100000000000000400000000000000000000000000000003f0000000000000040822d18240a060000d0ee1b240a06000000000000000000000000000000184000000000000000000000000000a0674040000000000000004100000000000000800000000000000040000000000000007f000000000000004012fe1b240a06000060bf1f240a060000000000000000000000000000001840000000000000f03f0000000000c0674040000000000000008100000000000000c0000000000000008000000000000000bf0000000000000040a2ce1f240a060000f08f23240a06000000000000000000000000000000184000000000000000400000000000e067404000000000000000c1000000000000000001000000000000c000000000000000ff0000000000000040329f23240a060000806027240a0600000000000000000000000000000018400000000000000840000000000000684040000000000000000101000000000000400100000000000000010000000000003f0100000000000040c26f27240a06000010312b240a0600000000000000000000000000000018400000000000001040000000000020684040000000000000004101000000000000800100000000000040010000000000007f010000000000004052402b240a060000a0012f240a0600000000000000000000000000000018400000000000001440000000000040684040000000000000008101000000000000c0010000000000008001000000000000bf0100000000000040e2102f240a06000030d232240a060000000000000000000000000000001840000000000000184000000000006068404000000000000000c1010000000000000002000000000000c001000000000000ff010000000000004072e132240a060000c0a236240a06000000000000000000000000000000184000000000000000000000000000a0674040000000000000000102000000000000400200000000000000020000000000003f020000000000004002b236240a06000050733a240a060000000000000000000000000000001840000000000000f03f0000000000c0674040000000000000004102000000000000800200000000000040020000000000007f020000000000004092823a240a060000e0433e240a06000000000000000000000000000000184000000000000000400000000000e0674040000000000000008102000000000000c0020000000000008002000000000000bf020000000000004022533e240a060000701442240a060000000000000000000000000000001840000000000000084000000000000068404000000000000000c1020000000000000003000000000000c002000000000000ff0200000000000040b22342240a06000000e545240a0600000000000000000000000000000018400000000000001040000000000020684040000000000000000103000000000000400300000000000000030000000000003f030000000000004042f445240a06000090b549240a0600000000000000000000000000000018400000000000001440000000000040684040000000000000004103000000000000800300000000000040030000000000007f0300000000000040d2c449240a06000020864d240a0600000000000000000000000000000018400000000000001840000000000060684040000000000000008103000000000000c0030000000000008003000000000000bf030000000000004062954d240a060000b05651240a06000000000000000000000000000000184000000000000000000000000000a067404000000000000000c1030000000000000004000000000000c003000000000000ff0300000000000040f26551240a060000402755240a060000000000000000000000000000001840000000000000f03f0000000000c067404000000000000000');
INSERT INTO public.project VALUES ('9hkss6dsch', 'project-1', 1700000000);
INSERT INTO public.report VALUES ('32bajv1qqn', 1, 0, 1700000001, 0.5);
INSERT INTO public.report VALUES ('32bajv1qqn', 2, 1, 1700000002, 0.25);
INSERT INTO public.run VALUES ('run-1', '9hkss6dsch', 'a name', 'group-1', 0, 0, 1, 0, 0, 'single', '', 'finished', '', 0, NULL, 'host-1', 'node-1', '', '[]', '[]', '{"lr":0.1,"net":{"depth":3}}', '{"loss":0.0}', '{"best":0.5}', '[]', '', NULL, NULL, 1700000000, 1700001106, 1700001106, 1100, 1795728955.5121694);
INSERT INTO public.run VALUES ('run-2', '9hkss6dsch', 'a name', '32bajv1qqn', 0, 0, 1, 0, 0, 'single', '', 'running', '', NULL, NULL, 'host-1', 'node-1', '', '[]', '[]', '{}', '{"val/loss":0.25}', '{}', '[]', '', NULL, '32bajv1qqn', 1700000000, 1700000002, NULL, 2, 1795728955.5196838);
INSERT INTO public.series VALUES (1, 'run', 'run-1', 'loss', 1100, 0, 0, 1099, 1700001100, 0, 0, 6, 3297, 1700000001, NULL);
INSERT INTO public.strand VALUES (1, 1, 'journal-1', 1, 1, '\x4c00000000000004010400000000000001000000000000000004000000000000010000000000000040823655240a060040420f00000000000000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c040000000000000803f0000004000004040000080400000a0400000c04000000000');
INSERT INTO public.sweep VALUES ('zx6g2hy5nm', '9hkss6dsch', 'a sweep', '', 'running', '', '{"method":"random","metric":{"name":"val/loss","goal":"minimize"},"parameters":{"lr":{"min":0.001,"max":0.1}},"seed":3,"early_terminate":{"type":"hyperband","min_iter":1}}', 'method: random
', NULL, 3, false, 0, 1700000000, NULL, 1795728954.961057, NULL);
INSERT INTO public.trial VALUES ('z1assnjbgt', 'zx6g2hy5nm', 2, 'pending', '{"lr":0.02}', NULL, 1, NULL, NULL, NULL, NULL, 0, '', NULL, '', '{}', 1700000001, NULL, NULL, 1795728955.3134358, NULL, NULL, NULL, NULL, NULL, NULL);
INSERT INTO public.trial VALUES ('32bajv1qqn', 'zx6g2hy5nm', 1, 'running', '{"lr":0.01}', NULL, 1, 'aqtw4a37d4', 1701000002, 0.25, 0.25, 2, '', NULL, '', '{"bands":[1],"nonfinite":0,"attempt":1,"rungs":{"1":0.5},"position":2.0}', 1700000000, 1700000003, NULL, 1795728955.5344253, NULL, NULL, NULL, NULL, NULL, NULL);
SELECT pg_catalog.setval('public.aside_id_seq', 1, true);
SELECT pg_catalog.setval('public.audit_id_seq', 1, false);
SELECT pg_catalog.setval('public.console_id_seq', 2, true);
SELECT pg_catalog.setval('public.hot_id_seq', 3, true);
SELECT pg_catalog.setval('public.media_id_seq', 1, true);
SELECT pg_catalog.setval('public.series_id_seq', 1, true);
SELECT pg_catalog.setval('public.strand_id_seq', 1, true);
SELECT pg_catalog.setval('public.sweep_change_id_seq', 1, false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.agent
    ADD CONSTRAINT pk_agent PRIMARY KEY (id);
ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT pk_api_key PRIMARY KEY (id);
ALTER TABLE ONLY public.artifact
    ADD CONSTRAINT pk_artifact PRIMARY KEY (id);
ALTER TABLE ONLY public.artifact_alias
    ADD CONSTRAINT pk_artifact_alias PRIMARY KEY (project_id, name, alias);
ALTER TABLE ONLY public.artifact_file
    ADD CONSTRAINT pk_artifact_file PRIMARY KEY (artifact_id, path);
ALTER TABLE ONLY public.artifact_use
    ADD CONSTRAINT pk_artifact_use PRIMARY KEY (journal_id, sequence);
ALTER TABLE ONLY public.aside
    ADD CONSTRAINT pk_aside PRIMARY KEY (id);
ALTER TABLE ONLY public.audit
    ADD CONSTRAINT pk_audit PRIMARY KEY (id);
ALTER TABLE ONLY public.blob
    ADD CONSTRAINT pk_blob PRIMARY KEY (digest);
ALTER TABLE ONLY public.column_chunk
    ADD CONSTRAINT pk_column_chunk PRIMARY KEY (strand_id, number);
ALTER TABLE ONLY public.console
    ADD CONSTRAINT pk_console PRIMARY KEY (id);
ALTER TABLE ONLY public.hot
    ADD CONSTRAINT pk_hot PRIMARY KEY (id);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT pk_journal PRIMARY KEY (id);
ALTER TABLE ONLY public.media
    ADD CONSTRAINT pk_media PRIMARY KEY (id);
ALTER TABLE ONLY public.node
    ADD CONSTRAINT pk_node PRIMARY KEY (id);
ALTER TABLE ONLY public.page
    ADD CONSTRAINT pk_page PRIMARY KEY (strand_id, level, number);
ALTER TABLE ONLY public.project
    ADD CONSTRAINT pk_project PRIMARY KEY (id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT pk_report PRIMARY KEY (trial_id, number);
ALTER TABLE ONLY public.run
    ADD CONSTRAINT pk_run PRIMARY KEY (id);
ALTER TABLE ONLY public.series
    ADD CONSTRAINT pk_series PRIMARY KEY (id);
ALTER TABLE ONLY public.strand
    ADD CONSTRAINT pk_strand PRIMARY KEY (id);
ALTER TABLE ONLY public.sweep
    ADD CONSTRAINT pk_sweep PRIMARY KEY (id);
ALTER TABLE ONLY public.sweep_change
    ADD CONSTRAINT pk_sweep_change PRIMARY KEY (id);
ALTER TABLE ONLY public.trial
    ADD CONSTRAINT pk_trial PRIMARY KEY (id);
ALTER TABLE ONLY public.api_key
    ADD CONSTRAINT uq_api_key_digest UNIQUE (digest);
ALTER TABLE ONLY public.artifact
    ADD CONSTRAINT uq_artifact_project_id_name_version UNIQUE (project_id, name, version);
ALTER TABLE ONLY public.project
    ADD CONSTRAINT uq_project_name UNIQUE (name);
ALTER TABLE ONLY public.series
    ADD CONSTRAINT uq_series_owner_kind_owner_id_key UNIQUE (owner_kind, owner_id, key);
ALTER TABLE ONLY public.strand
    ADD CONSTRAINT uq_strand_series_id_journal_id UNIQUE (series_id, journal_id);
ALTER TABLE ONLY public.trial
    ADD CONSTRAINT uq_trial_sweep_id_number UNIQUE (sweep_id, number);
CREATE INDEX ix_agent_changed ON public.agent USING btree (changed);
CREATE INDEX ix_agent_sweep_id ON public.agent USING btree (sweep_id);
CREATE INDEX ix_artifact_file_digest ON public.artifact_file USING btree (digest);
CREATE INDEX ix_artifact_use_artifact_id ON public.artifact_use USING btree (artifact_id);
CREATE INDEX ix_artifact_use_run_id ON public.artifact_use USING btree (run_id);
CREATE INDEX ix_aside_journal_id ON public.aside USING btree (journal_id);
CREATE INDEX ix_console_run_id_id ON public.console USING btree (run_id, id);
CREATE INDEX ix_hot_journal_id ON public.hot USING btree (journal_id);
CREATE INDEX ix_journal_node_id ON public.journal USING btree (node_id);
CREATE INDEX ix_journal_run_id ON public.journal USING btree (run_id);
CREATE INDEX ix_media_digest ON public.media USING btree (digest);
CREATE INDEX ix_media_journal_id ON public.media USING btree (journal_id);
CREATE INDEX ix_media_run_id_id ON public.media USING btree (run_id, id);
CREATE INDEX ix_node_changed ON public.node USING btree (changed);
CREATE INDEX ix_run_changed ON public.run USING btree (changed);
CREATE INDEX ix_run_group ON public.run USING btree ("group");
CREATE INDEX ix_run_project_id_created ON public.run USING btree (project_id, created);
CREATE INDEX ix_run_sweep_id ON public.run USING btree (sweep_id);
CREATE INDEX ix_run_trial_id ON public.run USING btree (trial_id);
CREATE INDEX ix_strand_journal_id ON public.strand USING btree (journal_id);
CREATE INDEX ix_sweep_change_sweep_id ON public.sweep_change USING btree (sweep_id);
CREATE INDEX ix_sweep_changed ON public.sweep USING btree (changed);
CREATE INDEX ix_sweep_project_id_created ON public.sweep USING btree (project_id, created);
CREATE INDEX ix_trial_agent_id ON public.trial USING btree (agent_id);
CREATE INDEX ix_trial_changed ON public.trial USING btree (changed);
CREATE INDEX ix_trial_sweep_id_state ON public.trial USING btree (sweep_id, state);
ALTER TABLE ONLY public.agent
    ADD CONSTRAINT fk_agent_sweep_id FOREIGN KEY (sweep_id) REFERENCES public.sweep(id);
ALTER TABLE ONLY public.artifact_alias
    ADD CONSTRAINT fk_artifact_alias_project_id FOREIGN KEY (project_id) REFERENCES public.project(id);
ALTER TABLE ONLY public.artifact_file
    ADD CONSTRAINT fk_artifact_file_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.artifact(id);
ALTER TABLE ONLY public.artifact
    ADD CONSTRAINT fk_artifact_project_id FOREIGN KEY (project_id) REFERENCES public.project(id);
ALTER TABLE ONLY public.artifact_use
    ADD CONSTRAINT fk_artifact_use_artifact_id FOREIGN KEY (artifact_id) REFERENCES public.artifact(id);
ALTER TABLE ONLY public.artifact_use
    ADD CONSTRAINT fk_artifact_use_journal_id FOREIGN KEY (journal_id) REFERENCES public.journal(id);
ALTER TABLE ONLY public.artifact_use
    ADD CONSTRAINT fk_artifact_use_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.aside
    ADD CONSTRAINT fk_aside_journal_id FOREIGN KEY (journal_id) REFERENCES public.journal(id);
ALTER TABLE ONLY public.column_chunk
    ADD CONSTRAINT fk_column_chunk_strand_id FOREIGN KEY (strand_id) REFERENCES public.strand(id);
ALTER TABLE ONLY public.console
    ADD CONSTRAINT fk_console_journal_id FOREIGN KEY (journal_id) REFERENCES public.journal(id);
ALTER TABLE ONLY public.console
    ADD CONSTRAINT fk_console_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.hot
    ADD CONSTRAINT fk_hot_journal_id FOREIGN KEY (journal_id) REFERENCES public.journal(id);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT fk_journal_node_id FOREIGN KEY (node_id) REFERENCES public.node(id);
ALTER TABLE ONLY public.journal
    ADD CONSTRAINT fk_journal_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.media
    ADD CONSTRAINT fk_media_journal_id FOREIGN KEY (journal_id) REFERENCES public.journal(id);
ALTER TABLE ONLY public.media
    ADD CONSTRAINT fk_media_run_id FOREIGN KEY (run_id) REFERENCES public.run(id);
ALTER TABLE ONLY public.page
    ADD CONSTRAINT fk_page_strand_id FOREIGN KEY (strand_id) REFERENCES public.strand(id);
ALTER TABLE ONLY public.report
    ADD CONSTRAINT fk_report_trial_id FOREIGN KEY (trial_id) REFERENCES public.trial(id);
ALTER TABLE ONLY public.run
    ADD CONSTRAINT fk_run_project_id FOREIGN KEY (project_id) REFERENCES public.project(id);
ALTER TABLE ONLY public.strand
    ADD CONSTRAINT fk_strand_journal_id FOREIGN KEY (journal_id) REFERENCES public.journal(id);
ALTER TABLE ONLY public.strand
    ADD CONSTRAINT fk_strand_series_id FOREIGN KEY (series_id) REFERENCES public.series(id);
ALTER TABLE ONLY public.sweep_change
    ADD CONSTRAINT fk_sweep_change_sweep_id FOREIGN KEY (sweep_id) REFERENCES public.sweep(id);
ALTER TABLE ONLY public.sweep
    ADD CONSTRAINT fk_sweep_project_id FOREIGN KEY (project_id) REFERENCES public.project(id);
ALTER TABLE ONLY public.trial
    ADD CONSTRAINT fk_trial_sweep_id FOREIGN KEY (sweep_id) REFERENCES public.sweep(id);
