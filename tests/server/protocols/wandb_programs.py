"""Small programs in the manner of W&B's examples: each uses the parts of the client that one of their topics shows."""

from __future__ import annotations

PROGRAMS: dict[str, str] = {}
"""By topic."""

PROGRAMS["training loop"] = """
import math, wandb
with wandb.init(config={"lr": 0.1, "epochs": 3}) as run:
    for epoch in range(run.config["epochs"]):
        for batch in range(5):
            run.log({"train/loss": math.exp(-epoch - batch / 5), "epoch": epoch})
        run.log({"val/accuracy": 1 - math.exp(-epoch)})
    run.summary["best"] = 0.9
"""

PROGRAMS["arguments and a configuration file"] = """
import argparse, pathlib, wandb
pathlib.Path("config-defaults.yaml").write_text("depth:\\n  desc: layers\\n  value: 3\\n")
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
with wandb.init(config=parser.parse_args([])) as run:
    run.config.update({"late": [1, 2]}, allow_val_change=True)
    run.log({"loss": run.config.lr})
    assert run.config.depth == 3, dict(run.config)
pathlib.Path("config-defaults.yaml").unlink()
"""

PROGRAMS["steps and summaries of metrics"] = """
import wandb
with wandb.init() as run:
    run.define_metric("epoch")
    run.define_metric("val/*", step_metric="epoch")
    run.define_metric("loss", summary="min")
    run.define_metric("accuracy", summary="max")
    for step in range(10):
        run.log({"loss": 1 / (step + 1), "accuracy": step, "epoch": step // 3, "val/loss": step})
    run.log({"late": 1}, step=50)
    run.log({"first half": 1}, commit=False)
    run.log({"second half": 1})
"""

PROGRAMS["images with boxes and masks"] = """
import numpy as np, wandb
box = {"position": {"minX": 0.1, "maxX": 0.2, "minY": 0.3, "maxY": 0.4}, "class_id": 0, "scores": {"sure": 0.5}}
boxes = {"predictions": {"box_data": [box], "class_labels": {0: "cat"}}}
masks = {"predictions": {"mask_data": np.zeros((16, 16), int), "class_labels": {0: "cat"}}}
with wandb.init() as run:
    run.log({"one": wandb.Image(np.random.rand(16, 16, 3), caption="a cat", boxes=boxes, masks=masks), "loss": 1})
    run.log({"several": [wandb.Image(np.random.rand(8, 8, 3), caption=str(number)) for number in range(3)], "loss": 2})
"""

PROGRAMS["audio, histograms, HTML and 3D"] = """
import numpy as np, wandb
with wandb.init() as run:
    sound = wandb.Audio(np.sin(np.arange(1000) / 9), sample_rate=8000)
    run.log({"audio": sound, "html": wandb.Html("<b>bold</b>"), "n": 1})
    run.log({"weights": wandb.Histogram(np.random.rand(100)), "points": wandb.Object3D(np.random.rand(10, 3)), "n": 2})
"""

PROGRAMS["figures"] = """
import matplotlib, wandb
matplotlib.use("Agg")
import matplotlib.pyplot as plt, plotly.graph_objects as go
with wandb.init() as run:
    figure, axes = plt.subplots()
    axes.plot([1, 2])
    run.log({"image": wandb.Image(figure), "plotly": go.Figure(go.Scatter(y=[1, 2])), "n": 1})
"""

PROGRAMS["tables of predictions"] = """
import numpy as np, pandas as pd, wandb
with wandb.init() as run:
    table = wandb.Table(columns=["id", "image", "score"])
    for number in range(3):
        table.add_data(number, wandb.Image(np.random.rand(8, 8, 3)), number / 3)
    run.log({"predictions": table, "frame": wandb.Table(dataframe=pd.DataFrame({"a": [1, 2]})), "n": 1})
"""

