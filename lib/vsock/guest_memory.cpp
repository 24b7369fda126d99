#include "vsock/guest_memory.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>

namespace vsock {
namespace {

constexpr uint64_t kPage = 4096;

/// `address - start` if `address` lies in [start, start + size), else `size`.
uint64_t offset_in(uint64_t address, uint64_t start, uint64_t size) {
  return address < start ? size : std::min(address - start, size);
}

bool overlap(uint64_t a, uint64_t a_size, uint64_t b, uint64_t b_size) { return a < b + b_size && b < a + a_size; }

bool sensible(const RegionSpec& spec) {
  uint64_t end;
  return spec.size > 0 && spec.offset % kPage == 0 && !__builtin_add_overflow(spec.guest, spec.size, &end) && !__builtin_add_overflow(spec.user, spec.size, &end) &&
         !__builtin_add_overflow(spec.offset, spec.size, &end) && end <= static_cast<uint64_t>(INT64_MAX);
}

}  // namespace

bool GuestMemory::add(const RegionSpec& spec, const UniqueFd& fd) {
  if (!sensible(spec) || regions_.size() >= kMaxRegions) return false;
  for (const Region& region : regions_) {
    if (overlap(region.spec.guest, region.spec.size, spec.guest, spec.size)) return false;
  }
  struct stat info;
  if (fstat(fd.get(), &info) < 0 || static_cast<uint64_t>(info.st_size) < spec.offset + spec.size) return false;
  void* data = mmap(nullptr, spec.size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd.get(), static_cast<off_t>(spec.offset));
  if (data == MAP_FAILED) return false;
  regions_.push_back({spec, static_cast<char*>(data)});
  return true;
}

bool GuestMemory::remove(uint64_t guest, uint64_t size) {
  auto found = std::ranges::find_if(regions_, [&](const Region& region) { return region.spec.guest == guest && region.spec.size == size; });
  if (found == regions_.end()) return false;
  munmap(found->data, found->spec.size);
  regions_.erase(found);
  return true;
}

void GuestMemory::clear() {
  for (const Region& region : regions_) munmap(region.data, region.spec.size);
  regions_.clear();
}

std::span<char> GuestMemory::at_guest(uint64_t address, uint64_t length) const {
  for (const Region& region : regions_) {
    uint64_t offset = offset_in(address, region.spec.guest, region.spec.size);
    if (offset < region.spec.size) return {region.data + offset, std::min(length, region.spec.size - offset)};
  }
  return {};
}

char* GuestMemory::at_user(uint64_t address, uint64_t length) const {
  for (const Region& region : regions_) {
    uint64_t offset = offset_in(address, region.spec.user, region.spec.size);
    if (offset < region.spec.size) return region.spec.size - offset >= length ? region.data + offset : nullptr;
  }
  return nullptr;
}

}  // namespace vsock
