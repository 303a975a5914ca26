#!/usr/bin/env bash
# Makes the root file system of the usual tutorial's image once: a minimal Debian with Python, slimmed as Python's slim
# images are, and numpy, scipy, scikit-learn and flask of bench/requirements.txt. Prints the path of a file that holds the
# compressed bytes of its two layers, "BASE PACKAGES". Needs root, debootstrap, and the Python that the benchmarks use
# ($1: its environment's interpreter).
set -euo pipefail
cd "$(dirname "$0")/.."
cache="${XDG_CACHE_HOME:-$HOME/.cache}/loadline"
python=$1
made="$cache/tutorial-image-$(cat bench/tutorial-image.sh bench/requirements.txt | sha256sum | cut -c1-12)"
if [ ! -f "$made" ]; then
  echo "making the tutorial's image to compare with …" >&2
  work=$(mktemp -d "$cache/tutorial.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  debootstrap --variant=minbase --include=python3,python3-venv,ca-certificates bookworm "$work/root" >&2
  rm -rf "$work/root/var/cache/apt" "$work/root/var/lib/apt/lists" "$work/root/var/log" \
    "$work/root/usr/share/doc" "$work/root/usr/share/man" "$work/root/usr/share/locale" "$work/root/usr/share/info" \
    "$work/root/dev" "$work/root/proc" "$work/root/sys"
  base=$(tar -C "$work/root" --numeric-owner -cf - . | gzip -6 | wc -c)
  # shellcheck disable=SC2046 # one word a package
  "$python" -m pip install --quiet --only-binary=:all: --no-compile --target "$work/packages" \
    $(grep -iE '^(numpy|scipy|scikit-learn|flask)==' bench/requirements.txt) >&2
  packages=$(tar -C "$work/packages" --numeric-owner -cf - . | gzip -6 | wc -c)
  echo "$base $packages" >"$work/sizes"
  mv "$work/sizes" "$made"
fi
echo "$made"
