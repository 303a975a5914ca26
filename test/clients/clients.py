"""Real clients against a running server: python clients.py URL MODEL_NAME MODEL_PICKLE ROWS_JSON [CLASSIFIER].

Loads the pickle with scikit-learn itself, asks the server for the same rows by each client, and prints one JSON line per
check. Exits with 1 at the first answer that is not scikit-learn's.
"""
import json
import pickle
import sys
from urllib.parse import urlparse

import numpy as np
import pandas as pd
import requests
import tritonclient.http as triton
from mlflow.pyfunc.scoring_server.client import ScoringServerClient

url, name, path, rows_path = sys.argv[1:5]
rows = json.load(open(rows_path))
frame = pd.DataFrame(rows)
matrix = frame.to_numpy(dtype=np.float64)
with open(path, "rb") as file:
    model = pickle.load(file)
named = hasattr(model, "feature_names_in_")
expected = model.predict(frame if named else matrix)
probabilities = model.predict_proba(frame if named else matrix) if hasattr(model, "predict_proba") else None
address = urlparse(url)


def check(what, found, wanted=expected):
    found, wanted = np.asarray(found), np.asarray(wanted)
    if wanted.dtype.kind == "f":
        ok = found.shape == wanted.shape and np.allclose(found.astype(float), wanted, rtol=1e-9, atol=1e-12)
    else:
        ok = found.tolist() == wanted.tolist()
    print(json.dumps({"check": what, "ok": bool(ok)}), flush=True)
    if not ok:
        print(f"{what}: found {found.tolist()[:5]}, scikit-learn {wanted.tolist()[:5]}", file=sys.stderr)
        sys.exit(1)


# MLflow's own scoring client.
client = ScoringServerClient(address.hostname, address.port)
client.wait_server_ready(timeout=5)
check("mlflow version", bool(client.get_version()), True)
check("mlflow DataFrame", client.invoke(frame).get_predictions()[0])
if not named:
    check("mlflow ndarray", client.invoke(matrix).get_predictions()[0])
for body in (
    {"dataframe_split": frame.to_dict("split")},
    {"dataframe_records": frame.to_dict("records")},
    {"instances": frame.to_dict("records") if named else matrix.tolist()},
    {"inputs": {column: frame[column].tolist() for column in frame} if named else matrix.tolist()},
):
    answer = requests.post(f"{url}/invocations", json=body, timeout=10)
    check(f"mlflow {next(iter(body))}", answer.json()["predictions"])
csv = requests.post(
    f"{url}/invocations", data=frame.to_csv(index=False), headers={"Content-Type": "text/csv"}, timeout=10
)
check("mlflow CSV with a header", csv.json()["predictions"])

# SageMaker's container contract: a bare array in, a bare array out.
bare = requests.post(f"{url}/invocations", json=matrix.tolist(), timeout=10)
check("sagemaker bare array", bare.json())
check("sagemaker ping", requests.get(f"{url}/ping", timeout=10).status_code, 200)

# KServe V1.
v1 = requests.post(f"{url}/v1/models/{name}:predict", json={"instances": matrix.tolist()}, timeout=10)
check("kserve v1", v1.json()["predictions"])
check("kserve v1 ready", requests.get(f"{url}/v1/models/{name}", timeout=10).json(), {"name": name, "ready": True})

# Open Inference Protocol V2 by Triton's client, as JSON and as binary tensors.
v2 = triton.InferenceServerClient(f"{address.hostname}:{address.port}")
check("v2 live", v2.is_server_live() and v2.is_server_ready() and v2.is_model_ready(name), True)
metadata = v2.get_model_metadata(name)
check("v2 metadata", metadata["name"], name)
text = expected.dtype.kind in "OUS"
for binary_in in (False, True):
    for binary_out in (False, True):
        tensor = triton.InferInput("input", list(matrix.shape), "FP64")
        tensor.set_data_from_numpy(matrix, binary_data=binary_in)
        result = v2.infer(
            name, [tensor], outputs=[triton.InferRequestedOutput("predict", binary_data=binary_out)]
        )
        found = result.as_numpy("predict").reshape(expected.shape)
        if text:
            found = np.array([item.decode() if isinstance(item, bytes) else item for item in found], dtype=object)
        check(f"v2 binary in {binary_in}, binary out {binary_out}", found)
float32 = triton.InferInput("input", list(matrix.shape), "FP32")
float32.set_data_from_numpy(matrix.astype(np.float32), binary_data=True)
v2.infer(name, [float32])
if probabilities is not None:
    tensor = triton.InferInput("input", list(matrix.shape), "FP64")
    tensor.set_data_from_numpy(matrix, binary_data=True)
    result = v2.infer(
        name, [tensor], outputs=[triton.InferRequestedOutput("predict_proba", binary_data=True)]
    )
    check("v2 predict_proba", result.as_numpy("predict_proba"), probabilities)
