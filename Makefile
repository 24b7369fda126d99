# A thin front: CMake and Ninja do the work, inside a Debian 13 build root where this machine is not one (scripts/buildroot.sh).
BUILD = build
IN = scripts/buildroot.sh run

.PHONY: all binary dev demo demo-vm test test-v2 test-kvm test-hardware check bench interop asan tsan fuzz install clean

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

# Suites on Debian's kernel in an emulated machine (scripts/vmtest), which has what this one may lack: minutes. SUITES="life nics" chooses.
# Containers: control groups of version 2 only, VLANs, ipvlan, AppArmor, two NUMA nodes.
SUITES =
IN_MACHINE = env SUITE_TIMEOUT=3000 SUITE_GUEST=$(CURDIR)/$(BUILD)/guest
RUN_SUITES = $(CURDIR)/scripts/run-suites $(CURDIR)/$(BUILD)/incusbox
test-v2: binary
	scripts/vmtest -m 4 -b $(BUILD)/incusbox $(IN_MACHINE) $(RUN_SUITES) \
	  $(or $(SUITES),$(filter-out vm_% hardware passthrough,$(basename $(notdir $(wildcard tests/suites/*.sh)))))

# Virtual machines with KVM, which QEMU emulates there (AMD's), vhost-vsock, huge pages. QEMU aborts when an accelerated guest sets CR8 while an interrupt is
# pending, as UEFI firmware does: machines are given their kernel.
test-kvm: binary
	scripts/make-guest -b $(BUILD)/incusbox $(BUILD)/guest > /dev/null
	scripts/vmtest -m 4 -k hugepages=100 -b $(BUILD)/incusbox $(IN_MACHINE) SUITE_NO_FIRMWARE=1 $(RUN_SUITES) $(or $(SUITES),vm_kvm vm_memory vm_life)

# Devices that QEMU plugs into the machine: a USB stick, a tablet, a screen, a disk, a NIC, and one with virtual functions; with an IOMMU, so that machines in
# that machine can have them.
HARDWARE = -device intel-iommu -device qemu-xhci -device usb-tablet -device VGA \
  -blockdev null-co,node-name=stick,size=16777216,read-zeroes=on -device usb-storage,drive=stick,serial=VMSTICK \
  -device pcie-root-port,id=p1,chassis=1,slot=1 -blockdev null-co,node-name=disk,size=16777216,read-zeroes=on -device nvme,drive=disk,serial=VMDISK,bus=p1 \
  -device pcie-root-port,id=p2,chassis=2,slot=2 -device e1000e,bus=p2 -device pcie-root-port,id=p3,chassis=3,slot=3 -device igb,bus=p3
test-hardware: binary
	scripts/make-guest -b $(BUILD)/incusbox -f $(BUILD)/guest-full > /dev/null
	VMTEST_QEMU=$$(scripts/qemu-with-igb.sh) scripts/vmtest -f -m 4 -b $(BUILD)/incusbox -k intel_iommu=on -q "$(HARDWARE)" \
	  $(IN_MACHINE) SUITE_GUEST=$(CURDIR)/$(BUILD)/guest-full SUITE_NO_FIRMWARE=1 SUITE_NETWORK=host $(RUN_SUITES) $(or $(SUITES),hardware passthrough)

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
