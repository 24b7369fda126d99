#include "sys/sftp_wire.h"

#include <unistd.h>

#include <cerrno>

#include "base/write_all.h"

namespace sys::sftp {

Attributes Attributes::of(const struct stat& info) {
  return {kHasSize | kHasIds | kHasMode | kHasTimes, static_cast<uint64_t>(info.st_size), info.st_uid, info.st_gid, info.st_mode,
          static_cast<uint32_t>(info.st_atime), static_cast<uint32_t>(info.st_mtime)};
}

Writer& Writer::u8(uint8_t value) {
  body_.push_back(static_cast<char>(value));
  return *this;
}

Writer& Writer::u32(uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) body_.push_back(static_cast<char>(value >> shift));
  return *this;
}

Writer& Writer::u64(uint64_t value) { return u32(static_cast<uint32_t>(value >> 32)).u32(static_cast<uint32_t>(value)); }
Writer& Writer::text(std::string_view value) { return u32(static_cast<uint32_t>(value.size())).raw(value); }

Writer& Writer::raw(std::string_view bytes) {
  body_.append(bytes);
  return *this;
}

Writer& Writer::attributes(const Attributes& value) {
  u32(value.flags & ~kHasExtended);
  if (value.flags & kHasSize) u64(value.size);
  if (value.flags & kHasIds) u32(value.uid).u32(value.gid);
  if (value.flags & kHasMode) u32(value.mode);
  if (value.flags & kHasTimes) u32(value.atime).u32(value.mtime);
  return *this;
}

void Writer::put_length(size_t at, size_t size) {
  for (size_t byte = 0; byte < kLength; ++byte) body_[at + byte] = static_cast<char>(size >> (8 * (kLength - 1 - byte)));
}

std::string Writer::take(size_t behind) {
  put_length(0, body_.size() - kLength + behind);
  return std::move(body_);
}

std::string_view Reader::take(size_t count) {
  if (count > left_.size()) {
    ok_ = false;
    left_ = {};
    return {};
  }
  std::string_view value = left_.substr(0, count);
  left_.remove_prefix(count);
  return value;
}

uint8_t Reader::u8() {
  std::string_view bytes = take(1);
  return bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
}

uint32_t Reader::u32() {
  uint32_t value = 0;
  for (char byte : take(4)) value = value << 8 | static_cast<uint8_t>(byte);
  return value;
}

uint64_t Reader::u64() {
  uint64_t high = u32();
  return high << 32 | u32();
}

std::string_view Reader::text() { return take(u32()); }

Attributes Reader::attributes() {
  Attributes value;
  value.flags = u32();
  if (value.flags & kHasSize) value.size = u64();
  if (value.flags & kHasIds) {
    value.uid = u32();
    value.gid = u32();
  }
  if (value.flags & kHasMode) value.mode = u32();
  if (value.flags & kHasTimes) {
    value.atime = u32();
    value.mtime = u32();
  }
  if (value.flags & kHasExtended) {
    for (uint32_t count = u32(); count > 0 && ok_; --count) {
      text();
      text();
    }
  }
  return value;
}

namespace {

/// False at the end of the stream before the first byte.
Result<bool> read_exactly(int fd, char* into, size_t count) {
  size_t done = 0;
  while (done < count) {
    ssize_t got = read(fd, into + done, count - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail_errno("Failed reading an SFTP packet");
    if (got == 0) {
      if (done == 0) return false;
      return fail(Code::internal, "The SFTP connection ended inside a packet");
    }
    done += static_cast<size_t>(got);
  }
  return true;
}

}  // namespace

Result<std::optional<uint32_t>> read_length(int fd) {
  char head[4];
  if (!TRY(read_exactly(fd, head, sizeof head))) return std::nullopt;
  uint32_t size = Reader(std::string_view(head, sizeof head)).u32();
  if (size == 0 || size > kMaxPacket) return fail(Code::invalid, "Invalid SFTP packet of {} bytes", size);
  return size;
}

Result<std::string> read_bytes(int fd, size_t count) {
  std::string bytes;
  bytes.resize_and_overwrite(count, [](char*, size_t all) { return all; });
  if (count > 0 && !TRY(read_exactly(fd, bytes.data(), count))) return fail(Code::internal, "The SFTP connection ended inside a packet");
  return bytes;
}

Result<> write_all(int fd, std::string_view bytes) {
  return ::write_all(fd, bytes) ? Result<>() : fail_errno("Failed writing an SFTP packet");
}

}  // namespace sys::sftp
