// Disks of virtual machines out of a tree.
#pragma once
#include "applets/image/stages.h"

namespace builder {

/// What fstab and boot loaders call the partitions, as distrobuilder does.
inline constexpr const char *kRootLabel = "rootfs", *kEfiLabel = "UEFI";

struct MachineOptions {
  uint64_t size = 0;  ///< of the disk, in bytes
  int64_t time = 0;   ///< of everything in it
  std::string seed;   ///< what its identifiers are made of
};

/// Of `targets.incus.vm.size` ("4GiB"; empty: that). Errors: invalid.
Result<uint64_t> machine_size(const std::string& text);

/// Writes a disk that EFI firmware starts from as a compressed qcow2 file: an EFI partition with what the tree has in /boot/efi, else with shim and grub
/// where it has them as signed by its distribution, else with our own loader; and the tree as ext4, by mke2fs. The times of the tree's files are
/// changed where they are later than `options.time`. Errors: invalid (no kernel in /boot, too small), unsupported (no boot loader, no mke2fs). Blocks.
Result<> make_machine_disk(const Context& ctx, const Tree& tree, const MachineOptions& options, const std::string& workspace, const std::string& out);

}  // namespace builder
