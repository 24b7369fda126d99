#include "imagefmt/qcow2.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <string>

namespace imagefmt {

namespace {

constexpr std::string_view kMagic = "QFI\xfb";

// Offsets of header fields; all numbers are big-endian.
constexpr size_t kBackingOffset = 8, kBackingSize = 16, kClusterBits = 20, kSize = 24, kCrypt = 32, kL1Entries = 36, kL1Offset = 40, kSnapshots = 60;
constexpr size_t kIncompatible = 72, kRefcountOrder = 96, kHeaderLength = 100;
constexpr size_t kVersion2Header = 72, kVersion3Header = 104;

// Features a reader has to understand: bits of kIncompatible.
constexpr uint64_t kDirty = 1, kCorrupt = 2, kExternalData = 4, kCompressionType = 8, kExtendedL2 = 16;

// Types of header extensions.
constexpr uint32_t kEnd = 0, kExternalDataName = 0x44415441;

constexpr int64_t kMaxL1Bytes = 32 << 20;  // QEMU refuses more, too
constexpr uint32_t kMaxSnapshots = 65536;

/// Numbers of the file's beginning. What lies behind the end reads as 0.
class Head {
 public:
  explicit Head(std::span<const char> bytes) : bytes_(bytes) {}
  size_t size() const { return bytes_.size(); }
  uint32_t u32(size_t at) const { return static_cast<uint32_t>(number(at, 4)); }
  uint64_t u64(size_t at) const { return number(at, 8); }

 private:
  uint64_t number(size_t at, size_t width) const {
    uint64_t value = 0;
    for (size_t i = 0; i < width; ++i) value = value << 8 | (at + i < bytes_.size() ? static_cast<unsigned char>(bytes_[at + i]) : 0);
    return value;
  }
  std::span<const char> bytes_;
};

Failure damaged(const char* what) { return fail(Code::invalid, "The qcow2 disk is damaged: {}", what); }

Result<> check_features(const Head& head) {
  uint64_t features = head.u64(kIncompatible);
  if (features & kExternalData) return fail(Code::invalid, "The qcow2 disk keeps its data in another file: only disks that are whole by themselves are taken");
  if (features & kCorrupt) return damaged("it says so itself");
  uint64_t unknown = features & ~(kDirty | kCorrupt | kExternalData | kCompressionType | kExtendedL2);
  if (unknown) return fail(Code::invalid, "The qcow2 disk has features that are not known here: {:#x}", unknown);
  if (head.u32(kRefcountOrder) > 6) return damaged("its reference counts are too wide");
  return {};
}

/// The list of extensions behind the header: none may name another file.
Result<> check_extensions(const Head& head, size_t at, int64_t end) {
  for (int count = 0; count < 256 && static_cast<int64_t>(at) + 8 <= end && at + 8 <= head.size(); ++count) {
    uint32_t type = head.u32(at), length = head.u32(at + 4);
    if (type == kEnd) return {};
    if (type == kExternalDataName) return fail(Code::invalid, "The qcow2 disk names another file: only disks that are whole by themselves are taken");
    if (length > end) return damaged("a header extension is longer than the header");
    at += 8 + (size_t{length} + 7) / 8 * 8;
  }
  return {};
}

/// Does the first table reach the whole disk, and lie in the file?
Result<> check_table(const Head& head, const Qcow2& disk, int64_t file_size) {
  int64_t entry = head.u64(kIncompatible) & kExtendedL2 && disk.version == 3 ? 16 : 8;
  int64_t reach = disk.cluster_size / entry * disk.cluster_size;  // of one entry of the first table
  int64_t entries = head.u32(kL1Entries), bytes = entries * 8;
  uint64_t offset = head.u64(kL1Offset);
  if (bytes > kMaxL1Bytes) return damaged("its first table is too long");
  if (entries < (disk.virtual_size + reach - 1) / reach) return damaged("its first table is too short");
  if (offset % static_cast<uint64_t>(disk.cluster_size) != 0 || offset > static_cast<uint64_t>(file_size)) return damaged("its first table lies outside");
  if (static_cast<int64_t>(offset) + bytes > file_size) return damaged("its first table is cut off");
  return {};
}

}  // namespace

bool is_qcow2(std::span<const char> head) { return std::string_view(head.data(), head.size()).starts_with(kMagic); }

Result<Qcow2> check_qcow2(std::span<const char> bytes, int64_t file_size) {
  Head head(bytes);
  if (!is_qcow2(bytes)) return fail(Code::invalid, "The disk is not in qcow2 format");
  Qcow2 disk;
  disk.version = static_cast<int>(head.u32(4));
  if (disk.version != 2 && disk.version != 3) return fail(Code::invalid, "The qcow2 disk is of version {}: 2 and 3 are known", head.u32(4));
  size_t header = disk.version == 3 ? head.u32(kHeaderLength) : kVersion2Header;
  if (head.size() < kVersion2Header || (disk.version == 3 && (header < kVersion3Header || header % 8 != 0))) return damaged("its header is too short");
  uint32_t bits = head.u32(kClusterBits);
  if (bits < 9 || bits > 21) return damaged("its clusters have an impossible size");
  disk.cluster_size = int64_t{1} << bits;
  if (header > static_cast<size_t>(disk.cluster_size) || head.size() < header) return damaged("its header is too long");
  if (head.u64(kBackingOffset) != 0 || head.u32(kBackingSize) != 0) return fail(Code::invalid, "The qcow2 disk has a backing file: only disks that are whole by themselves are taken");
  if (head.u32(kCrypt) != 0) return fail(Code::invalid, "The qcow2 disk is encrypted");
  uint64_t size = head.u64(kSize);
  if (size == 0) return damaged("it has no size");
  if (size > static_cast<uint64_t>(kMaxDisk)) return fail(Code::invalid, "The qcow2 disk has {} bytes: at most {} are possible", size, kMaxDisk);
  disk.virtual_size = static_cast<int64_t>(size);
  if (head.u32(kSnapshots) > kMaxSnapshots) return damaged("it has too many snapshots");
  if (disk.version == 3) TRY(check_features(head));
  TRY(check_extensions(head, header, disk.cluster_size));
  TRY(check_table(head, disk, file_size));
  return disk;
}

Result<Qcow2> check_qcow2(int fd) {
  struct stat info;
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) return fail(Code::invalid, "The disk is no regular file");
  std::string head(kQcow2Head, '\0');
  ssize_t got = pread(fd, head.data(), head.size(), 0);
  if (got < 0) return fail_errno("Cannot read the disk");
  return check_qcow2({head.data(), static_cast<size_t>(got)}, info.st_size);
}

}  // namespace imagefmt
