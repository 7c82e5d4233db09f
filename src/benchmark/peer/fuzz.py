#!/usr/bin/env python3
"""Compares what Mezzotint reads of damaged files with what Pillow, zipfile, safetensors and torch read.

    ./mvnw test -Dtest='FuzzedFilesTest' -Dmezzotint.fuzz=500 -Dmezzotint.fuzz.keep=FOLDER
    python3 src/benchmark/peer/fuzz.py FOLDER [--files]

FOLDER has the files, and outcomes.tsv with what became of each: images by `datasets check`, zips by
`datasets check`, weights by `import`. Prints how many files both sides read or refuse, and the
differences by reason; --files names the files of each. Needs Pillow, safetensors and torch; not part
of the build.

Images count as read if Pillow loads all pixels, converts them to RGB and converts an embedded profile.
Zips are compared by the images in them that can be read. Weights count as read if all tensors load and
have the names, shapes and a type of src/test/resources/golden/iadb_defaults.
"""
import collections
import io
import re
import sys
import warnings
import zipfile

import torch
from PIL import Image, ImageCms, ImageOps
from safetensors import safe_open

MODEL = "src/test/resources/golden/iadb_defaults/diffusion_pytorch_model.safetensors"
SHAPES = {}
with safe_open(MODEL, "pt") as model:
    for key in model.keys():
        SHAPES[key] = tuple(model.get_tensor(key).shape)


def image(file):
    """None if Pillow reads the image, else why not."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            opened = Image.open(file)
            opened.load()
            opened = ImageOps.exif_transpose(opened)
            profile = opened.info.get("icc_profile")
            if profile:
                source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
                mode = {"GRAY": "L", "CMYK": "CMYK"}.get(source.profile.xcolor_space.strip(), "RGB")
                ImageCms.profileToProfile(
                    opened.convert(mode), source, ImageCms.createProfile("sRGB"), outputMode="RGB")
            opened.convert("RGB")
        return None
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def archive(file):
    """How many images can be read, and why others cannot."""
    try:
        with zipfile.ZipFile(file) as opened:
            read = 0
            reasons = set()
            for entry in opened.infolist():
                if not re.search(r"\.(png|jpe?g|webp)$", entry.filename, re.I):
                    continue
                try:
                    reason = image(io.BytesIO(opened.read(entry)))
                except Exception as e:
                    reason = f"{type(e).__name__}: {e}"
                read += reason is None
                if reason:
                    reasons.add(short(reason))
            return read, "; ".join(sorted(reasons)) or "read"
    except Exception as e:
        return 0, short(f"{type(e).__name__}: {e}")


def weights(file):
    try:
        if file.endswith(".safetensors"):
            with safe_open(file, "pt") as opened:
                tensors = {key: opened.get_tensor(key) for key in opened.keys()}
        else:
            tensors = torch.load(file, weights_only=True)
        if not isinstance(tensors, dict):
            return "not a state dict"
        shapes = {key: tuple(value.shape) for key, value in tensors.items()}
        if shapes != SHAPES:
            return "other names or shapes"
        for value in tensors.values():
            if value.dtype not in (torch.float32, torch.float16, torch.bfloat16):
                return f"type {value.dtype}"
        return None
    except Exception as e:
        return f"{type(e).__name__}: {e}"


def ours_of_zip(outcome):
    """Of `datasets check`: how many images were read, and why others were not."""
    found = re.search(r"(\d+) broken of (\d+),", outcome)
    if not found:
        return 0, short(outcome)
    reasons = set(re.findall(r"(?:does not|cannot|is|unpacks) .*?(?= broken: | passed over| \d+ broken of )", outcome))
    return int(found[2]) - int(found[1]), "; ".join(sorted(map(short, reasons))) or "read"


def short(reason):
    """A reason without what differs from file to file."""
    if reason is None:
        return "read"
    reason = re.sub(r"'[^']*'|\"[^\"]*\"|/\S+|\b[ab]/\S+|<[^>]*>", "…", reason)
    return re.sub(r"\d+", "N", reason).strip()[:150]


def main():
    folder = sys.argv[1]
    counts = collections.defaultdict(collections.Counter)
    differences = collections.defaultdict(list)
    with open(folder + "/outcomes.tsv", encoding="utf-8") as lines:
        for line in lines:
            name, outcome = line.rstrip("\n").split("\t", 1)
            kind = name.split("-")[0] + name[name.rindex("."):] if name.startswith("w") else name.split("-")[0]
            file = folder + "/" + name
            if kind == "zip":
                (ours, reason), (theirs, why) = ours_of_zip(outcome), archive(file)
                if ours == theirs:
                    counts[kind]["both read" if ours else "both refuse"] += 1
                    continue
                more = ours > theirs
            else:
                reason = None if outcome == "read" else outcome
                why = image(file) if kind == "image" else weights(file)
                if (reason is None) == (why is None):
                    counts[kind]["both refuse" if reason else "both read"] += 1
                    continue
                more = reason is None
            counts[kind]["only Mezzotint reads" if more else "only Python reads"] += 1
            if kind != "zip":
                reason, why = short(reason), short(why)
            differences[kind, more, reason, why].append(name)
    for kind, count in counts.items():
        print(kind, dict(count))
    for (kind, more, reason, why), names in sorted(differences.items(), key=lambda d: (d[0][:2], -len(d[1]))):
        print(f"\n{kind}, {'only Mezzotint reads' if more else 'only Python reads'}, {len(names)}:")
        print(f"  Mezzotint: {reason}\n  Python: {why}")
        if "--files" in sys.argv:
            print("  " + " ".join(names))


main()
