#!/bin/sh
# Makes one Python environment per scikit-learn version of the corpus, from wheels only, under
# ${XDG_CACHE_HOME:-~/.cache}/loadline/corpus/<minor>. An environment that matches its lock is left alone.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/loadline/corpus

# The Python each version of scikit-learn has wheels for.
python_of() {
    case $1 in
        1.1) echo 3.10 ;;
        1.3) echo 3.11 ;;
        1.5) echo 3.12 ;;
        *) echo 3.13 ;;
    esac
}

# The command of a Python minor version: on PATH, else from pyenv.
find_python() {
    if command -v "python$1" >/dev/null 2>&1 && "python$1" -c 'import venv, ensurepip' >/dev/null 2>&1; then
        command -v "python$1"
        return
    fi
    for root in "${PYENV_ROOT:-$HOME/.pyenv}"/versions/"$1"*; do
        if [ -x "$root/bin/python" ]; then
            echo "$root/bin/python"
            return
        fi
    done
}

missing=""
for minor in ${*:-1.1 1.3 1.5 1.7 1.9}; do
    lock=$here/requirements-$minor.txt
    env=$cache/$minor
    if [ -f "$env/lock.txt" ] && cmp -s "$lock" "$env/lock.txt"; then
        continue
    fi
    wanted=$(python_of "$minor")
    python=$(find_python "$wanted")
    if [ -z "$python" ]; then
        missing="$missing $wanted"
        continue
    fi
    echo "scikit-learn $minor: an environment of $python under $env"
    rm -rf "$env"
    mkdir -p "$cache"
    "$python" -m venv "$env"
    "$env/bin/python" -m pip install --quiet --disable-pip-version-check --only-binary :all: --requirement "$lock"
    cp "$lock" "$env/lock.txt"
done
if [ -n "$missing" ]; then
    echo "Missing Python:$missing. Install them (for example 'pyenv install 3.11') so that pythonX.Y is on PATH." >&2
    exit 8
fi
