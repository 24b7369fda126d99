# A thin front: CMake and Ninja do the work, inside a Debian 13 build root where this machine is not one (scripts/buildroot.sh).
BUILD ?= build
TYPE ?= Release
IN = scripts/buildroot.sh run

.PHONY: all dev demo test bench interop asan tsan check install clean

all:
	$(IN) sh -c 'cmake -S . -B $(BUILD) -G Ninja -DCMAKE_BUILD_TYPE=$(TYPE) -DCMAKE_CXX_COMPILER=g++-14 -DCMAKE_C_COMPILER=gcc-14 > $(BUILD).cmake.log 2>&1 || { cat $(BUILD).cmake.log; exit 1; }; cmake --build $(BUILD) && cp $(BUILD)/incusbox $(BUILD)/incusbox.debug && strip $(BUILD)/incusbox'

# The development loop: no optimisation, precompiled standard headers shared by all checkouts. TARGET=unit_tests builds just that.
dev:
	$(IN) scripts/dev-build.sh $(TARGET)

clean:
	rm -rf build build-*
