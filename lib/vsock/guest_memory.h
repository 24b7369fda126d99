// The memory of a virtual machine as its vhost-user backend sees it: regions that QEMU hands over as descriptors, mapped here.
// Contents and addresses are the guest's to choose and to change at any moment: nothing is read twice, nothing outside of a region is touched.
#pragma once
#include <cstdint>
#include <span>
#include <vector>

#include "base/unique_fd.h"

namespace vsock {

/// One region, in the terms of SET_MEM_TABLE.
struct RegionSpec {
  uint64_t guest = 0;   ///< guest physical address
  uint64_t size = 0;    ///< bytes
  uint64_t user = 0;    ///< where QEMU itself has it mapped: ring addresses are given so
  uint64_t offset = 0;  ///< in the descriptor, whole pages
};

class GuestMemory {
 public:
  static constexpr size_t kMaxRegions = 64;

  GuestMemory() = default;
  GuestMemory(const GuestMemory&) = delete;
  GuestMemory& operator=(const GuestMemory&) = delete;
  ~GuestMemory() { clear(); }

  /// Maps a region. False for senseless sizes, a descriptor that is shorter, an overlap or too many regions.
  bool add(const RegionSpec& spec, const UniqueFd& fd);
  /// False if there is no such region.
  bool remove(uint64_t guest, uint64_t size);
  void clear();

  /// The bytes at a guest physical address: all `length` of them, or fewer where the region ends, or none.
  std::span<char> at_guest(uint64_t address, uint64_t length) const;
  /// All `length` bytes at an address of QEMU's; null if they are not in one region.
  char* at_user(uint64_t address, uint64_t length) const;

 private:
  struct Region {
    RegionSpec spec;
    char* data = nullptr;
  };
  std::vector<Region> regions_;
};

}  // namespace vsock
