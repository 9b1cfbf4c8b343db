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
INSERT INTO "api_key" VALUES('2h4j6f44dag2bbhp','35fcf0fe7c90e8b447704bbb31f66642f4394895e9cd2de6ec1e67a4d255b22f','host-1:/home/user/.lightning-sweeps',1.79578186241993355753e+09,NULL,NULL);
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
INSERT INTO "journal" VALUES('j-173fm9nke3','r-m10vx5a81s27x4ag',NULL,0,0,2386,50,0,'["h","j-173fm9nke3",1795781869.4445333,[1233,527555.0,"n-t2mcq54p5veg13p5","host-1","user",["python","-c","import os,sys,time\nimport lightning_sweeps as ls\nimport lightning_sweeps; assert ''/src'' in lightning_sweeps.__file__\nr=ls.init(''before'',config={''lr'':0.1},name=''stored'')\nfor i in range(50): r.log({''x'':i,''phase'':''train''})\nls.finish()"]],["r-m10vx5a81s27x4ag","before","stored","g-nktg9n7j9thywt6x",0,0,1,0,0,"grouped","",{"lr":0.1},[],"",null,null,[],null],null,""]','{"state":"finished","exit_code":null,"signal":null,"reason":"","writer":"run","time":1795781869.4457848}',1.79578186944453334805e+09,1.79578186994327259067e+09,NULL);
INSERT INTO "journal" VALUES('j-jx8v29am7s',NULL,'n-t2mcq54p5veg13p5',0,0,487,1,0,'["h","j-jx8v29am7s",1795781869.8638816,[1160,526955.0,"n-t2mcq54p5veg13p5","host-1","user",["python","-m","lightning_sweeps.service","--home","/home/user/.lightning-sweeps"]],null,["n-t2mcq54p5veg13p5","host-1",2,25276063744,[],[]],""]',NULL,1.795781869863881588e+09,1.79578187051063704491e+09,NULL);
INSERT INTO "journal" VALUES('j-j33b9y1nzb','r-4f005r31terzs6ag',NULL,0,0,239008,2,1,'["h","j-j33b9y1nzb",1795781870.7867079,[1243,527655.0,"n-t2mcq54p5veg13p5","host-1","user",["python","-c","import os,sys,time\nimport lightning_sweeps as ls\nr=ls.init(''before'',name=''rejected'')\nr.log({''x'':1.0})\nr.log({f''k{i}'':i for i in range(25000)})\nr.log({''x'':2.0})\nls.finish()"]],["r-4f005r31terzs6ag","before","rejected","g-n1wgz1b9ckh4fzcm",0,0,1,0,0,"grouped","",{},[],"",null,null,[],null],null,""]','{"state":"finished","exit_code":null,"signal":null,"reason":"","writer":"run","time":1795781870.8303428}',1.79578187078670787812e+09,1.79578187110372948648e+09,NULL);
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
INSERT INTO "node" VALUES('n-t2mcq54p5veg13p5','host-1',2,25276063744,'[]',1.795781869863881588e+09,1795781869.86503,1.79578187053060936927e+09);
CREATE TABLE project (
	id TEXT NOT NULL, 
	name TEXT NOT NULL, 
	created DOUBLE NOT NULL, 
	CONSTRAINT pk_project PRIMARY KEY (id), 
	CONSTRAINT uq_project_name UNIQUE (name)
);
INSERT INTO "project" VALUES('2jxtgb60z2','before',1.79578186994327259067e+09);
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
INSERT INTO "rejected_record" VALUES(1,'j-j33b9y1nzb',406,238531,'the record has more than 20000 keys',1.79578187110372948648e+09);
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
INSERT INTO "run" VALUES('2jxtgb60z2','{"x":49,"phase":"train"}',1.79578187019201517102e+09,'r-m10vx5a81s27x4ag','stored','g-nktg9n7j9thywt6x',0,1,0,'grouped','','finished','',NULL,NULL,'host-1','n-t2mcq54p5veg13p5','{"lr":0.1}','{}','[]','',NULL,NULL,1.79578186944453334805e+09,1.79578186944578480719e+09,1.79578186944578480719e+09,50,'user','["python","-c","import os,sys,time\nimport lightning_sweeps as ls\nimport lightning_sweeps; assert ''/src'' in lightning_sweeps.__file__\nr=ls.init(''before'',config={''lr'':0.1},name=''stored'')\nfor i in range(50): r.log({''x'':i,''phase'':''train''})\nls.finish()"]','[]',0,0);
INSERT INTO "run" VALUES('2jxtgb60z2','{"x":2.0}',1.79578187116056513781e+09,'r-4f005r31terzs6ag','rejected','g-n1wgz1b9ckh4fzcm',0,1,0,'grouped','','finished','',NULL,NULL,'host-1','n-t2mcq54p5veg13p5','{}','{}','[]','',NULL,NULL,1.79578187078670787812e+09,1.79578187083034276957e+09,1.79578187083034276957e+09,2,'user','["python","-c","import os,sys,time\nimport lightning_sweeps as ls\nr=ls.init(''before'',name=''rejected'')\nr.log({''x'':1.0})\nr.log({f''k{i}'':i for i in range(25000)})\nr.log({''x'':2.0})\nls.finish()"]','[]',0,0);
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
INSERT INTO "segment" VALUES(1,1,'j-173fm9nke3',0,0,X'32000000000001040100000000000000010000000000000000000000000000000100000000000000C3216C0C4161060011060404040409080403040303040204020403030303030303030303030303030303030303030303030303030303030302000000000000803F0000004000004040000080400000A0400000C0400000E0400000004100001041000020410000304100004041000050410000604100007041000080410000884100009041000098410000A0410000A8410000B0410000B8410000C0410000C8410000D0410000D8410000E0410000E8410000F0410000F84100000042000004420000084200000C4200001042000014420000184200001C4200002042000024420000284200002C4200003042000034420000384200003C420000404200004442');
INSERT INTO "segment" VALUES(2,2,'j-j33b9y1nzb',0,0,X'02000000000000040100000000000000020000000000000000000000000000000200000000000000D2CB800C41610600C6760000000000000000803F00000040');
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
INSERT INTO "series" VALUES(1,'run','r-m10vx5a81s27x4ag','x',50,0,0,49,1.79578186944575190543e+09,49.0,0.0,49.0,1225.0,1.79578186944557094571e+09,NULL);
INSERT INTO "series" VALUES(2,'run','r-4f005r31terzs6ag','x',2,0,0,2,1.79578187083023190495e+09,2.0,1.0,2.0,3.0,1.79578187079982590679e+09,NULL);
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
INSERT INTO "write_buffer" VALUES(1,'j-jx8v29am7s',1,X'919699AB6370752E70657263656E74B16D656D6F72792E757365645F6279746573AE6D656D6F72792E70657263656E74AF6469736B2E757365645F6279746573AC6469736B2E70657263656E74B56469736B2E726561645F62797465735F7065725F73B86469736B2E7772697474656E5F62797465735F7065725F73BC6E6574776F726B2E72656365697665645F62797465735F7065725F73B86E6574776F726B2E73656E745F62797465735F7065725F73C4080100000000000000C408ED74096B00000000C4084688720C41610600C448000000000000594000000000E6E2EB419A99999999992D40000000C0CD531A426666666666E63940EEEFE48F3553A540C844FCB7DC271C41952921B3DF04C740952921B3DF04C740A0');
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
