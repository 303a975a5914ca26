"""The tutorial's Flask app: loads the pickle, predicts one row, answers JSON. Run by Flask's own server, as there."""
import logging
import os
import pickle
import sys

import numpy as np
from flask import Flask, jsonify, request

app = Flask(__name__)
with open(os.environ["MODEL"], "rb") as file:
    model = pickle.load(file)


@app.route("/predict", methods=["POST"])
def predict():
    data = request.get_json()
    prediction = model.predict([np.array(data["features"])])
    return jsonify({"prediction": prediction.tolist()})


if __name__ == "__main__":
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    app.run(host="127.0.0.1", port=int(sys.argv[1]))