PROGRAMS["plots of classifiers"] = """
import numpy as np, wandb
with wandb.init() as run:
    wanted = np.array([0, 1, 2, 1])
    sure = np.eye(3)[wanted]
    names = ["a", "b", "c"]
    matrix = wandb.plot.confusion_matrix(y_true=wanted, preds=wanted, class_names=names)
    run.log({"matrix": matrix, "pr": wandb.plot.pr_curve(wanted, sure, labels=names), "n": 1})
    run.log({"roc": wandb.plot.roc_curve(wanted, sure), "n": 2})
"""

PROGRAMS["custom charts"] = """
import wandb
with wandb.init() as run:
    table = wandb.Table(data=[[1, 2], [2, 3]], columns=["x", "y"])
    run.log({"line": wandb.plot.line(table, "x", "y"), "scatter": wandb.plot.scatter(table, "x", "y"), "n": 1})
    run.log({"bar": wandb.plot.bar(table, "x", "y"), "histogram": wandb.plot.histogram(table, "x"), "n": 2})
    run.log({"lines": wandb.plot.line_series([1, 2], [[1, 2], [2, 3]]), "n": 3})
"""

PROGRAMS["versions of a data set"] = """
import pathlib, wandb
pathlib.Path("data").mkdir(exist_ok=True)
pathlib.Path("data/a.txt").write_text("first")
with wandb.init(job_type="upload") as run:
    data = wandb.Artifact("data", "dataset", metadata={"rows": 1})
    data.add_dir("data")
    data.add(wandb.Table(columns=["x"], data=[[1]]), "table")
    with data.new_file("notes.txt") as file:
        file.write("made here")
    run.log_artifact(data, aliases=["first"]).wait()
    run.log({"rows": 1})
with wandb.init(job_type="train") as run:
    used = run.use_artifact("data:first")
    assert pathlib.Path(used.download(), "a.txt").read_text() == "first"
    assert used.get("table").data == [[1]]
    run.log({"rows": 1})
"""

PROGRAMS["checkpoints of a model"] = """
import pathlib, wandb
with wandb.init() as run:
    for epoch in range(3):
        pathlib.Path("model.bin").write_bytes(bytes([epoch]) * 100)
        model = wandb.Artifact(f"model-{run.id}", type="model", metadata={"epoch": epoch})
        model.add_file("model.bin")
        run.log_artifact(model, aliases=["latest", f"epoch-{epoch}"])
        run.log({"loss": 1 / (epoch + 1)})
    run.save("model.bin")
assert wandb.Api().artifact(f"{run.entity}/{run.project}/model-{run.id}:epoch-1").metadata == {"epoch": 1}
"""

PROGRAMS["sweep with a function"] = """
import wandb
def train():
    with wandb.init() as run:
        for epoch in range(3):
            run.log({"loss": run.config.lr * (3 - epoch), "epoch": epoch})
space = {"lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1}, "name": {"values": ["adam", "sgd"]}}
metric = {"name": "loss", "goal": "minimize"}
sweep = wandb.sweep({"method": "bayes", "metric": metric, "parameters": space})
wandb.agent(sweep, train, count=2)
"""

PROGRAMS["resumed run"] = """
import wandb
run = wandb.init(id="resumed", resume="allow")
for step in range(3):
    run.log({"loss": step})
run.finish()
run = wandb.init(id="resumed", resume="must")
assert run.resumed and run.starting_step == 3, (run.resumed, run.starting_step)
run.log({"loss": 3})
run.finish()
"""

PROGRAMS["alerts, tags and notes"] = """
import wandb
with wandb.init(tags=["baseline"], notes="a note", group="group") as run:
    run.alert("low accuracy", "it is 0.1", level=wandb.AlertLevel.WARN, wait_duration=1)
    run.tags += ("later",)
    run.log({"accuracy": 0.1})
"""

PROGRAMS["code"] = """
import wandb
with wandb.init(save_code=True) as run:
    run.log_code(".", include_fn=lambda path: path.endswith("program.py"))
    run.log({"loss": 1})
    assert run.url.startswith("http") and run.id in run.url
"""

