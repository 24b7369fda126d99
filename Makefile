# A thin front: CMake and Ninja do the work, inside a Debian 13 build root where this machine is not one (scripts/buildroot.sh).
BUILD = build
IN = scripts/buildroot.sh run

.PHONY: all binary dev demo demo-vm test test-v2 check bench interop asan tsan fuzz install clean

# The optimised, stripped binary and the test programs.
all:
	$(IN) scripts/compile.sh release

# The binary alone.
binary:
	$(IN) scripts/compile.sh release incusbox

# The development loop: no optimisation. TARGET=unit_tests builds just that.
dev:
	$(IN) scripts/compile.sh dev $(TARGET)

demo: binary
	scripts/demo.sh $(BUILD)/incusbox

# A virtual machine and a container side by side.
demo-vm: binary
	scripts/demo-vm.sh $(BUILD)/incusbox

test: all
	scripts/test.sh $(BUILD)

# Container suites on Debian's kernel in an emulated machine: control groups of version 2 only, VLANs, AppArmor. Minutes; SUITES="life nics" chooses.
SUITES = limits vlan bridge life
test-v2: binary
	SUITE_TIMEOUT=900 scripts/vmtest -b $(BUILD)/incusbox env SUITE_TIMEOUT=900 $(CURDIR)/scripts/run-suites $(CURDIR)/$(BUILD)/incusbox $(SUITES)

check: binary
	scripts/check-layers
	scripts/check-size
	scripts/check-static $(BUILD)/incusbox

# Against the real Incus, where PEER names the program that runs it (docs/architecture.md, section 5).
bench: binary
	scripts/bench.sh $(BUILD)/incusbox

interop: binary
	scripts/interop.sh $(BUILD)/incusbox
	scripts/interop-images.sh $(BUILD)/incusbox $(IMAGES)
	scripts/interop-machines.sh $(BUILD)/incusbox

# Unit and API tests under a sanitizer: a dynamic build, inside the build root.
asan tsan:
	$(IN) scripts/compile.sh $@ unit_tests api_tests
	$(IN) build-$@/unit_tests
	$(IN) build-$@/api_tests

# FUZZ_SECONDS each: tests/fuzz, under the address sanitizer.
FUZZ_SECONDS = 60
fuzz:
	$(IN) scripts/compile.sh fuzz fuzz_targets
	$(IN) scripts/fuzz.sh build-fuzz $(FUZZ_SECONDS)

install: binary
	install -D -m 755 $(BUILD)/incusbox $(DESTDIR)/usr/bin/incusbox
	$(BUILD)/incusbox --install $(DESTDIR)/usr/bin
	scripts/install-docs $(BUILD)/incusbox $(DESTDIR)/usr/share

clean:
	rm -rf build build-*
