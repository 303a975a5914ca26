#!/usr/bin/env bash
# Runs a Docker engine of its own in FOLDER until standard input ends, however whoever holds the other end came to its
# end; then takes all of it down: containers, processes, mounts, bridges, the folder. Needs root.
# Usage: engine-keeper.sh FOLDER; the engine answers at FOLDER/docker.sock. Where it gives up by itself, so does this, and
# says on standard error what its log ended with.
set -uo pipefail
folder=$1
PATH="$PATH:/usr/sbin:/sbin"
# Only the end of standard input stops it: Ctrl-C reaches the tests first, and then this.
trap '' INT TERM HUP

# Each engine takes an eighth of a /16 part of its own; making the bridge of that number claims it.
# The host's own containerd, bridge, address pools, configuration and iptables rules are left alone: there may be a
# developer's engine, and a second of these.
number=0
until ip link add "loadline$number" type bridge 2>/dev/null; do
  number=$((number + 1))
  if [ "$number" = 32 ]; then
    echo 'no bridge can be made: ip link add loadline0 … loadline31 type bridge failed' >&2
    rm -rf "$folder"
    exit 1
  fi
done
first=$((number * 8))

# Prints the processes that hold on to the folder: the engine, its containerd and shims by their arguments, what runs in
# containers by their root file system.
holders() {
  local process
  for process in /proc/[0-9]*; do
    process=${process#/proc/}
    [ "$process" = $$ ] && continue
    if tr '\0' ' ' 2>/dev/null < "/proc/$process/cmdline" | grep -qF "$folder/" ||
      grep -qs " / / .*$folder/" "/proc/$process/mountinfo"; then
      echo "$process"
    fi
  done
}

# end PROCESS TENTHS: asks it to end, and ends it.
end() {
  local left=$2
  kill "$1" 2>/dev/null
  while kill -0 "$1" 2>/dev/null && [ "$left" -gt 0 ]; do
    sleep 0.1
    left=$((left - 1))
  done
  kill -KILL "$1" 2>/dev/null
  wait "$1" 2>/dev/null
}

take_down() {
  local name left
  timeout 20 docker ps --quiet | timeout 20 xargs --no-run-if-empty docker kill
  end "$engine" 150
  end "$containerd" 50
  for left in 1 2 3 4 5; do
    name=$(holders)
    [ -z "$name" ] && break
    # shellcheck disable=SC2086
    kill -KILL $name
    sleep "0.$left"
  done
  awk -v folder="$folder/" 'index($2, folder) == 1 { print $2 }' /proc/mounts | sort -r |
    xargs --no-run-if-empty umount --lazy
  # Compose files and tests may have made networks; their bridges have addresses of this engine's part.
  ip -o -4 address show | while read -r _ name _ address _; do
    IFS=. read -r a b c _ <<< "$address"
    if [ "$a.$b" = 10.213 ] && [ "$c" -ge "$first" ] && [ "$c" -lt $((first + 8)) ] && [ "$name" != "loadline$number" ]
    then ip link delete "$name"; fi
  done
  rm -rf "$folder"
  # Last, since the name keeps others from the addresses.
  ip link delete "loadline$number"
}

ip address add "10.213.$first.1/24" dev "loadline$number"
ip link set "loadline$number" up
export DOCKER_HOST="unix://$folder/docker.sock" DOCKER_CONFIG="$folder/config"
mkdir -p "$folder/config" "$folder/containerd"
echo '{}' > "$folder/daemon.json"
cat > "$folder/containerd.toml" <<TOML
version = 2
root = "$folder/containerd/root"
state = "$folder/containerd/state"
disabled_plugins = ["io.containerd.grpc.v1.cri"]
[grpc]
address = "$folder/containerd.sock"
TOML
# Should this script be killed, its engine goes too.
setpriv --pdeathsig KILL containerd --config "$folder/containerd.toml" > "$folder/containerd.log" 2>&1 < /dev/null &
containerd=$!
for _ in $(seq 100); do
  { [ -S "$folder/containerd.sock" ] || ! kill -0 "$containerd" 2>/dev/null; } && break
  sleep 0.05
done
# Without iptables a published port is a process that passes bytes on, which is all that tests on this machine need.
setpriv --pdeathsig TERM dockerd --config-file "$folder/daemon.json" --host "$DOCKER_HOST" --pidfile "$folder/pid" \
  --data-root "$folder/data" --exec-root "$folder/exec" --containerd "$folder/containerd.sock" \
  --bridge "loadline$number" --default-address-pool "base=10.213.$((first + 4)).0/22,size=28" \
  --iptables=false --ip6tables=false --ip-forward=false --ip-masq=false \
  --exec-opt native.cgroupdriver=cgroupfs > "$folder/log" 2>&1 < /dev/null &
engine=$!
while kill -0 "$engine" 2>/dev/null; do
  read -r -t 0.5
  # Above 128 means that the time was up, 1 that the input ended.
  [ $? -eq 1 ] && break
done
kill -0 "$engine" 2>/dev/null || tail -n 20 "$folder/containerd.log" "$folder/log" >&2
take_down > /dev/null 2>&1
