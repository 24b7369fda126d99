#include "network/zone/tsig.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "base/encode.h"
#include "base/strings.h"

namespace network::zone {
namespace {

constexpr int kTypeTsig = 250, kClassAny = 255;
constexpr size_t kHeader = 12;
constexpr int kMaxRecords = 1000;

/// Reads a message from front to back; after something missing, ok() is false and values are zero.
class Cursor {
 public:
  Cursor(const std::string& text, size_t at) : text_(text), at_(at) {}
  bool ok() const { return ok_; }
  size_t at() const { return at_; }
  uint64_t number(size_t bytes) {
    uint64_t value = 0;
    for (unsigned char c : take(bytes)) value = value << 8 | c;
    return value;
  }
  std::string take(size_t count) {
    if (!ok_ || text_.size() - at_ < count) return ok_ = false, std::string();
    at_ += count;
    return text_.substr(at_ - count, count);
  }
  /// Labels joined by dots, lower case; a compressed rest is skipped (names in signatures have none).
  std::string name() {
    std::string labels;
    for (;;) {
      size_t length = number(1);
      if (!ok_ || length == 0) return labels;
      if (length >= 0xc0) return number(1), labels;
      if (length > 63) return ok_ = false, labels;
      labels += (labels.empty() ? "" : ".") + to_lower(take(length));
    }
  }

 private:
  const std::string& text_;
  size_t at_;
  bool ok_ = true;
};

std::string big_endian(uint64_t value, size_t bytes) {
  std::string out;
  for (size_t i = bytes; i-- > 0;) out += static_cast<char>(value >> (8 * i));
  return out;
}

std::string wire_name(const std::string& name) {
  std::string out;
  for (const std::string& label : split(name, '.'))
    if (!label.empty() && label.size() < 64) out += static_cast<char>(label.size()) + label;
  return out + '\0';
}

const EVP_MD* digest_of(const std::string& algorithm) {
  struct Row {
    std::string_view name;
    const EVP_MD* (*digest)();
  };
  static constexpr Row kRows[] = {{"hmac-sha224", EVP_sha224}, {"hmac-sha256", EVP_sha256}, {"hmac-sha384", EVP_sha384}, {"hmac-sha512", EVP_sha512}};
  auto found = std::ranges::find(kRows, algorithm, &Row::name);
  return found == std::end(kRows) ? nullptr : found->digest();
}

std::string hmac(const std::string& algorithm, const std::string& key, const std::string& text) {
  auto secret = base64_decode(key);
  const EVP_MD* digest = digest_of(algorithm);
  if (!secret || secret->empty() || !digest) return "";
  unsigned char out[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  HMAC(digest, secret->data(), static_cast<int>(secret->size()), reinterpret_cast<const unsigned char*>(text.data()), text.size(), out, &length);
  return {reinterpret_cast<char*>(out), length};
}

/// What is signed beside the message itself (RFC 8945, 4.3.3).
std::string variables(const Tsig& tsig) {
  return wire_name(tsig.name) + big_endian(kClassAny, 2) + big_endian(0, 4) + wire_name(tsig.algorithm) + big_endian(tsig.time, 6) +
         big_endian(static_cast<uint64_t>(tsig.fudge), 2) + big_endian(0, 2) + big_endian(0, 2);
}

/// The message as it was before it was signed.
std::string unsigned_message(const std::string& packet, const Tsig& tsig) {
  std::string message = packet.substr(0, tsig.start);
  auto records = static_cast<uint64_t>(static_cast<unsigned char>(message[10]) << 8 | static_cast<unsigned char>(message[11]));
  return big_endian(static_cast<uint64_t>(tsig.original_id), 2) + message.substr(2, 8) + big_endian(records - 1, 2) + message.substr(kHeader);
}

}  // namespace

std::optional<Tsig> find_tsig(const std::string& packet) {
  if (packet.size() < kHeader) return std::nullopt;
  Cursor cursor(packet, 4);
  uint64_t questions = cursor.number(2), records = 0;
  for (int section = 0; section < 3; section++) {
    uint64_t count = cursor.number(2);
    if (section == 2 && count == 0) return std::nullopt;
    records += count;
  }
  if (questions + records > kMaxRecords) return std::nullopt;
  for (; questions > 0; questions--) cursor.name(), cursor.number(4);
  for (; cursor.ok() && records > 1; records--) cursor.name(), cursor.number(8), cursor.take(cursor.number(2));
  Tsig tsig{.start = cursor.at()};
  tsig.name = cursor.name();
  if (cursor.number(2) != kTypeTsig) return std::nullopt;
  cursor.number(6), cursor.number(2);  // class and time to live, length
  tsig.algorithm = cursor.name();
  tsig.time = cursor.number(6);
  tsig.fudge = static_cast<int>(cursor.number(2));
  tsig.mac = cursor.take(cursor.number(2));
  tsig.original_id = static_cast<int>(cursor.number(2));
  return cursor.ok() ? std::optional(tsig) : std::nullopt;
}

bool verify_tsig(const std::string& packet, const Tsig& tsig, const std::string& key, uint64_t now) {
  std::string mac = hmac(tsig.algorithm, key, unsigned_message(packet, tsig) + variables(tsig));
  if (mac.empty() || mac.size() != tsig.mac.size() || CRYPTO_memcmp(mac.data(), tsig.mac.data(), mac.size()) != 0) return false;
  uint64_t distance = now > tsig.time ? now - tsig.time : tsig.time - now;
  return distance <= static_cast<uint64_t>(tsig.fudge);
}

std::string sign_tsig(const std::string& message, const Tsig& parameters, const std::string& key, uint64_t now, const Tsig* request) {
  Tsig tsig{.name = parameters.name, .algorithm = parameters.algorithm, .time = now, .fudge = 300};
  std::string before = request ? big_endian(request->mac.size(), 2) + request->mac : "";
  tsig.mac = hmac(tsig.algorithm, key, before + message + variables(tsig));
  std::string data = wire_name(tsig.algorithm) + big_endian(now, 6) + big_endian(300, 2) + big_endian(tsig.mac.size(), 2) + tsig.mac + message.substr(0, 2) +
                     big_endian(0, 2) + big_endian(0, 2);
  std::string record = wire_name(tsig.name) + big_endian(kTypeTsig, 2) + big_endian(kClassAny, 2) + big_endian(0, 4) + big_endian(data.size(), 2) + data;
  auto records = static_cast<uint64_t>(static_cast<unsigned char>(message[10]) << 8 | static_cast<unsigned char>(message[11]));
  return message.substr(0, 10) + big_endian(records + 1, 2) + message.substr(kHeader) + record;
}

}  // namespace network::zone
