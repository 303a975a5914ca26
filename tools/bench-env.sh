#!/usr/bin/env bash
# Installs what the benchmarks compare with: wrk from Debian, vegeta from the Go modules, and a Python environment with
# Flask, FastAPI and scikit-learn. Writes their places to $CACHE/bench-env.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/loadline"
mkdir -p "$cache"
sudo=''
[ "$(id -u)" = 0 ] || sudo='sudo'

if ! command -v wrk >/dev/null; then
  echo "installing Debian packages: wrk …" >&2
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends wrk >/dev/null
fi

vegeta="$cache/go/bin/vegeta"
if [ ! -x "$vegeta" ]; then
  echo "building vegeta …" >&2
  GOBIN="$cache/go/bin" go install github.com/tsenart/vegeta/v12@v12.13.0
fi

. tools/python-env.sh
python=$(find_python)
if [ -z "$python" ]; then
  echo "the benchmarks need Python 3.11 or newer with venv: apt-get install python3 python3-venv" >&2
  exit 8
fi
bench_python=$(python_env "$python" bench-python bench/requirements.txt)
models="$cache/bench-models-$( { cat bench/train.py bench/requirements.txt; } | sha256sum | cut -c1-12)"
if [ ! -f "$models/version-2.json" ]; then
  echo "fitting the models …" >&2
  "$bench_python" bench/train.py "$models"
fi

cat > "$cache/bench-env" <<ENV
export LOADLINE_BENCH_PYTHON='$bench_python'
export LOADLINE_BENCH_MODELS='$models'
export LOADLINE_VEGETA='$vegeta'
ENV
