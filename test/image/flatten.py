"""Prints what an image of `docker save` has, or has over another one, and the image's configuration, as JSON.

The layers are laid over each other as the OCI image specification says (whiteouts included); an entry counts when it is
new or another one than in the base. Usage: flatten.py IMAGE.tar [BASE.tar]
"""
import hashlib
import json
import sys
import tarfile

KINDS = {tarfile.REGTYPE: "file", tarfile.AREGTYPE: "file", tarfile.DIRTYPE: "folder", tarfile.SYMTYPE: "symlink"}


def flatten(path):
    entries = {}
    with tarfile.open(path) as archive:
        (image,) = json.load(archive.extractfile("manifest.json"))
        config = json.load(archive.extractfile(image["Config"]))
        for layer in image["Layers"]:
            with tarfile.open(fileobj=archive.extractfile(layer)) as files:
                for member in files:
                    add(entries, member, files)
    return entries, config


def add(entries, member, files):
    path = "/" + member.name.removeprefix("./").strip("/")
    folder, _, name = path.rpartition("/")
    if name == ".wh..wh..opq":
        remove(entries, folder + "/")
    elif name.startswith(".wh."):
        gone = f"{folder}/{name.removeprefix('.wh.')}"
        entries.pop(gone, None)
        remove(entries, gone + "/")
    elif member.islnk():
        entries[path] = {**entries["/" + member.linkname.removeprefix("./").strip("/")], "path": path}
    elif path != "/":
        content = files.extractfile(member).read() if member.isreg() else None
        entries[path] = {
            "path": path,
            "type": KINDS.get(member.type, member.type.decode()),
            "mode": format(member.mode & 0o7777, "04o"),
            "uid": member.uid,
            "gid": member.gid,
            "size": member.size,
            "sha256": None if content is None else hashlib.sha256(content).hexdigest(),
            # A folder's time is the builder's.
            "mtime": None if content is None else int(member.mtime),
        }


def remove(entries, beginning):
    for path in [path for path in entries if path.startswith(beginning)]:
        del entries[path]


image, config = flatten(sys.argv[1])
base = flatten(sys.argv[2])[0] if len(sys.argv) > 2 else {}
over = [image[path] for path in sorted(image) if image[path] != base.get(path)]
gone = sorted(set(base) - set(image))
json.dump({"over": over, "gone": gone, "config": config["config"]}, sys.stdout)
