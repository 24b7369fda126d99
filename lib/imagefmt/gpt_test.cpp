#include "imagefmt/gpt.h"

#include <sys/mman.h>
#include <unistd.h>
#include <zlib.h>

#include <catch2/catch_test_macros.hpp>
#include <cstdint>
#include <cstring>
#include <string>

#include "base/unique_fd.h"

namespace {

constexpr uint64_t kSectors = 2048;

template <class T>
void put(std::string& bytes, size_t at, T value) {
  memcpy(bytes.data() + at, &value, sizeof value);
}
template <class T>
T get(int fd, off_t at) {
  T value{};
  REQUIRE(pread(fd, &value, sizeof value, at) == sizeof value);
  return value;
}
uint32_t crc(const std::string& bytes, size_t size) { return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(size))); }

/// A disk of 1 MiB with one partition, as partitioning programs make them.
UniqueFd make_disk() {
  UniqueFd fd(memfd_create("disk", MFD_CLOEXEC));
  std::string table(128 * 128, '\0'), header(512, '\0'), mbr(512, '\0');
  table.replace(0, 4, "type");
  mbr[450] = '\xee';
  put<uint32_t>(mbr, 454, 1);
  put<uint32_t>(mbr, 458, kSectors - 1);
  mbr.replace(510, 2, "\x55\xaa");
  header.replace(0, 8, "EFI PART");
  put<uint32_t>(header, 8, 0x10000);
  put<uint32_t>(header, 12, 92);
  put<uint64_t>(header, 24, 1);
  put<uint64_t>(header, 32, kSectors - 1);
  put<uint64_t>(header, 40, 34);
  put<uint64_t>(header, 48, kSectors - 34);
  put<uint64_t>(header, 72, 2);
  put<uint32_t>(header, 80, 128);
  put<uint32_t>(header, 84, 128);
  put<uint32_t>(header, 88, crc(table, table.size()));
  put<uint32_t>(header, 16, crc(header, 92));
  REQUIRE(ftruncate(fd.get(), kSectors * 512) == 0);
  REQUIRE(pwrite(fd.get(), mbr.data(), 512, 0) == 512);
  REQUIRE(pwrite(fd.get(), header.data(), 512, 512) == 512);
  REQUIRE(pwrite(fd.get(), table.data(), table.size(), 1024) == static_cast<ssize_t>(table.size()));
  return fd;
}

/// Its checksum, as it should be.
uint32_t sum_of_header(int fd, off_t at) {
  std::string header(92, '\0');
  REQUIRE(pread(fd, header.data(), 92, at) == 92);
  put<uint32_t>(header, 16, 0);
  return crc(header, 92);
}

}  // namespace

TEST_CASE("gpt: the second copy follows the end of the disk") {
  UniqueFd disk = make_disk();
  int fd = disk.get();
  CHECK(imagefmt::move_gpt_backup(fd) == false);
  REQUIRE(ftruncate(fd, 4 * kSectors * 512) == 0);
  REQUIRE(imagefmt::move_gpt_backup(fd) == true);
  constexpr uint64_t kLast = 4 * kSectors - 1;
  CHECK(get<uint64_t>(fd, 512 + 32) == kLast);
  CHECK(get<uint64_t>(fd, 512 + 48) == kLast - 33);
  CHECK(get<uint32_t>(fd, 512 + 16) == sum_of_header(fd, 512));
  CHECK(get<uint64_t>(fd, kLast * 512) == 0x5452415020494645);  // "EFI PART"
  CHECK(get<uint64_t>(fd, kLast * 512 + 24) == kLast);
  CHECK(get<uint64_t>(fd, kLast * 512 + 32) == 1);
  CHECK(get<uint64_t>(fd, kLast * 512 + 72) == kLast - 32);
  CHECK(get<uint32_t>(fd, kLast * 512 + 16) == sum_of_header(fd, kLast * 512));
  CHECK(get<uint32_t>(fd, (kLast - 32) * 512) == 0x65707974);  // "type"
  CHECK(get<uint32_t>(fd, 458) == 4 * kSectors - 1);
  CHECK(imagefmt::move_gpt_backup(fd) == false);
}

TEST_CASE("gpt: what is no intact table stays as it is") {
  for (off_t spoilt : {512, 512 + 16, 512 + 40, 1024 + 5}) {
    UniqueFd disk = make_disk();
    REQUIRE(ftruncate(disk.get(), 4 * kSectors * 512) == 0);
    REQUIRE(pwrite(disk.get(), "!", 1, spoilt) == 1);
    CHECK(imagefmt::move_gpt_backup(disk.get()) == false);
    CHECK(get<uint64_t>(disk.get(), (4 * kSectors - 1) * 512) == 0);
  }
  UniqueFd empty(memfd_create("disk", MFD_CLOEXEC));
  CHECK(imagefmt::move_gpt_backup(empty.get()) == false);
}
