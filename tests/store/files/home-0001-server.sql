BEGIN TRANSACTION;
CREATE TABLE agent (
	id TEXT NOT NULL, 
	sweep_id TEXT NOT NULL, 
	host TEXT NOT NULL, 
	node TEXT NOT NULL, 
	pid INTEGER NOT NULL, 
	slot INTEGER NOT NULL, 
	gpus JSON NOT NULL, 
	state TEXT NOT NULL, 
	trial_id TEXT, 
	trials_done INTEGER NOT NULL, 
	registered DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	changed DOUBLE, 
	spent_s JSON, 
	ready_until DOUBLE, 
	CONSTRAINT pk_agent PRIMARY KEY (id), 
	CONSTRAINT fk_agent_sweep_id FOREIGN KEY(sweep_id) REFERENCES sweep (id)
);
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0001_initial');
CREATE TABLE api_key (
	id TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	role TEXT, 
	expires DOUBLE, 
	CONSTRAINT pk_api_key PRIMARY KEY (id), 
	CONSTRAINT uq_api_key_digest UNIQUE (digest)
);
INSERT INTO "api_key" VALUES('2h4j6f44dag2bbhp','b0fd1cb541ae5108ac50adfbffaf7e03664c41985c8ff5165ed1837dd665c6e3','vm:/tmp/st_oldhome',1.79578116795484614377e+09,NULL,NULL);
CREATE TABLE artifact (
	id TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	kind TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	metadata JSON NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_artifact PRIMARY KEY (id), 
	CONSTRAINT fk_artifact_project_id FOREIGN KEY(project_id) REFERENCES project (id), 
	CONSTRAINT uq_artifact_project_id_name_version UNIQUE (project_id, name, version)
);
CREATE TABLE artifact_alias (
	project_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	alias TEXT NOT NULL, 
	version INTEGER NOT NULL, 
	CONSTRAINT pk_artifact_alias PRIMARY KEY (project_id, name, alias), 
	CONSTRAINT fk_artifact_alias_project_id FOREIGN KEY(project_id) REFERENCES project (id)
);
CREATE TABLE artifact_file (
	artifact_id TEXT NOT NULL, 
	path TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	CONSTRAINT pk_artifact_file PRIMARY KEY (artifact_id, path), 
	CONSTRAINT fk_artifact_file_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id)
);
CREATE TABLE artifact_use (
	journal_id TEXT NOT NULL, 
	sequence INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	artifact_id TEXT NOT NULL, 
	role TEXT NOT NULL, 
	time DOUBLE NOT NULL, 
	CONSTRAINT pk_artifact_use PRIMARY KEY (journal_id, sequence), 
	CONSTRAINT fk_artifact_use_artifact_id FOREIGN KEY(artifact_id) REFERENCES artifact (id), 
	CONSTRAINT fk_artifact_use_journal_id FOREIGN KEY(journal_id) REFERENCES journal (id), 
	CONSTRAINT fk_artifact_use_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);
CREATE TABLE audit (
	id INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	key_name TEXT NOT NULL, 
	method TEXT NOT NULL, 
	path TEXT NOT NULL, 
	status INTEGER NOT NULL, 
	CONSTRAINT pk_audit PRIMARY KEY (id)
);
CREATE TABLE blob (
	digest TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_blob PRIMARY KEY (digest)
);
CREATE TABLE column_chunk (
	segment_id INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_column_chunk PRIMARY KEY (segment_id, number), 
	CONSTRAINT fk_column_chunk_segment_id FOREIGN KEY(segment_id) REFERENCES segment (id)
);
CREATE TABLE console (
	id INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	journal_id TEXT NOT NULL, 
	sequence INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	stream TEXT NOT NULL, 
	line TEXT NOT NULL, 
	CONSTRAINT pk_console PRIMARY KEY (id), 
	CONSTRAINT fk_console_journal_id FOREIGN KEY(journal_id) REFERENCES journal (id), 
	CONSTRAINT fk_console_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);
