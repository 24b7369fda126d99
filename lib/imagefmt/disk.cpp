#include "imagefmt/disk.h"

#include <openssl/sha.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <array>

#include "base/strings.h"
#include "imagefmt/byte_order.h"

namespace imagefmt {
namespace {

constexpr uint64_t kEntries = 128, kEntrySize = 128, kTableSectors = kEntries * kEntrySize / kSector;
constexpr uint64_t kFirstUsable = 2 + kTableSectors;
constexpr size_t kHeaderSize = 92, kNameLetters = 36;

using Guid = std::array<char, 16>;

/// As on disk: the first three fields are little-endian.
constexpr Guid kTypes[] = {
    {'\x28', '\x73', '\x2a', '\xc1', '\x1f', '\xf8', '\xd2', '\x11', '\xba', '\x4b', '\x00', '\xa0', '\xc9', '\x3e', '\xc9', '\x3b'},
    {'\xaf', '\x3d', '\xc6', '\x0f', '\x83', '\x84', '\x72', '\x47', '\x8e', '\x79', '\x3d', '\x69', '\xd8', '\x47', '\x7d', '\xe4'},
};

/// A version 8 UUID (made of a hash) out of the seed and what it is for.
Guid guid_for(std::string_view seed, std::string_view what) {
  std::string text = std::format("{} {}", seed, what);
  unsigned char hash[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash);
  Guid guid;
  std::copy_n(hash, guid.size(), guid.begin());
  guid[7] = static_cast<char>((guid[7] & 0x0f) | 0x80);
  guid[8] = static_cast<char>((guid[8] & 0x3f) | 0x80);
  return guid;
}

uint32_t checksum(std::string_view bytes) { return static_cast<uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()))); }

/// For programs that know no GPT: one partition over all of the disk.
std::string protective_record(uint64_t sectors) {
  std::string out(446, '\0');
  out += std::string("\x00\x00\x02\x00\xee\xff\xff\xff", 8);
  put_le<uint32_t>(out, 1);
  put_le<uint32_t>(out, static_cast<uint32_t>(std::min<uint64_t>(sectors - 1, UINT32_MAX)));
  out.append(48, '\0');
  return out + "\x55\xaa";
}

struct HeaderPlace {
  uint64_t own, other, table;  ///< sectors
};

std::string header(const HeaderPlace& place, uint64_t sectors, const Guid& disk, std::string_view table) {
  auto make = [&](uint32_t own_checksum) {
    std::string out = "EFI PART";
    put_le<uint32_t>(out, 0x00010000);
    put_le<uint32_t>(out, kHeaderSize);
    put_le<uint32_t>(out, own_checksum);
    put_le<uint32_t>(out, 0);
    for (uint64_t value : {place.own, place.other, kFirstUsable, sectors - kFirstUsable}) put_le<uint64_t>(out, value);
    out.append(disk.data(), disk.size());
    put_le<uint64_t>(out, place.table);
    for (uint64_t value : {kEntries, kEntrySize, uint64_t{checksum(table)}}) put_le<uint32_t>(out, static_cast<uint32_t>(value));
    return out;
  };
  std::string out = make(checksum(make(0)));
  out.resize(kSector);
  return out;
}

std::string entry(const PartitionSpec& spec, const Placed& placed, const Guid& own) {
  std::string out(kTypes[static_cast<size_t>(spec.type)].data(), sizeof(Guid));
  out.append(own.data(), own.size());
  put_le<uint64_t>(out, placed.offset / kSector);
  put_le<uint64_t>(out, (placed.offset + placed.size) / kSector - 1);
  put_le<uint64_t>(out, 0);
  for (char letter : std::string_view(spec.name).substr(0, kNameLetters)) put_le<uint16_t>(out, static_cast<unsigned char>(letter));
  out.resize(kEntrySize);
  return out;
}

Result<std::vector<Placed>> place(uint64_t disk_size, std::span<const PartitionSpec> partitions) {
  std::vector<Placed> out;
  uint64_t next = kPartitionAlignment, end = (disk_size - kFirstUsable * kSector) / kPartitionAlignment * kPartitionAlignment;
  for (const PartitionSpec& spec : partitions) {
    uint64_t size = spec.size ? (spec.size + kPartitionAlignment - 1) / kPartitionAlignment * kPartitionAlignment : end - std::min(end, next);
    if (size == 0 || next > end || size > end - next) return fail(Code::invalid, "Partition {} does not fit on a disk of {} bytes", quote(spec.name), disk_size);
    out.push_back({next, size});
    next += size;
  }
  return out;
}

}  // namespace

std::string derived_uuid(std::string_view seed, std::string_view purpose) {
  std::string out;
  for (size_t i = 0; char byte : guid_for(seed, purpose)) {
    if (i == 4 || i == 6 || i == 8 || i == 10) out += '-';
    out += std::format("{:02x}", static_cast<unsigned char>(byte));
    ++i;
  }
  // The version is where a table of partitions, which has the first three fields the other way round, does not look for it.
  out[14] = '8';
  return out;
}

Result<> write_at(int file, uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    ssize_t done = pwrite(file, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (done < 0 && errno == EINTR) continue;
    if (done < 0) return fail_errno("Failed writing to the disk image");
    offset += static_cast<uint64_t>(done);
    bytes.remove_prefix(static_cast<size_t>(done));
  }
  return {};
}

Result<std::vector<Placed>> write_gpt(int file, uint64_t disk_size, std::span<const PartitionSpec> partitions, std::string_view seed) {
  if (disk_size % kSector || disk_size < 2 * kPartitionAlignment || partitions.size() > kEntries)
    return fail(Code::invalid, "A disk of {} bytes cannot hold a partition table: it must be a multiple of 512 and at least 2 MiB", disk_size);
  std::vector<Placed> placed = TRY(place(disk_size, partitions));
  uint64_t sectors = disk_size / kSector, last = sectors - 1;
  std::string table;
  for (size_t i = 0; i < placed.size(); ++i) table += entry(partitions[i], placed[i], guid_for(seed, std::to_string(i)));
  table.resize(kEntries * kEntrySize);
  Guid disk = guid_for(seed, "disk");
  if (ftruncate(file, static_cast<off_t>(disk_size)) != 0) return fail_errno("Failed making the disk image larger");
  TRY(write_at(file, 0, protective_record(sectors) + header({1, last, 2}, sectors, disk, table) + table));
  TRY(write_at(file, (last - kTableSectors) * kSector, table + header({last, 1, last - kTableSectors}, sectors, disk, table)));
  return placed;
}

}  // namespace imagefmt
