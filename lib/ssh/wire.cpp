#include "ssh/wire.h"

namespace ssh {

Writer& Writer::number(uint32_t value) {
  for (int shift = 24; shift >= 0; shift -= 8) out_ += static_cast<char>(value >> shift);
  return *this;
}

Writer& Writer::text(std::string_view value) {
  number(static_cast<uint32_t>(value.size()));
  return raw(value);
}

Writer& Writer::integer(std::string_view big_endian) {
  size_t zeros = big_endian.find_first_not_of('\0');
  big_endian.remove_prefix(zeros == big_endian.npos ? big_endian.size() : zeros);
  bool looks_negative = !big_endian.empty() && (big_endian[0] & 0x80);
  number(static_cast<uint32_t>(big_endian.size() + looks_negative));
  if (looks_negative) byte(0);
  return raw(big_endian);
}

std::string_view Reader::raw(size_t count) {
  if (count > rest_.size()) {
    good_ = false;
    rest_ = {};
    return {};
  }
  std::string_view bytes = rest_.substr(0, count);
  rest_.remove_prefix(count);
  return bytes;
}

uint8_t Reader::byte() {
  std::string_view bytes = raw(1);
  return bytes.empty() ? 0 : static_cast<uint8_t>(bytes[0]);
}

uint32_t Reader::number() {
  uint32_t value = 0;
  for (char c : raw(4)) value = value << 8 | static_cast<uint8_t>(c);
  return value;
}

std::string_view Reader::text() {
  uint32_t size = number();
  return raw(size);
}

}  // namespace ssh
