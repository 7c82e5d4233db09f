#!/usr/bin/env bash
# Makes a stub of NVIDIA's driver library, so that libtorch for CUDA can be loaded on a machine without
# a GPU, and checks that the libraries find each other. A wrong or incomplete set is found here and not
# on the first GPU node.
#
#   docker/cuda-stub.sh LIBRARIES OUT
#
# LIBRARIES is the folder of the image's PYTORCH_LIBRARY_PATH (docker/Dockerfile has the steps), OUT gets
# libcuda.so.1. Each function of the stub returns CUDA_ERROR_NO_DEVICE. Then, with the package:
#
#   export PYTORCH_LIBRARY_PATH=LIBRARIES PYTORCH_VERSION=2.7.1 PYTORCH_FLAVOR=cu128 LD_LIBRARY_PATH=OUT
#   java -jar target/quarkus-app/quarkus-run.jar generate --model avatars-32 --device cpu --out images
#   java -jar target/quarkus-app/quarkus-run.jar generate --model avatars-32 --device cuda --out images
#
# The first generates images, the second ends with exit code 2 and says that no GPU was found.
# Requires gcc, nm and ldd.
set -euo pipefail

fail() {
  echo "docker/cuda-stub.sh: $1" >&2
  exit "${2:-2}"
}

[[ $# == 2 ]] || fail "usage: docker/cuda-stub.sh LIBRARIES OUT"
libraries=$1
out=$2
[[ -d $libraries ]] || fail "$libraries is not a folder"
for program in gcc nm ldd; do
  command -v "$program" > /dev/null || fail "$program is required"
done
mapfile -t files < <(find "$(cd "$libraries" && pwd)" -maxdepth 1 -name '*.so*' -type f | sort)
((${#files[@]} > 0)) || fail "$libraries has no libraries"

# Functions of the driver begin with cu and a capital: cuInit; those of CUDA's runtime with cuda.
functions=$(nm --dynamic --undefined-only "${files[@]}" 2> /dev/null \
  | sed -n 's/^ *[Uwv] \(cu[A-Z][A-Za-z0-9_]*\)\(@.*\)\?$/\1/p' | sort -u)
own=$(nm --dynamic --defined-only "${files[@]}" 2> /dev/null \
  | sed -n 's/^[0-9a-f]* [TtWw] \(cu[A-Z][A-Za-z0-9_]*\)\(@.*\)\?$/\1/p' | sort -u)
functions=$(comm -23 <(printf '%s\n' "$functions") <(printf '%s\n' "$own") | sed '/^$/d')
[[ -n $functions ]] || fail "no library in $libraries calls the driver: is this libtorch for CUDA?" 1

mkdir -p "$out"
while read -r name; do
  echo "int $name(void) { return 100; } /* CUDA_ERROR_NO_DEVICE */"
done <<< "$functions" > "$out/libcuda.c"
gcc -shared -fPIC -Wl,-soname,libcuda.so.1 -o "$out/libcuda.so.1" "$out/libcuda.c"
rm "$out/libcuda.c"
echo "$out/libcuda.so.1 has $(wc -l <<< "$functions") functions of the driver"

# Loaded libraries count as found: libtorch finds its own by their places, in this folder, in ../../nvidia
# and in ../../cusparselt.
missing=$(for file in "${files[@]}"; do
  LD_LIBRARY_PATH="$out:$libraries" ldd "$file" \
    | sed -n "s|^[[:space:]]*\(.*\) => not found.*|${file##*/} requires \1|p"
done)
if [[ -n $missing ]]; then
  echo "$missing" >&2
  fail "libraries are missing" 1
fi
echo "all ${#files[@]} libraries find what they require"
