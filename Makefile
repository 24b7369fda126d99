# A thin front: CMake and Ninja do the work, inside a Debian 13 build root where this machine is not one (scripts/buildroot.sh).
BUILD = build
IN = scripts/buildroot.sh run
CONFIGURE = cmake -S . -G Ninja -DCMAKE_CXX_COMPILER=g++-14 -DCMAKE_C_COMPILER=gcc-14

.PHONY: all dev demo test check bench interop asan tsan install clean

# The optimised, stripped binary and the test programs.
all:
	$(IN) scripts/compile.sh release

# The development loop: no optimisation. TARGET=unit_tests builds just that.
dev:
	$(IN) scripts/compile.sh dev $(TARGET)

demo: all
	scripts/demo.sh $(BUILD)/incusbox

test: all
	scripts/test.sh $(BUILD)

check: all
	scripts/check-layers
	scripts/check-size
	scripts/check-static $(BUILD)/incusbox

# Against the real Incus, where PEER names the program that runs it (docs/architecture.md, section 5).
bench: all
	scripts/bench.sh $(BUILD)/incusbox

interop: all
	scripts/interop.sh $(BUILD)/incusbox

# Unit and API tests under a sanitizer (dynamic build, inside the build root).
asan:
	$(IN) sh -c '$(CONFIGURE) -B build-asan -DINCUSBOX_STATIC=OFF -DINCUSBOX_SANITIZE=address,undefined && cmake --build build-asan && build-asan/unit_tests && { [ ! -e build-asan/api_tests ] || build-asan/api_tests; }'

tsan:
	$(IN) sh -c '$(CONFIGURE) -B build-tsan -DINCUSBOX_STATIC=OFF -DINCUSBOX_SANITIZE=thread && cmake --build build-tsan && build-tsan/unit_tests && { [ ! -e build-tsan/api_tests ] || build-tsan/api_tests; }'

install: all
	install -D -m 755 $(BUILD)/incusbox $(DESTDIR)/usr/bin/incusbox
	$(BUILD)/incusbox --install $(DESTDIR)/usr/bin
	scripts/install-docs $(BUILD)/incusbox $(DESTDIR)/usr/share

clean:
	rm -rf build build-*
