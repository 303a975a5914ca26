"""FastAPI with scikit-learn as a careful author writes it: async handler, orjson both ways, one uvicorn worker."""
import os
import pickle
import sys

import numpy as np
import orjson
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import Response

app = FastAPI()
with open(os.environ["MODEL"], "rb") as file:
    model = pickle.load(file)


@app.post("/predict")
async def predict(request: Request):
    data = orjson.loads(await request.body())
    prediction = model.predict(np.asarray([data["features"]]))
    return Response(orjson.dumps({"prediction": prediction.tolist()}), media_type="application/json")


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="error", access_log=False)
