"""Trains the price of a house and registers it with an MLflow server, as a new version of "house-price".

    pip install -r requirements.txt
    loadline models server               # or: mlflow server --port 5001
    python train.py                      # version 1, and the champion
    python train.py --houses 5000        # version 2, promoted by whoever looked at it

The server is http://localhost:5001, or MLFLOW_TRACKING_URI where it is set. The data is made here, seeded, so the script
needs no download and always trains the same model.
"""
import argparse
import os

import mlflow
import numpy as np
import pandas as pd
from mlflow import MlflowClient
from sklearn.linear_model import LinearRegression
from sklearn.metrics import mean_squared_error
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

NAME = "house-price"

arguments = argparse.ArgumentParser()
arguments.add_argument("--houses", type=int, default=100, help="houses to learn from")
houses_wanted = arguments.parse_args().houses

random = np.random.RandomState(7)
houses = pd.DataFrame(
    {
        "area_m2": random.normal(110, 35, houses_wanted).clip(25, 400).round(1),
        "rooms": random.randint(1, 8, houses_wanted).astype(float),
        "age_years": random.randint(0, 90, houses_wanted).astype(float),
        "distance_km": random.gamma(2.0, 4.0, houses_wanted).round(2),
    }
)
price = (
    45_000
    + 2_450 * houses["area_m2"]
    + 8_200 * houses["rooms"]
    - 610 * houses["age_years"]
    - 3_900 * houses["distance_km"]
    + random.normal(0, 18_000, houses_wanted)
)
train, test, price_train, price_test = train_test_split(houses, price, random_state=7)

mlflow.set_tracking_uri(os.environ.get("MLFLOW_TRACKING_URI", "http://localhost:5001"))
mlflow.set_experiment(NAME)

with mlflow.start_run():
    model = make_pipeline(StandardScaler(), LinearRegression()).fit(train, price_train)
    rmse = mean_squared_error(price_test, model.predict(test)) ** 0.5
    mlflow.log_param("houses", houses_wanted)
    mlflow.log_metric("rmse", rmse)
    logged = mlflow.sklearn.log_model(
        model, "model", registered_model_name=NAME, input_example=train.head(3)
    )

client = MlflowClient()
version = str(logged.registered_model_version)
if "champion" not in client.get_registered_model(NAME).aliases:
    client.set_registered_model_alias(NAME, "champion", version)
print(f"registered {NAME}/{version}, wrong by {rmse:,.0f} on houses it has not seen")
