#include "imagefmt/gpt.h"

#include <endian.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "imagefmt/disk.h"

namespace imagefmt {

namespace {

constexpr int64_t kMaxEntries = 1 << 20;  // bytes of the table; usual are 16 KiB

struct Header {
  char signature[8];
  uint32_t revision, size, crc, reserved;
  uint64_t own, other, first_usable, last_usable;
  char disk[16];
  uint64_t entries;  ///< sector of the table
  uint32_t entry_count, entry_size, entries_crc;
};
constexpr size_t kHeader = 92;  // bytes on disk: without the padding at the end
static_assert(offsetof(Header, entries_crc) + 4 == kHeader);

uint32_t crc_of(const char* data, size_t size) { return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(data), static_cast<uInt>(size))); }

Result<> read_at(int fd, char* data, size_t size, uint64_t offset) {
  ssize_t got = pread(fd, data, size, static_cast<off_t>(offset));
  if (got < 0) return fail_errno("Cannot read the partition table");
  return got == static_cast<ssize_t>(size) ? Result<>() : fail(Code::internal, "The disk ends in its partition table");
}

/// The sector of a header, its checksum made anew.
Result<> write_header(int fd, std::string sector, const Header& header) {
  Header fresh = header;
  fresh.crc = 0;
  memcpy(sector.data(), &fresh, kHeader);
  fresh.crc = htole32(crc_of(sector.data(), le32toh(header.size)));
  memcpy(sector.data(), &fresh, kHeader);
  return write_at(fd, le64toh(header.own) * kSector, sector);
}

bool intact(std::string sector, const Header& header) {
  uint32_t size = le32toh(header.size);
  if (memcmp(header.signature, "EFI PART", 8) != 0 || size < kHeader || size > kSector || le64toh(header.own) != 1) return false;
  memset(sector.data() + offsetof(Header, crc), 0, sizeof header.crc);
  return crc_of(sector.data(), size) == le32toh(header.crc);
}

/// The entry of type 0xee in sector 0, for systems that know no GPT.
Result<> widen_protective_entry(int fd, uint64_t sectors) {
  constexpr size_t kFirst = 446, kType = 4, kStart = 8, kCount = 12;
  char mbr[kSector];
  TRY(read_at(fd, mbr, sizeof mbr, 0));
  uint32_t start, count = htole32(static_cast<uint32_t>(std::min<uint64_t>(sectors - 1, UINT32_MAX)));
  memcpy(&start, mbr + kFirst + kStart, sizeof start);
  if (memcmp(mbr + 510, "\x55\xaa", 2) != 0 || static_cast<unsigned char>(mbr[kFirst + kType]) != 0xee || le32toh(start) != 1) return {};
  memcpy(mbr + kFirst + kCount, &count, sizeof count);
  return write_at(fd, 0, {mbr, sizeof mbr});
}

}  // namespace

Result<bool> move_gpt_backup(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0) return fail_errno("Cannot look at the disk");
  int64_t sectors = info.st_size / static_cast<off_t>(kSector);
  if (sectors < 68) return false;
  std::string sector(kSector, '\0');
  TRY(read_at(fd, sector.data(), sector.size(), kSector));
  Header header{};
  memcpy(&header, sector.data(), kHeader);
  if (!intact(sector, header)) return false;
  constexpr int64_t kSize = kSector;
  int64_t bytes = int64_t{le32toh(header.entry_count)} * le32toh(header.entry_size), table = (bytes + kSize - 1) / kSize;
  uint64_t last = static_cast<uint64_t>(sectors) - 1, usable = last - static_cast<uint64_t>(table) - 1, at = le64toh(header.entries);
  if (bytes <= 0 || bytes > kMaxEntries || table + 2 > sectors || at < 2 || at > static_cast<uint64_t>(sectors - table)) return false;
  if (le64toh(header.other) == last || usable < le64toh(header.last_usable)) return false;
  std::string entries(static_cast<size_t>(table * kSize), '\0');
  TRY(read_at(fd, entries.data(), entries.size(), at * kSector));
  if (crc_of(entries.data(), static_cast<size_t>(bytes)) != le32toh(header.entries_crc)) return false;

  header.last_usable = htole64(usable);
  header.other = htole64(last);
  Header backup = header;
  std::swap(backup.own, backup.other);
  backup.entries = htole64(usable + 1);
  // The new copy is whole before the first one leads to it.
  TRY(write_at(fd, (usable + 1) * kSector, entries));
  TRY(write_header(fd, sector, backup));
  TRY(write_header(fd, sector, header));
  TRY(widen_protective_entry(fd, static_cast<uint64_t>(sectors)));
  return true;
}

}  // namespace imagefmt
