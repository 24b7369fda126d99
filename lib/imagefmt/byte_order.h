// Numbers as disks have them, least or most significant byte first.
#pragma once
#include <cstdint>
#include <string>

namespace imagefmt {

inline void put_le(std::string& out, uint64_t value, size_t bytes) {
  for (size_t i = 0; i < bytes; ++i) out += static_cast<char>(value >> (8 * i));
}

template <class Number>
void put_le(std::string& out, Number value) {
  put_le(out, static_cast<uint64_t>(value), sizeof value);
}

inline void put_be(std::string& out, uint64_t value, size_t bytes) {
  while (bytes-- > 0) out += static_cast<char>(value >> (8 * bytes));
}

}  // namespace imagefmt
