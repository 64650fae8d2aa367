#!/bin/sh
# Builds the kernel's C++ tests under sanitizers and runs them.
#   native/tests/run.sh [seconds of fuzzing per target, default 5]
set -eu
cd "$(dirname "$0")/.."
seconds=${1:-5}
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
"$build/address/profile_test"
build thread thread profile_test
"$build/thread/profile_test"
for target in tests/fuzz_*.cpp; do
  name=$(basename "$target" .cpp)
  build address address,undefined "$name"
  "$build/address/$name" "$seconds"
done
