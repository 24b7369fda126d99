// The data types of SSH messages (RFC 4251, section 5).
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace ssh {

/// Builds a message; each call appends.
class Writer {
 public:
  Writer() = default;
  explicit Writer(uint8_t message) { byte(message); }
  Writer& byte(uint8_t value) { return raw({reinterpret_cast<const char*>(&value), 1}); }
  Writer& boolean(bool value) { return byte(value); }
  Writer& number(uint32_t value);
  Writer& text(std::string_view value);
  /// An unsigned integer given as big-endian bytes.
  Writer& integer(std::string_view big_endian);
  Writer& raw(std::string_view bytes) {
    out_ += bytes;
    return *this;
  }
  const std::string& bytes() const { return out_; }

 private:
  std::string out_;
};

/// Takes a message apart. Reading behind the end gives zeros and empty texts, and good() is false from then on.
class Reader {
 public:
  explicit Reader(std::string_view bytes) : rest_(bytes) {}
  uint8_t byte();
  bool boolean() { return byte() != 0; }
  uint32_t number();
  std::string_view text();
  std::string_view raw(size_t count);
  bool good() const { return good_; }

 private:
  std::string_view rest_;
  bool good_ = true;
};

}  // namespace ssh
