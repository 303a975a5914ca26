# Sourced: finds a Python of 3.11 or newer and makes environments from locks. Needs $cache.

# Prints the newest Python that has venv; nothing where there is none.
find_python() {
  local candidate
  for candidate in python3.13 python3.12 python3.11 python3; do
    if command -v "$candidate" >/dev/null &&
      "$candidate" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
      command -v "$candidate"
      return
    fi
  done
}

# python_env PYTHON NAME LOCK: installs LOCK into an environment of its own, once, and prints its Python.
python_env() {
  local venv
  venv="$cache/$2-$( { cat "$3"; "$1" -V; } | sha256sum | cut -c1-12)"
  if [ ! -f "$venv/.installed" ]; then
    echo "installing the Python packages of $3 …" >&2
    rm -rf "$venv"
    "$1" -m venv "$venv"
    "$venv/bin/python" -m pip install --quiet --only-binary=:all: -r "$3" >&2
    touch "$venv/.installed"
  fi
  echo "$venv/bin/python"
}
