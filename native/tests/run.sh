#!/bin/sh
# Builds the kernel's C++ tests under sanitizers and runs them.
#   native/tests/run.sh [seconds of fuzzing per target, default 5] [seed of the fuzzing, default 1]
# Where a cross compiler for arm64 is installed (Debian: g++-aarch64-linux-gnu) the byte test is built for it, and
# run where qemu-aarch64 is (Debian: qemu-user): it must give the digest that this processor gives.
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-5}
seed=${2:-1}
build=${TMPDIR:-/tmp}/dqm-kernel-tests
compiler=${CXX:-g++}
flags="-std=c++17 -O1 -g -ffp-contract=off -fno-math-errno -Wno-psabi -pthread -Iinclude -Isrc"

# build NAME SANITIZERS TEST
build() {
  mkdir -p "$build/$1"
  for source in src/*.cpp "tests/$3.cpp"; do
    object="$build/$1/$(basename "$source" .cpp).o"
    if [ ! -e "$object" ] || [ -n "$(find include src tests -newer "$object" | head -n 1)" ]; then
      echo "$compiler $flags -fsanitize=$2 -fno-sanitize-recover=all -c $source -o $object"
    fi
  done | xargs -r -P 2 -I{} sh -c '{}'
  objects=$(for source in src/*.cpp; do echo "$build/$1/$(basename "$source" .cpp).o"; done)
  # shellcheck disable=SC2086
  $compiler -fsanitize="$2" -pthread $objects "$build/$1/$3.o" -o "$build/$1/$3"
}

build address address,undefined profile_test
expected=$("$build/address/profile_test")
echo "$expected"
build thread thread profile_test
"$build/thread/profile_test"
for target in tests/fuzz_*.cpp; do
  name=$(basename "$target" .cpp)
  build address address,undefined "$name"
  "$build/address/$name" "$seconds" "$seed"
done
if command -v aarch64-linux-gnu-g++ > /dev/null; then
  mkdir -p "$build/arm64"
  # shellcheck disable=SC2086
  aarch64-linux-gnu-g++ $flags -static src/*.cpp tests/profile_test.cpp -o "$build/arm64/profile_test"
  echo "arm64: built"
  if command -v qemu-aarch64 > /dev/null; then
    found=$(qemu-aarch64 "$build/arm64/profile_test")
    [ "$found" = "$expected" ] || { echo "arm64 gives other bytes: $found"; exit 1; }
    echo "arm64: same bytes as here"
  fi
fi