CREATE TABLE journal (
	id TEXT NOT NULL, 
	run_id TEXT, 
	node_id TEXT, 
	rank INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	"offset" INTEGER NOT NULL, 
	rows INTEGER NOT NULL, 
	damaged INTEGER NOT NULL, 
	header JSON NOT NULL, 
	finish JSON, 
	created DOUBLE NOT NULL, 
	updated DOUBLE NOT NULL, 
	resumed_step INTEGER, 
	CONSTRAINT pk_journal PRIMARY KEY (id), 
	CONSTRAINT fk_journal_node_id FOREIGN KEY(node_id) REFERENCES node (id), 
	CONSTRAINT fk_journal_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);
INSERT INTO "journal" VALUES('j-xfn7mp2esc','r-cgbr02mhq5y5rvdy',NULL,0,0,2386,50,0,'["h","j-xfn7mp2esc",1795781164.6896036,[27326,456935.0,"n-t2mcq54p5veg13p5","vm","root",["/work/wt/states/.venv/bin/python","-c","import os,sys,time\nimport lightning_sweeps as ls\nimport lightning_sweeps; assert ''/tmp/st_old'' in lightning_sweeps.__file__\nr=ls.init(''before'',config={''lr'':0.1},name=''stored'')\nfor i in range(50): r.log({''x'':i,''phase'':''train''})\nls.finish()"]],["r-cgbr02mhq5y5rvdy","before","stored","g-xcy96pffr67ew4gv",0,0,1,0,0,"grouped","",{"lr":0.1},[],"",null,null,[],null],null,""]','{"state":"finished","exit_code":null,"signal":null,"reason":"","writer":"run","time":1795781164.759529}',1.7957811646896035671e+09,1.79578116856332921976e+09,NULL);
INSERT INTO "journal" VALUES('j-j7bwezbkge',NULL,'n-t2mcq54p5veg13p5',0,0,872,2,0,'["h","j-j7bwezbkge",1795781165.299283,[27314,456333.0,"n-t2mcq54p5veg13p5","vm","root",["/work/wt/states/.venv/bin/python","-m","lightning_sweeps.service","--home","/tmp/st_oldhome"]],null,["n-t2mcq54p5veg13p5","vm",2,25276063744,[],[]],""]',NULL,1.79578116529928302766e+09,1.79578117564035582547e+09,NULL);
INSERT INTO "journal" VALUES('j-zkrtyqpxez','r-ayvmtay82w1gkxan',NULL,0,0,239008,2,1,'["h","j-zkrtyqpxez",1795781168.4713695,[27329,457214.0,"n-t2mcq54p5veg13p5","vm","root",["/work/wt/states/.venv/bin/python","-c","import os,sys,time\nimport lightning_sweeps as ls\nr=ls.init(''before'',name=''rejected'')\nr.log({''x'':1.0})\nr.log({f''k{i}'':i for i in range(25000)})\nr.log({''x'':2.0})\nls.finish()"]],["r-ayvmtay82w1gkxan","before","rejected","g-dxpxhxqrvhsq3mrd",0,0,1,0,0,"grouped","",{},[],"",null,null,[],null],null,""]','{"state":"finished","exit_code":null,"signal":null,"reason":"","writer":"run","time":1795781168.7320588}',1.79578116847136950496e+09,1.79578116929771900173e+09,NULL);
INSERT INTO "journal" VALUES('j-8pcefdykc8','r-v3kt20b64nhbhkt7',NULL,0,0,1709,50,0,'["h","j-8pcefdykc8",1795781174.838215,[27383,458019.0,"n-t2mcq54p5veg13p5","vm","root",["/work/wt/states/.venv/bin/python","-c","import os,sys,time\nimport lightning_sweeps as ls\nr=ls.init(''before'',name=''waiting'')\nfor i in range(50): r.log({''x'':i})\ntime.sleep(100)"]],["r-v3kt20b64nhbhkt7","before","waiting","g-xv9ej1svbtvyg3ff",0,0,1,0,0,"grouped","",{},[],"",null,null,[],null],null,""]','{"state":"killed","exit_code":null,"signal":9,"reason":"killed by signal 9 (SIGKILL)","writer":"service","time":1795781177.4160926}',1.79578117483821511268e+09,1.79578117748550367353e+09,NULL);
CREATE TABLE media (
	id INTEGER NOT NULL, 
	run_id TEXT NOT NULL, 
	journal_id TEXT NOT NULL, 
	sequence INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	"key" TEXT NOT NULL, 
	digest TEXT NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	mime TEXT NOT NULL, 
	caption TEXT, 
	position INTEGER, 
	CONSTRAINT pk_media PRIMARY KEY (id), 
	CONSTRAINT fk_media_journal_id FOREIGN KEY(journal_id) REFERENCES journal (id), 
	CONSTRAINT fk_media_run_id FOREIGN KEY(run_id) REFERENCES run (id)
);
CREATE TABLE node (
	id TEXT NOT NULL, 
	host TEXT NOT NULL, 
	cpu_count INTEGER NOT NULL, 
	memory_bytes INTEGER NOT NULL, 
	gpus JSON NOT NULL, 
	created DOUBLE NOT NULL, 
	seen DOUBLE NOT NULL, 
	changed DOUBLE, 
	CONSTRAINT pk_node PRIMARY KEY (id)
);
INSERT INTO "node" VALUES('n-t2mcq54p5veg13p5','vm',2,25276063744,'[]',1.79578116529928302766e+09,1.79578117503310966487e+09,1.79578117564225339889e+09);
CREATE TABLE project (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_project PRIMARY KEY (id), 
	CONSTRAINT uq_project_name UNIQUE (name)
);
INSERT INTO "project" VALUES('z3phm6kbya','before',1.79578116856332921976e+09);
CREATE TABLE rejected_record (
	id INTEGER NOT NULL, 
	journal_id TEXT NOT NULL, 
	"offset" INTEGER NOT NULL, 
	size_bytes INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	time DOUBLE NOT NULL, 
	CONSTRAINT pk_rejected_record PRIMARY KEY (id), 
	CONSTRAINT fk_rejected_record_journal_id FOREIGN KEY(journal_id) REFERENCES journal (id)
);
INSERT INTO "rejected_record" VALUES(1,'j-zkrtyqpxez',406,238531,'the record has more than 20000 keys',1.79578116929771900173e+09);
CREATE TABLE report (
	trial_id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	step INTEGER NOT NULL, 
	time DOUBLE NOT NULL, 
	value DOUBLE NOT NULL, 
	CONSTRAINT pk_report PRIMARY KEY (trial_id, number), 
	CONSTRAINT fk_report_trial_id FOREIGN KEY(trial_id) REFERENCES trial (id)
);
CREATE TABLE rollup_page (
	segment_id INTEGER NOT NULL, 
	level INTEGER NOT NULL, 
	number INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_rollup_page PRIMARY KEY (segment_id, level, number), 
	CONSTRAINT fk_rollup_page_segment_id FOREIGN KEY(segment_id) REFERENCES segment (id)
);
CREATE TABLE run (
	project_id TEXT NOT NULL, 
	logged JSON NOT NULL, 
	changed DOUBLE, 
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	"group" TEXT NOT NULL, 
	rank INTEGER NOT NULL, 
	world_size INTEGER NOT NULL, 
	attempt INTEGER NOT NULL, 
	mode TEXT NOT NULL, 
	job_type TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	exit_code INTEGER, 
	signal INTEGER, 
	host TEXT NOT NULL, 
	node_id TEXT NOT NULL, 
	config JSON NOT NULL, 
	summary JSON NOT NULL, 
	tags JSON NOT NULL, 
	notes TEXT NOT NULL, 
	sweep_id TEXT, 
	trial_id TEXT, 
	created DOUBLE NOT NULL, 
	updated DOUBLE NOT NULL, 
	ended DOUBLE, 
	rows INTEGER NOT NULL, 
	user TEXT NOT NULL, 
	command JSON NOT NULL, 
	gpus JSON NOT NULL, 
	local_rank INTEGER NOT NULL, 
	node_rank INTEGER NOT NULL, 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT fk_run_project_id FOREIGN KEY(project_id) REFERENCES project (id)
);
INSERT INTO "run" VALUES('z3phm6kbya','{"x":49,"phase":"train"}',1795781168.72054,'r-cgbr02mhq5y5rvdy','stored','g-xcy96pffr67ew4gv',0,1,0,'grouped','','finished','',NULL,NULL,'vm','n-t2mcq54p5veg13p5','{"lr":0.1}','{}','[]','',NULL,NULL,1.7957811646896035671e+09,1.79578116475952911379e+09,1.79578116475952911379e+09,50,'root','["/work/wt/states/.venv/bin/python","-c","import os,sys,time\nimport lightning_sweeps as ls\nimport lightning_sweeps; assert ''/tmp/st_old'' in lightning_sweeps.__file__\nr=ls.init(''before'',config={''lr'':0.1},name=''stored'')\nfor i in range(50): r.log({''x'':i,''phase'':''train''})\nls.finish()"]','[]',0,0);
INSERT INTO "run" VALUES('z3phm6kbya','{"x":2.0}',1.79578116933352637286e+09,'r-ayvmtay82w1gkxan','rejected','g-dxpxhxqrvhsq3mrd',0,1,0,'grouped','','finished','',NULL,NULL,'vm','n-t2mcq54p5veg13p5','{}','{}','[]','',NULL,NULL,1.79578116847136950496e+09,1.79578116873205876355e+09,1.79578116873205876355e+09,2,'root','["/work/wt/states/.venv/bin/python","-c","import os,sys,time\nimport lightning_sweeps as ls\nr=ls.init(''before'',name=''rejected'')\nr.log({''x'':1.0})\nr.log({f''k{i}'':i for i in range(25000)})\nr.log({''x'':2.0})\nls.finish()"]','[]',0,0);
INSERT INTO "run" VALUES('z3phm6kbya','{"x":49}',1.79578117750968790054e+09,'r-v3kt20b64nhbhkt7','waiting','g-xv9ej1svbtvyg3ff',0,1,0,'grouped','','killed','killed by signal 9 (SIGKILL)',NULL,9,'vm','n-t2mcq54p5veg13p5','{}','{}','[]','',NULL,NULL,1.79578117483821511268e+09,1.79578117741609263424e+09,1.79578117741609263424e+09,50,'root','["/work/wt/states/.venv/bin/python","-c","import os,sys,time\nimport lightning_sweeps as ls\nr=ls.init(''before'',name=''waiting'')\nfor i in range(50): r.log({''x'':i})\ntime.sleep(100)"]','[]',0,0);
CREATE TABLE segment (
	id INTEGER NOT NULL, 
	series_id INTEGER NOT NULL, 
	journal_id TEXT NOT NULL, 
	chunks INTEGER NOT NULL, 
	rolled_up INTEGER NOT NULL, 
	tail BLOB, 
	CONSTRAINT pk_segment PRIMARY KEY (id), 
	CONSTRAINT fk_segment_journal_id FOREIGN KEY(journal_id) REFERENCES journal (id), 
	CONSTRAINT fk_segment_series_id FOREIGN KEY(series_id) REFERENCES series (id), 
	CONSTRAINT uq_segment_series_id_journal_id UNIQUE (series_id, journal_id)
);
INSERT INTO "segment" VALUES(1,1,'j-xfn7mp2esc',0,0,X'32000000000001040100000000000000010000000000000000000000000000000100000000000000E9776BE2406106005E0D08070706100B06060506060505160A0906050505060506050505050504060505060505060505060505050506060505000000000000803F0000004000004040000080400000A0400000C0400000E0400000004100001041000020410000304100004041000050410000604100007041000080410000884100009041000098410000A0410000A8410000B0410000B8410000C0410000C8410000D0410000D8410000E0410000E8410000F0410000F84100000042000004420000084200000C4200001042000014420000184200001C4200002042000024420000284200002C4200003042000034420000384200003C420000404200004442');
INSERT INTO "segment" VALUES(2,2,'j-zkrtyqpxez',0,0,X'02000000000000040100000000000000020000000000000000000000000000000200000000000000EAD5A4E240610600E1400300000000000000803F00000040');
INSERT INTO "segment" VALUES(3,3,'j-8pcefdykc8',0,0,X'32000000000001040100000000000000010000000000000000000000000000000100000000000000E88205E340610600350B070708060F0B0605050405050404050405040505040504040504050505050505050505052607060604050404040504000000000000803F0000004000004040000080400000A0400000C0400000E0400000004100001041000020410000304100004041000050410000604100007041000080410000884100009041000098410000A0410000A8410000B0410000B8410000C0410000C8410000D0410000D8410000E0410000E8410000F0410000F84100000042000004420000084200000C4200001042000014420000184200001C4200002042000024420000284200002C4200003042000034420000384200003C420000404200004442');
CREATE TABLE series (
	id INTEGER NOT NULL, 
	owner_kind TEXT NOT NULL, 
	owner_id TEXT NOT NULL, 
	"key" TEXT NOT NULL, 
	count INTEGER NOT NULL, 
	nonfinite INTEGER NOT NULL, 
	first_step INTEGER NOT NULL, 
	last_step INTEGER NOT NULL, 
	last_time DOUBLE NOT NULL, 
	last DOUBLE, 
	minimum DOUBLE, 
	maximum DOUBLE, 
	total DOUBLE NOT NULL, 
	first_time DOUBLE, 
	last_nonfinite TEXT, 
	CONSTRAINT pk_series PRIMARY KEY (id), 
	CONSTRAINT uq_series_owner_kind_owner_id_key UNIQUE (owner_kind, owner_id, "key")
);
INSERT INTO "series" VALUES(1,'run','r-cgbr02mhq5y5rvdy','x',50,0,0,49,1.79578116475942206383e+09,49.0,0.0,49.0,1225.0,1.79578116475901699072e+09,NULL);
INSERT INTO "series" VALUES(2,'run','r-ayvmtay82w1gkxan','x',2,0,0,2,1.79578116873185110089e+09,2.0,1.0,2.0,3.0,1.79578116851863408089e+09,NULL);
INSERT INTO "series" VALUES(3,'run','r-v3kt20b64nhbhkt7','x',50,0,0,49,1.79578117485472297664e+09,49.0,0.0,49.0,1225.0,1.79578117485437607769e+09,NULL);
CREATE TABLE sweep (
	id TEXT NOT NULL, 
	project_id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	description TEXT NOT NULL, 
	state TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	config JSON NOT NULL, 
	source TEXT NOT NULL, 
	run_cap INTEGER, 
	seed INTEGER NOT NULL, 
	exhausted BOOLEAN NOT NULL, 
	failures_in_row INTEGER NOT NULL, 
	created DOUBLE NOT NULL, 
	ended DOUBLE, 
	changed DOUBLE, 
	prior JSON, 
	CONSTRAINT pk_sweep PRIMARY KEY (id), 
	CONSTRAINT fk_sweep_project_id FOREIGN KEY(project_id) REFERENCES project (id)
);
CREATE TABLE sweep_change (
	id INTEGER NOT NULL, 
	sweep_id TEXT NOT NULL, 
	time DOUBLE NOT NULL, 
	key_name TEXT NOT NULL, 
	action TEXT NOT NULL, 
	detail JSON NOT NULL, 
	CONSTRAINT pk_sweep_change PRIMARY KEY (id), 
	CONSTRAINT fk_sweep_change_sweep_id FOREIGN KEY(sweep_id) REFERENCES sweep (id)
);
CREATE TABLE trial (
	id TEXT NOT NULL, 
	sweep_id TEXT NOT NULL, 
	number INTEGER NOT NULL, 
	state TEXT NOT NULL, 
	params JSON NOT NULL, 
	point JSON, 
	attempt INTEGER NOT NULL, 
	agent_id TEXT, 
	lease_expires DOUBLE, 
	objective DOUBLE, 
	last_objective DOUBLE, 
	reports INTEGER NOT NULL, 
	reason TEXT NOT NULL, 
	exit_code INTEGER, 
	stderr_tail TEXT NOT NULL, 
	judged JSON NOT NULL, 
	created DOUBLE NOT NULL, 
	started DOUBLE, 
	ended DOUBLE, 
	changed DOUBLE, 
	gpus INTEGER, 
	start_s DOUBLE, 
	gpu_s DOUBLE, 
	gang JSON, 
	ignored BOOLEAN, 
	note TEXT, 
	CONSTRAINT pk_trial PRIMARY KEY (id), 
	CONSTRAINT fk_trial_sweep_id FOREIGN KEY(sweep_id) REFERENCES sweep (id), 
	CONSTRAINT uq_trial_sweep_id_number UNIQUE (sweep_id, number)
);
CREATE TABLE write_buffer (
	id INTEGER NOT NULL, 
	journal_id TEXT NOT NULL, 
	rows INTEGER NOT NULL, 
	data BLOB NOT NULL, 
	CONSTRAINT pk_write_buffer PRIMARY KEY (id), 
	CONSTRAINT fk_write_buffer_journal_id FOREIGN KEY(journal_id) REFERENCES journal (id)
);
INSERT INTO "write_buffer" VALUES(1,'j-j7bwezbkge',1,X'919699AB6370752E70657263656E74B16D656D6F72792E757365645F6279746573AE6D656D6F72792E70657263656E74AF6469736B2E757365645F6279746573AC6469736B2E70657263656E74B56469736B2E726561645F62797465735F7065725F73B86469736B2E7772697474656E5F62797465735F7065725F73BC6E6574776F726B2E72656365697665645F62797465735F7065725F73B86E6574776F726B2E73656E745F62797465735F7065725F73C4080100000000000000C4082C72096B00000000C408BFC173E240610600C448000000000000594000000080D83107426666666666A64840000000401F2D1A42CDCCCCCCCCCC3940B63D9364F27032411ACEA4FE56AC474154DB5DD9D84BEB4054DB5DD9D84BEB40A0');
INSERT INTO "write_buffer" VALUES(3,'j-j7bwezbkge',2,X'929699AB6370752E70657263656E74B16D656D6F72792E757365645F6279746573AE6D656D6F72792E70657263656E74AF6469736B2E757365645F6279746573AC6469736B2E70657263656E74B56469736B2E726561645F62797465735F7065725F73B86469736B2E7772697474656E5F62797465735F7065725F73BC6E6574776F726B2E72656365697665645F62797465735F7065725F73B86E6574776F726B2E73656E745F62797465735F7065725F73C4080200000000000000C4083672096B00000000C408E08507E340610600C448000000000000594000000000844B0842CDCCCCCCCCCC4940000000C0532D1A42CDCCCCCCCCCC3940A1E9312399D32341A998A4E21FC7FB407E20CB98BCBEF7407E20CB98BCBEF740A09693B06D656D6F72792E7273735F6279746573A774687265616473A86368696C6472656EC4080300000000000000C4083772096B00000000C408163D08E340610600C4180000000000227841000000000000F03F0000000000000000BA70726F636573733A722D76336B7432306236346E6862686B7437');
CREATE INDEX ix_node_changed ON node (changed);
CREATE INDEX ix_run_changed ON run (changed);
CREATE INDEX ix_run_group ON run ("group");
CREATE INDEX ix_run_project_id_created ON run (project_id, created);
CREATE INDEX ix_run_sweep_id ON run (sweep_id);
CREATE INDEX ix_run_trial_id ON run (trial_id);
CREATE INDEX ix_sweep_changed ON sweep (changed);
CREATE INDEX ix_sweep_project_id_created ON sweep (project_id, created);
CREATE INDEX ix_agent_changed ON agent (changed);
CREATE INDEX ix_agent_sweep_id ON agent (sweep_id);
CREATE INDEX ix_artifact_file_digest ON artifact_file (digest);
CREATE INDEX ix_journal_node_id ON journal (node_id);
CREATE INDEX ix_journal_run_id ON journal (run_id);
CREATE INDEX ix_sweep_change_sweep_id ON sweep_change (sweep_id);
CREATE INDEX ix_trial_agent_id ON trial (agent_id);
CREATE INDEX ix_trial_changed ON trial (changed);
CREATE INDEX ix_trial_sweep_id_state ON trial (sweep_id, state);
CREATE INDEX ix_artifact_use_artifact_id ON artifact_use (artifact_id);
CREATE INDEX ix_artifact_use_run_id ON artifact_use (run_id);
CREATE INDEX ix_console_run_id_id ON console (run_id, id);
CREATE INDEX ix_media_digest ON media (digest);
CREATE INDEX ix_media_journal_id ON media (journal_id);
CREATE INDEX ix_media_run_id_id ON media (run_id, id);
CREATE INDEX ix_rejected_record_journal_id ON rejected_record (journal_id);
CREATE INDEX ix_segment_journal_id ON segment (journal_id);
CREATE INDEX ix_write_buffer_journal_id ON write_buffer (journal_id);
COMMIT;