PROGRAMS["processes of one group"] = """
import multiprocessing, wandb
def work(rank):
    with wandb.init(group="distributed", name=f"rank-{rank}") as run:
        for step in range(5):
            run.log({"loss": step * rank})
if __name__ == "__main__":
    processes = [multiprocessing.Process(target=work, args=(rank,)) for rank in range(2)]
    for one in processes:
        one.start()
    for one in processes:
        one.join()
    assert [one.exitcode for one in processes] == [0, 0]
"""

PROGRAMS["folds of a cross validation"] = """
import wandb
for fold in range(3):
    with wandb.init(group="folds", name=f"fold-{fold}", reinit="finish_previous") as run:
        run.log({"score": fold})
"""

PROGRAMS["reading runs"] = """
import wandb
with wandb.init(name="read", config={"lr": 0.5}) as run:
    for step in range(20):
        run.log({"a": step, "b": 2 * step})
api = wandb.Api()
found = api.run(run.path)
assert len(found.history(pandas=False)) == 20 and found.summary["a"] == 19
assert [row["a"] for row in found.scan_history(keys=["a"])] == list(range(20))
wanted = {"config.lr": 0.5, "display_name": "read"}
(same,) = api.runs(f"{run.entity}/{run.project}", filters=wanted, order="-created_at")
same.tags.append("seen")
same.config["new"] = 1
same.update()
"""

PROGRAMS["scikit-learn"] = """
import wandb
from sklearn.cluster import KMeans
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import Ridge
from sklearn.model_selection import train_test_split
inputs, wanted = load_iris(return_X_y=True)
a, b, c, d = train_test_split(inputs, wanted, random_state=0)
with wandb.init() as run:
    model = RandomForestClassifier(10).fit(a, c)
    names = ["setosa", "versicolor", "virginica"]
    wandb.sklearn.plot_classifier(
        model, a, b, c, d, model.predict(b), model.predict_proba(b), labels=names, model_name="forest"
    )
    wandb.sklearn.plot_regressor(Ridge().fit(a, c), a, b, c, d)
    wandb.sklearn.plot_elbow_curve(KMeans(3, n_init=2).fit(a), a)
    run.log({"score": model.score(b, d)})
"""

PROGRAMS["XGBoost"] = """
import wandb, xgboost
from sklearn.datasets import load_breast_cancer
from wandb.integration.xgboost import WandbCallback
inputs, wanted = load_breast_cancer(return_X_y=True)
with wandb.init(config={"max_depth": 3}):
    callbacks = [WandbCallback(log_model=True)]
    model = xgboost.XGBClassifier(max_depth=3, n_estimators=5, eval_metric=["logloss", "auc"], callbacks=callbacks)
    model.fit(inputs[:400], wanted[:400], eval_set=[(inputs[400:], wanted[400:])], verbose=False)
"""

PROGRAMS["LightGBM"] = """
import lightgbm, wandb
from sklearn.datasets import load_breast_cancer
from wandb.integration.lightgbm import log_summary, wandb_callback
inputs, wanted = load_breast_cancer(return_X_y=True)
with wandb.init():
    train = lightgbm.Dataset(inputs[:400], wanted[:400])
    valid = lightgbm.Dataset(inputs[400:], wanted[400:])
    options = {"objective": "binary", "metric": ["auc", "binary_logloss"], "verbose": -1}
    model = lightgbm.train(options, train, 5, valid_sets=[valid], callbacks=[wandb_callback()])
    log_summary(model, save_model_checkpoint=True)
"""

PROGRAMS["values that are not numbers"] = """
import wandb
with wandb.init() as run:
    run.log({"nan": float("nan"), "inf": float("inf"), "text": "words", "flag": True, "none": None, "n": 1})
    run.log({"nested": {"a": {"b": 1}}, "list": [1, 2, 3], "big": 10**30, "n": 2})
"""
