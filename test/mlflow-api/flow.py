"""What a person does with MLflow, step by step, and what came of each step: a value, or an error with its code and words.

Run by both real clients against a real server and against Loadline; what is written must be the same. Ids, times and
addresses are replaced by what they are, because they differ by nature. The argument ends every name, so that several
clients can share a server.
"""

import json
import os
import re
import sys
import tempfile

import mlflow
import mlflow.sklearn
import numpy as np
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from sklearn.linear_model import LinearRegression

NEW = int(mlflow.__version__.split(".")[0]) >= 3
URI = os.environ["MLFLOW_TRACKING_URI"]
END = sys.argv[1]
PRICE, RENT, COPY, HOME = (f"{name}{END}" for name in ("house-price", "house-rent", "house-copy", "home-price"))
HOUSES, AUTOMATIC = f"houses{END}", f"automatic{END}"
outcomes = []
names = {}


def plain(text):
    """A text without what differs between two servers that do the same."""

    def named(match):
        kind = "model" if match.group(0).startswith("m-") else "run"
        return names.setdefault(match.group(0), f"<{kind} {len(names)}>")

    text = text.replace(URI, "<server>")
    text = re.sub(r"(?:m-)?\b[0-9a-f]{32}\b", named, text)
    text = re.sub(r"\b\d{13}\b", "<time>", text)
    text = re.sub(r"\b[a-z]+-[a-z]+-\d{1,3}\b", "<random name>", text)
    text = re.sub(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d+", "<time>", text)
    # Sets have no order, and what SQLAlchemy says is no word of MLflow's.
    text = re.sub(r"\{('[^{}]*')\}", lambda m: "{" + ", ".join(sorted(m.group(1).split(", "))) + "}", text)
    text = re.sub(r" Error: \(.*", "", text, flags=re.DOTALL)
    return re.sub(r"/tmp/[^\s'\"]*", "<folder>", text)


def shown(value):
    """A value as JSON, with the attributes of MLflow's entities."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, (int, float, np.floating)):
        return "<time>" if 1e12 < value < 1e13 else repr(float(value))
    if isinstance(value, dict):
        return {plain(str(key)): shown(value[key]) for key in sorted(value)}
    if isinstance(value, (list, tuple)):
        return [shown(item) for item in value]
    if type(value).__name__ == "RepeatedScalarContainer":
        return [shown(item) for item in value]
    if isinstance(value, np.ndarray):
        return [repr(float(item)) for item in value]
    fields = {
        name: getattr(value, name)
        for name in dir(type(value))
        if isinstance(getattr(type(value), name), property) and not name.startswith("_")
    }
    return {"is": type(value).__name__, **{name: shown(one) for name, one in sorted(fields.items())}}


def step(name, work):
    try:
        value = work()
        outcomes.append([name, shown(value)])
        return value
    except MlflowException as error:
        outcomes.append([name, {"raises": type(error).__name__, "code": error.error_code, "says": plain(error.message)}])
    except Exception as error:
        outcomes.append([name, {"raises": type(error).__name__, "says": plain(str(error))}])
    return None


def log_model(model, name, **more):
    if NEW:
        return mlflow.sklearn.log_model(model, name=name, **more)
    return mlflow.sklearn.log_model(model, name, **more)


client = MlflowClient()
rows = np.arange(24.0).reshape(12, 2) ** 1.5 % 7
prices = rows @ [3.0, -2.0] + 5
model = LinearRegression().fit(rows, prices)
FAST = {"pip_requirements": ["scikit-learn"]}

# The tutorial's training code.
step("no such experiment", lambda: client.get_experiment_by_name(HOUSES))
step("set_experiment", lambda: mlflow.set_experiment(HOUSES).name)
with mlflow.start_run(run_name="first") as run:
    first = run.info.run_id
    step("log_param", lambda: mlflow.log_param("n_estimators", 100))
    step("log_params", lambda: mlflow.log_params({"max_depth": 8, "criterion": "squared error"}))
    step("log_metric", lambda: mlflow.log_metric("rmse", 0.25))
    step("log_metric again", lambda: [mlflow.log_metric("loss", 1.0 / n, step=n) for n in (1, 2, 3)] and None)
    step("log_metrics", lambda: mlflow.log_metrics({"mae": 0.125, "r2": float("nan"), "worst": float("inf")}))
    step("set_tags", lambda: mlflow.set_tags({"team": "pricing", "release.candidate": "yes"}))
    step("log_text", lambda: mlflow.log_text("hello\n", "notes/read me.txt"))
    step("log_dict", lambda: mlflow.log_dict({"a": 1}, "config.json"))
    with tempfile.NamedTemporaryFile(suffix=".csv", mode="w") as file:
        file.write("a,b\n1,2\n")
        file.flush()
        step("log_artifact", lambda: mlflow.log_artifact(file.name, "data") and None)
    step(
        "log_model and register",
        lambda: log_model(model, "model", input_example=rows[:2], registered_model_name=PRICE) and None,
    )
step("get_run", lambda: client.get_run(first))
step("the run's files", lambda: [[one.path, one.is_dir, one.file_size] for one in client.list_artifacts(first) if one.path != "data"])
step("files in a folder", lambda: [[one.path, one.is_dir, one.file_size] for one in client.list_artifacts(first, "notes")])
step("no such folder", lambda: client.list_artifacts(first, "nowhere"))
step("metric history", lambda: client.get_metric_history(first, "loss"))
step("NaN in the history", lambda: [str(one.value) for one in client.get_metric_history(first, "r2")])
step("load_text", lambda: mlflow.artifacts.load_text(f"runs:/{first}/notes/read me.txt"))
step("download one that is not there", lambda: mlflow.artifacts.download_artifacts(f"runs:/{first}/nope.txt"))
step("version 1", lambda: client.get_model_version(PRICE, "1"))

# A second and a third version.
with mlflow.start_run(run_name="second") as run:
    second = run.info.run_id
    mlflow.log_param("n_estimators", 200)
    mlflow.log_metric("rmse", 0.2)
    step("log_model without registering", lambda: log_model(model, "model", **FAST) and None)
step("register_model", lambda: mlflow.register_model(f"runs:/{second}/model", PRICE, tags={"by": "hand"}))
step("register into another", lambda: mlflow.register_model(f"runs:/{second}/model", RENT).version)
step("alias", lambda: client.set_registered_model_alias(PRICE, "champion", "1"))
step("by alias", lambda: client.get_model_version_by_alias(PRICE, "champion"))
step("alias moves", lambda: client.set_registered_model_alias(PRICE, "champion", "2"))
step("second alias", lambda: client.set_registered_model_alias(PRICE, "Next_1", "2"))
step("the model", lambda: client.get_registered_model(PRICE))
step("download uri", lambda: re.sub("^runs:.*", "mlflow-artifacts:/", client.get_model_version_download_uri(PRICE, "1"))[:18])
step("predictions by alias", lambda: mlflow.sklearn.load_model(f"models:/{PRICE}@champion").predict(rows[:3]))
step("predictions by number", lambda: mlflow.pyfunc.load_model(f"models:/{PRICE}/1").predict(rows[:3]))
step("predictions of a run", lambda: mlflow.sklearn.load_model(f"runs:/{second}/model").predict(rows[:3]))
step("stage", lambda: client.transition_model_version_stage(PRICE, "1", "production").current_stage)
step("stage taken over", lambda: client.transition_model_version_stage(PRICE, "2", "Production", archive_existing_versions=True).current_stage)
step("latest of stages", lambda: sorted([one.version, one.current_stage] for one in client.get_latest_versions(PRICE)))
step("latest of one stage", lambda: [one.version for one in client.get_latest_versions(PRICE, ["Archived"])])
step("describe", lambda: client.update_registered_model(PRICE, "prices of houses").description)
step("describe a version", lambda: client.update_model_version(PRICE, "2", "the second").description)
step("tag the model", lambda: client.set_registered_model_tag(PRICE, "owner", "me"))
step("tag a version", lambda: client.set_model_version_tag(PRICE, "2", "checked", "yes"))
step("tag to be deleted", lambda: client.set_model_version_tag(PRICE, "2", "gone", "soon"))
step("delete a tag", lambda: client.delete_model_version_tag(PRICE, "2", "gone"))
step("tags of both", lambda: [client.get_registered_model(PRICE).tags, client.get_model_version(PRICE, "2").tags])
step("copy a version", lambda: client.copy_model_version(f"models:/{PRICE}/2", COPY).source)

# Searches.
step("search models", lambda: [one.name for one in client.search_registered_models()])
step("search models by name", lambda: [one.name for one in client.search_registered_models("name LIKE 'house-p%'")])
step("search models by tag", lambda: [one.name for one in client.search_registered_models("tags.owner = 'me'", order_by=["name DESC"])])
step("search models by page", lambda: [one.name for one in client.search_registered_models(max_results=1, page_token=client.search_registered_models(max_results=1).token)])
step("search versions", lambda: sorted([one.name, int(one.version)] for one in client.search_model_versions(f"name='{PRICE}'")))
step("search versions by run", lambda: sorted([one.name, int(one.version)] for one in client.search_model_versions(f"run_id IN ('{second}')")))
step("search versions in order", lambda: [int(one.version) for one in client.search_model_versions(f"name = '{PRICE}'", order_by=["version_number ASC"])])
step("search versions by an unknown attribute", lambda: client.search_model_versions("colour = 'red'"))
houses = client.get_experiment_by_name(HOUSES).experiment_id


def found(filter_string="", **more):
    return [one.info.run_name for one in client.search_runs([houses], filter_string, **more)]


step("search runs", lambda: sorted(found()))
step("by metric", lambda: found("metrics.rmse < 0.22"))
step("by parameter", lambda: found("params.n_estimators = '100'"))
step("by tag in backticks", lambda: found("tags.`release.candidate` LIKE 'y%' AND attributes.status = 'FINISHED'"))
step("by name, any case", lambda: found("attributes.run_name ILIKE 'FIR%'"))
step("not equal leaves out what is not there", lambda: found("tags.team != 'other'"))
step("NaN is no number", lambda: [found("metrics.r2 > 0"), found("metrics.r2 != 0")])
step("in order of a metric", lambda: found(order_by=["metrics.rmse DESC"]))
step("one by one", lambda: [len(client.search_runs([houses], max_results=1)), client.search_runs([houses], max_results=1).token])
step("as a table", lambda: sorted(mlflow.search_runs(experiment_names=[HOUSES])["tags.mlflow.runName"]))
step("an invalid filter", lambda: found("xx"))
step("OR", lambda: found("metrics.a > 1 OR metrics.b > 1"))
step("a number in quotes", lambda: found("metrics.rmse > '1'"))
step("a parameter without quotes", lambda: found("params.n_estimators = 100"))
step("a text without quotes", lambda: found("attributes.status = FINISHED"))
step("an unknown entity", lambda: found("thing.x = 'y'"))
step("an invalid order", lambda: found(order_by=["metrics.rmse sideways up"]))
step("search experiments", lambda: [one.name for one in client.search_experiments(filter_string="name LIKE 'hou%'")])
if NEW:
    step("search logged models", lambda: sorted(plain(one.model_id) for one in client.search_logged_models([houses], "name = 'model'")))
    step("a logged model", lambda: client.get_logged_model(client.search_logged_models([houses], order_by=[{"field_name": "creation_time", "ascending": True}])[0].model_id))
    step("its tags", lambda: client.set_logged_model_tags(client.search_logged_models([houses])[0].model_id, {"k": "v"}))

# Autologging with datasets.
mlflow.sklearn.autolog(log_models=False, log_post_training_metrics=False)
mlflow.set_experiment(AUTOMATIC)
with mlflow.start_run() as run:
    LinearRegression().fit(rows, prices)
    automatic = run.info.run_id
mlflow.sklearn.autolog(disable=True)
step("autolog", lambda: [client.get_run(automatic).data.params, sorted(client.get_run(automatic).data.metrics)])
step("autolog's dataset", lambda: [[one.dataset.name, one.dataset.source_type, [tag.value for tag in one.tags]] for one in client.get_run(automatic).inputs.dataset_inputs])
with mlflow.start_run(run_name="parent"):
    with mlflow.start_run(run_name="child", nested=True) as child:
        step("a nested run", lambda: "mlflow.parentRunId" in client.get_run(child.info.run_id).data.tags)

# What must fail, and how.
step("no such model", lambda: client.get_registered_model("nope"))
step("no such version", lambda: client.get_model_version(PRICE, "99"))
step("a version that is no number", lambda: client.get_model_version(PRICE, "newest"))
step("no such alias", lambda: client.get_model_version_by_alias(PRICE, "nope"))
step("alias of no such model", lambda: client.get_model_version_by_alias("nope", "champion"))
step("a model that is there", lambda: client.create_registered_model(PRICE))
step("a name with a slash", lambda: client.create_registered_model("a/b"))
step("an empty name", lambda: client.create_registered_model(" "))
step("alias to no such version", lambda: client.set_registered_model_alias(PRICE, "x", "99"))
step("alias latest", lambda: client.set_registered_model_alias(PRICE, "Latest", "1"))
step("alias v1", lambda: client.set_registered_model_alias(PRICE, "v1", "1"))
step("alias with a space", lambda: client.set_registered_model_alias(PRICE, "a b", "1"))
step("an unknown stage", lambda: client.transition_model_version_stage(PRICE, "1", "prod"))
step("no such run", lambda: client.get_run("f" * 32))
step("a parameter changes", lambda: client.log_param(first, "n_estimators", 5))
step("parameters change", lambda: client.log_batch(first, params=[mlflow.entities.Param("n_estimators", "6")]))
step("a key too long", lambda: client.log_param(first, "k" * 251, 1))
step("a key with a bad character", lambda: client.log_metric(first, "a!b", 1))
step("a key that is a path", lambda: client.set_tag(first, "../x", "1"))
step("a tag that is not there", lambda: client.delete_tag(first, "nope"))
step("no such experiment's runs", lambda: len(client.search_runs(["77"])))
step("an experiment that is there", lambda: client.create_experiment(HOUSES))
step("an experiment without a name", lambda: client.create_experiment(""))
step("no such experiment by id", lambda: client.get_experiment("77"))
step("a source outside", lambda: client.create_model_version(PRICE, "/etc/passwd"))
step("a source of another run", lambda: client.create_model_version(PRICE, f"runs:/{first}/model", run_id=second))
step("load by no such alias", lambda: mlflow.sklearn.load_model(f"models:/{PRICE}@nope"))
step("load of no such model", lambda: mlflow.sklearn.load_model("models:/nope/1"))
step("load of no such stage", lambda: mlflow.sklearn.load_model(f"models:/{PRICE}/Staging"))

# Deleting and renaming.
step("delete a run", lambda: client.delete_run(automatic))
step("it is deleted", lambda: client.get_run(automatic).info.lifecycle_stage)
step("a deleted run takes nothing", lambda: client.log_metric(automatic, "m", 1))
step("restore it", lambda: client.restore_run(automatic))
step("delete an experiment", lambda: client.delete_experiment(client.get_experiment_by_name(AUTOMATIC).experiment_id))
step("a deleted experiment takes no runs", lambda: mlflow.set_experiment(AUTOMATIC))
step("only the deleted", lambda: [one.name for one in client.search_experiments(view_type=mlflow.entities.ViewType.DELETED_ONLY)])
step("restore the experiment", lambda: client.restore_experiment(client.get_experiment_by_name(AUTOMATIC).experiment_id))
step("rename the experiment", lambda: client.rename_experiment(client.get_experiment_by_name(AUTOMATIC).experiment_id, f"by itself{END}"))
step("tag the experiment", lambda: client.set_experiment_tag(houses, "city", "Oslo"))
step("the experiment", lambda: client.get_experiment(houses).tags)
step("delete an alias", lambda: client.delete_registered_model_alias(PRICE, "Next_1"))
step("delete an alias that is not there", lambda: client.delete_registered_model_alias(PRICE, "Next_1"))
step("rename a model", lambda: client.rename_registered_model(PRICE, HOME))
step("its aliases stay", lambda: client.get_registered_model(HOME).aliases)
step("delete a version", lambda: client.delete_model_version(HOME, "2"))
step("its aliases are gone", lambda: client.get_registered_model(HOME).aliases)
step("its number is not used again", lambda: mlflow.register_model(f"runs:/{second}/model", HOME).version)
step("delete a model", lambda: client.delete_registered_model(COPY))
step("what is left", lambda: [one.name for one in client.search_registered_models()])

# The last line: MLflow writes to stdout as well.
print("\n" + json.dumps({"client": mlflow.__version__, "outcomes": outcomes}))
