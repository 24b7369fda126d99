// The SFTP protocol, version 3, as OpenSSH speaks it (draft-ietf-secsh-filexfer-02, PROTOCOL of OpenSSH): numbers, and reading and writing of fields.
#pragma once
#include <sys/stat.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace sys::sftp {

inline constexpr uint32_t kVersion = 3;
inline constexpr size_t kMaxPacket = 1 << 20;  ///< larger ones end the connection
inline constexpr size_t kMaxData = 256 << 10;  ///< of one read

/// The extension by which a server says how much it takes and gives in one packet.
inline constexpr std::string_view kLimits = "limits@openssh.com";

enum Type : uint8_t {
  kInit = 1, kVersionReply = 2, kOpen = 3, kClose = 4, kRead = 5, kWrite = 6, kLstat = 7, kFstat = 8, kSetstat = 9, kFsetstat = 10, kOpendir = 11,
  kReaddir = 12, kRemove = 13, kMkdir = 14, kRmdir = 15, kRealpath = 16, kStat = 17, kRename = 18, kReadlink = 19, kSymlink = 20,
  kStatus = 101, kHandle = 102, kData = 103, kName = 104, kAttributes = 105, kExtended = 200, kExtendedReply = 201,
};
enum Status : uint32_t { kOk = 0, kEof = 1, kNoSuchFile = 2, kPermissionDenied = 3, kFailure = 4, kBadMessage = 5, kUnsupported = 8 };
enum OpenFlag : uint32_t { kOpenRead = 1, kOpenWrite = 2, kOpenAppend = 4, kOpenCreate = 8, kOpenTruncate = 16, kOpenExclusive = 32 };
enum AttributeFlag : uint32_t { kHasSize = 1, kHasIds = 2, kHasMode = 4, kHasTimes = 8, kHasExtended = 0x80000000 };

struct Attributes {
  uint32_t flags = 0;
  uint64_t size = 0;
  uint32_t uid = 0, gid = 0;
  uint32_t mode = 0;  ///< with the type bits of stat(2)
  uint32_t atime = 0, mtime = 0;
  static Attributes of(const struct stat& info);
};

/// Builds one packet; take() puts its length in front.
class Writer {
 public:
  /// `expected`: bytes of the fields, so that large ones are copied once.
  explicit Writer(uint8_t type, size_t expected = 0) {
    body_.reserve(kLength + 1 + expected);
    body_.resize(kLength);
    u8(type);
  }
  Writer& u8(uint8_t value);
  Writer& u32(uint32_t value);
  Writer& u64(uint64_t value);
  Writer& text(std::string_view value);
  Writer& attributes(const Attributes& value);
  Writer& raw(std::string_view bytes);
  /// A text that `read(into, most)` fills; what it returns (the bytes read, or -1) is returned.
  template <class Read>
  ssize_t fill(size_t most, Read read) {
    size_t at = body_.size() + kLength;
    body_.resize_and_overwrite(at + most, [](char*, size_t size) { return size; });
    ssize_t got = read(body_.data() + at, most);
    size_t size = got < 0 ? 0 : static_cast<size_t>(got);
    body_.resize(at + size);
    put_length(at - kLength, size);
    return got;
  }
  /// `behind`: bytes that follow the packet's own and belong to it.
  std::string take(size_t behind = 0);

 private:
  static constexpr size_t kLength = 4;
  void put_length(size_t at, size_t size);
  std::string body_;  ///< with room for its length
};

/// Reads fields; after any that was missing, ok() is false and the values are empty.
class Reader {
 public:
  explicit Reader(std::string_view body) : left_(body) {}
  uint8_t u8();
  uint32_t u32();
  uint64_t u64();
  std::string_view text();
  Attributes attributes();
  bool ok() const { return ok_; }
  bool done() const { return left_.empty(); }

 private:
  std::string_view take(size_t count);
  std::string_view left_;
  bool ok_ = true;
};

/// The length of the next packet on a blocking descriptor; nothing at the end. Errors: internal, invalid (too large).
Result<std::optional<uint32_t>> read_length(int fd);
/// Exactly `count` bytes of a packet. Errors: internal.
Result<std::string> read_bytes(int fd, size_t count);
Result<> write_all(int fd, std::string_view bytes);

}  // namespace sys::sftp
