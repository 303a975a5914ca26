#!/usr/bin/env bash
# Installs what the tests need beyond npm: Debian packages (a browser, Prometheus' checker, a Docker engine, a registry
# and what reads images), Python environments (scikit-learn and the real clients with MLflow 3; MLflow 2; DVC) and the base
# images. Writes their places to $CACHE/test-env. Quick when all is there.
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/loadline"
mkdir -p "$cache"
sudo=''
[ "$(id -u)" = 0 ] || sudo='sudo'

# program:package
wanted='chromium:chromium promtool:prometheus curl:curl openssl:openssl git:git
  docker:docker.io dockerd:docker.io ip:iproute2 docker-compose:docker-compose podman:podman
  docker-registry:docker-registry skopeo:skopeo umoci:umoci debootstrap:debootstrap'
missing=()
PATH="$PATH:/usr/sbin:/sbin"
for pair in $wanted; do
  command -v "${pair%%:*}" >/dev/null || missing+=("${pair##*:}")
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "installing Debian packages: ${missing[*]} …" >&2
  $sudo apt-get update -qq
  # The tests start servers of their own: a package must not start its service here.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | $sudo tee "$policy" >/dev/null
    $sudo chmod 755 "$policy"
    trap '$sudo rm -f "$policy"' EXIT
  fi
  $sudo env DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 \
    apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

. tools/python-env.sh
python=$(find_python)
if [ -z "$python" ]; then
  echo "installing Debian packages: python3 python3-venv …" >&2
  $sudo apt-get update -qq
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends python3 python3-venv >/dev/null
  python=/usr/bin/python3
fi
test_python=$(python_env "$python" test-python test/python/requirements.txt)
mlflow2_python=$(python_env "$python" mlflow2-python test/python/mlflow2.txt)
dvc_python=$(python_env "$python" dvc-python test/python/dvc.txt)
test_base=$(tools/test-base.sh)

cat > "$cache/test-env" <<ENV
export LOADLINE_TEST_PYTHON='$test_python'
export LOADLINE_MLFLOW2_PYTHON='$mlflow2_python'
export LOADLINE_DVC_PYTHON='$dvc_python'
export LOADLINE_CHROMIUM='$(command -v chromium)'
export LOADLINE_PROMTOOL='$(command -v promtool)'
export LOADLINE_TEST_BASE='$test_base'
ENV
