// Disk images that firmware starts from: a GPT with a partition for EFI and one for a root file system. UEFI specification 2.10, section 5.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace imagefmt {

inline constexpr uint64_t kSector = 512;
inline constexpr uint64_t kPartitionAlignment = 1 << 20;

enum class PartitionType { efi_system, linux_root };

struct PartitionSpec {
  PartitionType type = PartitionType::linux_root;
  std::string name;    ///< at most 36 letters of ASCII: how a guest finds it (PARTLABEL)
  uint64_t size = 0;   ///< bytes; 0: all that is left, for the last one only
};

/// Bytes of the disk.
struct Placed {
  uint64_t offset = 0, size = 0;
};

/// Writes both copies of the partition table for a disk of `disk_size` bytes, and makes the file that large. All identifiers are derived
/// from `seed`, so that the same input gives the same bytes. Errors: invalid (does not fit), internal.
Result<std::vector<Placed>> write_gpt(int file, uint64_t disk_size, std::span<const PartitionSpec> partitions, std::string_view seed);

/// Writes all of `bytes` at `offset`. Errors: internal with errno.
Result<> write_at(int file, uint64_t offset, std::string_view bytes);

/// A UUID that is the same for the same seed and purpose: "xxxxxxxx-xxxx-8xxx-…".
std::string derived_uuid(std::string_view seed, std::string_view purpose);

/// Our boot loader as an EFI application (applets/guest/efi_boot.c); empty where there is none for this processor.
std::string_view efi_boot();

}  // namespace imagefmt
