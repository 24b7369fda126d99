// Partition tables and FAT32 file systems, read back by what the specifications say.
#include <fcntl.h>
#include <sys/mman.h>
#include <zlib.h>

#include <catch2/catch_test_macros.hpp>
#include <cstring>

#include "base/unique_fd.h"
#include "imagefmt/fat.h"

using namespace imagefmt;

namespace {

constexpr uint64_t kMiB = 1 << 20;

UniqueFd memory_file() { return UniqueFd(memfd_create("disk", MFD_CLOEXEC)); }

std::string bytes_at(int file, uint64_t offset, size_t size) {
  std::string out(size, '\0');
  REQUIRE(pread(file, out.data(), size, static_cast<off_t>(offset)) == static_cast<ssize_t>(size));
  return out;
}

template <class Number>
Number number_at(int file, uint64_t offset) {
  Number out;
  std::memcpy(&out, bytes_at(file, offset, sizeof out).data(), sizeof out);
  return out;
}

uint32_t crc(const std::string& bytes) { return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()))); }

/// The content of a file named by 8.3 names in upper case ("EFI     ", …), found from the root folder.
std::string fat_content(int file, uint64_t base, const std::vector<std::string>& names) {
  uint64_t fat = base + number_at<uint16_t>(file, base + 14) * kSector, spc = static_cast<unsigned char>(bytes_at(file, base + 13, 1)[0]);
  uint64_t data = fat + 2ull * number_at<uint32_t>(file, base + 36) * kSector;
  auto chain = [&](uint32_t cluster) {
    std::string out;
    for (; cluster >= 2 && cluster < 0x0ffffff8; cluster = number_at<uint32_t>(file, fat + 4ull * cluster)) out += bytes_at(file, data + (cluster - 2) * spc * kSector, spc * kSector);
    return out;
  };
  std::string at = chain(number_at<uint32_t>(file, base + 44));
  for (const std::string& name : names) {
    size_t entry = 0;
    while (entry < at.size() && at.compare(entry, 11, name) != 0) entry += 32;
    REQUIRE(entry < at.size());
    uint16_t high, low;
    uint32_t size;
    std::memcpy(&high, &at[entry + 20], 2);
    std::memcpy(&low, &at[entry + 26], 2);
    std::memcpy(&size, &at[entry + 28], 4);
    bool folder = at[entry + 11] & 0x10;
    at = chain(static_cast<uint32_t>(high) << 16 | low);
    if (!folder) at.resize(size);
  }
  return at;
}

}  // namespace

TEST_CASE("partition tables are whole, twice, and the same for the same seed") {
  const PartitionSpec wanted[] = {{PartitionType::efi_system, "esp", 40 * kMiB}, {PartitionType::linux_root, "root", 0}};
  UniqueFd disk = memory_file(), again = memory_file();
  auto placed = write_gpt(disk.get(), 64 * kMiB, wanted, "seed");
  REQUIRE(placed);
  CHECK((*placed)[0].offset == kMiB);
  CHECK((*placed)[1].offset == 41 * kMiB);
  CHECK((*placed)[1].size == 22 * kMiB);
  CHECK(bytes_at(disk.get(), 510, 2) == "\x55\xaa");
  for (uint64_t header : {uint64_t{1}, 64 * kMiB / kSector - 1}) {
    std::string bytes = bytes_at(disk.get(), header * kSector, 92);
    CHECK(bytes.starts_with("EFI PART"));
    CHECK(number_at<uint64_t>(disk.get(), header * kSector + 24) == header);
    uint32_t stored = number_at<uint32_t>(disk.get(), header * kSector + 16);
    std::fill_n(bytes.begin() + 16, 4, '\0');
    CHECK(crc(bytes) == stored);
    uint64_t table = number_at<uint64_t>(disk.get(), header * kSector + 72);
    CHECK(crc(bytes_at(disk.get(), table * kSector, 128 * 128)) == number_at<uint32_t>(disk.get(), header * kSector + 88));
    CHECK(number_at<uint64_t>(disk.get(), table * kSector + 32) == 2048);
  }
  REQUIRE(write_gpt(again.get(), 64 * kMiB, wanted, "seed"));
  CHECK(bytes_at(disk.get(), 0, 34 * kSector) == bytes_at(again.get(), 0, 34 * kSector));
  REQUIRE(write_gpt(again.get(), 64 * kMiB, wanted, "other"));
  CHECK(bytes_at(disk.get(), 0, 34 * kSector) != bytes_at(again.get(), 0, 34 * kSector));
  const PartitionSpec large[] = {{PartitionType::linux_root, "root", 64 * kMiB}};
  CHECK_FALSE(write_gpt(again.get(), 64 * kMiB, large, "seed"));
  CHECK_FALSE(write_gpt(again.get(), 64 * kMiB + 1, wanted, "seed"));
}

TEST_CASE("a FAT32 file system gives its files back") {
  UniqueFd disk = memory_file();
  REQUIRE(ftruncate(disk.get(), 65 * kMiB) == 0);
  Placed place{kMiB, 64 * kMiB};
  std::string large(100'000, 'x');
  large[99'999] = 'y';
  std::vector<FatFile> files = {{"EFI/BOOT/BOOTX64.EFI", "", large}, {"EMPTY", "", ""}, {"EFI/a long name.conf", "", "words"}};
  CHECK_FALSE(write_fat32(disk.get(), place, files, {}));  // a space
  files[2].path = "EFI/a-long-name.conf";
  REQUIRE(write_fat32(disk.get(), place, files, {}));
  CHECK(fat_content(disk.get(), kMiB, {"EFI        ", "BOOT       ", "BOOTX64 EFI"}) == large);
  CHECK(fat_content(disk.get(), kMiB, {"EFI        ", "LONG~001   "}) == "words");
  CHECK(fat_content(disk.get(), kMiB, {"EMPTY      "}).empty());
  CHECK_FALSE(write_fat32(disk.get(), {kMiB, 16 * kMiB}, files, {}));  // FAT16's size
  CHECK_FALSE(write_fat32(disk.get(), place, {{"../EFI", "", ""}}, {}));
  CHECK_FALSE(write_fat32(disk.get(), place, {{"LINUX", "", std::string(70 * kMiB, 'x')}}, {}));
}
