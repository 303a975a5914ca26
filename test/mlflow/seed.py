"""Trains, logs, registers and aliases models as a user does; prints what the tests need, with scikit-learn's predictions."""

import json
import time
import warnings

warnings.filterwarnings("ignore")

import mlflow  # noqa: E402
import pandas as pd  # noqa: E402
from mlflow import MlflowClient  # noqa: E402
from mlflow.models import infer_signature  # noqa: E402
from sklearn.ensemble import RandomForestRegressor  # noqa: E402
from sklearn.linear_model import LinearRegression, Ridge  # noqa: E402

ROWS = pd.DataFrame(
    {
        "area": [50.5, 80.0, 120.25, 65.0, 200.0, 90.0],
        "rooms": [2.0, 3.0, 5.0, 2.0, 7.0, 4.0],
        "age": [1.0, 12.0, 30.0, 5.5, 2.0, 8.0],
    }
)
PRICES = [100.0, 170.0, 300.0, 120.0, 500.0, 210.0]

IS_3 = mlflow.__version__.startswith("3.")
client = MlflowClient()
mlflow.set_experiment("houses")

LOGGED = [
    # The default form, the tutorial's: skops in MLflow 3, cloudpickle in 2.
    (LinearRegression(), "model", {}),
    (Ridge(0.5), "model", {"serialization_format": "pickle"}),
    (RandomForestRegressor(5, random_state=0), "nested/my model" if not IS_3 else "my model", {"serialization_format": "cloudpickle"}),
]
versions = []
for estimator, path, options in LOGGED:
    estimator.fit(ROWS, PRICES)
    with mlflow.start_run() as run:
        mlflow.log_param("estimator", type(estimator).__name__)
        mlflow.log_metric("rmse", 0.25 * (1 + len(versions)))
        info = mlflow.sklearn.log_model(
            estimator,
            path,
            registered_model_name="house-price",
            signature=infer_signature(ROWS, estimator.predict(ROWS)),
            input_example=ROWS.head(2),
            **options,
        )
    versions.append(
        {
            "run": run.info.run_id,
            "path": path,
            "model": getattr(info, "model_id", None),
            "artifacts": client.get_model_version_download_uri("house-price", str(len(versions) + 1)),
            "predictions": estimator.predict(ROWS).tolist(),
        }
    )

client.set_registered_model_alias("house-price", "champion", "2")
client.set_registered_model_alias("house-price", "challenger", "3")
client.transition_model_version_stage("house-price", "1", "Production")
client.create_registered_model("empty")
client.create_registered_model("häuser & co")
client.copy_model_version("models:/house-price/1", "häuser & co")
client.set_registered_model_alias("häuser & co", "prod", "1")


class Doubler(mlflow.pyfunc.PythonModel):
    def predict(self, context, model_input, params=None):
        return model_input * 2


with mlflow.start_run():
    mlflow.pyfunc.log_model("doubler", python_model=Doubler(), registered_model_name="doubler")
with mlflow.start_run() as run:
    mlflow.log_text("no model", "notes/readme.txt")
    client.create_registered_model("notes")
    client.create_model_version("notes", f"{run.info.artifact_uri}/notes", run.info.run_id)

print(
    json.dumps(
        {
            "mlflow": mlflow.__version__,
            "versions": versions,
            "rows": ROWS.to_dict("records"),
            "notesRun": run.info.run_id,
            "at": time.time(),
        }
    )
)
