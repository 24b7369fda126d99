#include "instance/qemu/guid_bytes.h"

#include <format>

#include "base/encode.h"
#include "base/strings.h"

namespace instance {

uint64_t little_endian(std::string_view bytes, size_t at, size_t size) {
  uint64_t out = 0;
  for (size_t i = 0; i < size; i++) out |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  return out;
}

void append_little_endian(std::string& out, uint64_t value, size_t size) {
  for (size_t i = 0; i < size; i++) out += static_cast<char>(value >> (8 * i));
}

std::string guid_text(std::string_view bytes) {
  std::string tail = hex_encode(bytes.substr(8, 8));
  return std::format("{:08x}-{:04x}-{:04x}-{}-{}", little_endian(bytes, 0, 4), little_endian(bytes, 4, 2), little_endian(bytes, 6, 2), tail.substr(0, 4), tail.substr(4));
}

Result<std::string> guid_bytes(const std::string& text) {
  if (!is_uuid(text)) return fail(Code::invalid, "Invalid GUID {}", quote(text));
  std::string plain = hex_decode(replace_all(text, "-", "")).value_or("");
  std::string out;
  for (auto [at, size] : {std::pair{0, 4}, {4, 2}, {6, 2}}) out += std::string(plain.rend() - at - size, plain.rend() - at);
  return out + plain.substr(8);
}

}  // namespace instance
