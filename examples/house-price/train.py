"""Trains the example model: the price of a house from four numbers.

    pip install -r requirements.txt
    python train.py                      # writes model.pkl

The data is made here (1,000 houses, seeded), so the script needs no download and always writes the same model.
"""
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

random = np.random.RandomState(7)
n = 1000
houses = pd.DataFrame(
    {
        "area_m2": random.normal(110, 35, n).clip(25, 400).round(1),
        "rooms": random.randint(1, 8, n),
        "age_years": random.randint(0, 90, n),
        "distance_km": random.gamma(2.0, 4.0, n).round(2),
    }
)
price = (
    45_000
    + 2_450 * houses["area_m2"]
    + 8_200 * houses["rooms"]
    - 610 * houses["age_years"]
    - 3_900 * houses["distance_km"]
    + random.normal(0, 18_000, n)
)

train, test, price_train, price_test = train_test_split(houses, price, random_state=7)
model = make_pipeline(StandardScaler(), LinearRegression())
model.fit(train, price_train)
print(f"R² on houses it has not seen: {model.score(test, price_test):.3f}")

path = Path(__file__).with_name("model.pkl")
path.write_bytes(pickle.dumps(model, protocol=5))
print(f"wrote {path.name}")
